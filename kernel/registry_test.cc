#include "kernel/registry.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/frame.h"

namespace jackfield {
namespace {

// A medium of small frames that loses some: what calls need, shims must add.
class Small final : public Transport {
 public:
  explicit Small(bool reliable) : reliable_(reliable) {}
  std::string_view scheme() const override { return reliable_ ? "small" : "lossy"; }
  absl::StatusOr<Caps> Describe(const Address& address, Role) const override {
    if (absl::Status status = address.CheckKeys({}); !status.ok()) return status;
    Caps caps;
    caps.send = caps.receive = caps.reply = true;
    caps.ordered = caps.reliable = reliable_;
    caps.frame_bytes_max = 4000;
    return caps;
  }
  absl::StatusOr<std::unique_ptr<Opening>> Open(const Address&, Role, Loop&,
                                                LinkSink&) const override {
    return absl::UnimplementedError("never opened");
  }

 private:
  const bool reliable_;
};

class Mender final : public Shim {
 public:
  Mender(std::string_view name, bool mends, uint32_t frame_bytes_max, bool reliable)
      : name_(name), mends_(mends), frame_bytes_max_(frame_bytes_max), reliable_(reliable) {}
  std::string_view name() const override { return name_; }
  bool mends() const override { return mends_; }
  std::span<const std::string_view> keys() const override { return {}; }
  absl::StatusOr<Caps> Describe(const Address&, const Caps& inner) const override {
    Caps caps = inner;
    if (frame_bytes_max_ != 0 && inner.reliable) caps.frame_bytes_max = frame_bytes_max_;
    caps.ordered |= reliable_;
    caps.reliable |= reliable_;
    return caps;
  }
  absl::StatusOr<std::unique_ptr<LinkDriver>> Wrap(const Address&, Role, Loop&,
                                                   std::unique_ptr<LinkDriver>,
                                                   const LinkTraits&) const override {
    return absl::UnimplementedError("never opened");
  }

 private:
  const std::string_view name_;
  const bool mends_;
  const uint32_t frame_bytes_max_;
  const bool reliable_;
};

class StackTest : public testing::Test {
 protected:
  StackTest() {
    registry_.Add(std::make_unique<Small>(true));
    registry_.Add(std::make_unique<Small>(false));
    registry_.Add(std::make_unique<Mender>("perfect", false, 16 << 20, true));
    registry_.Add(std::make_unique<Mender>("again", true, 0, true));
    registry_.Add(std::make_unique<Mender>("parts", true, 16 << 20, false));
  }
  std::string Stacked(std::string_view text, uint32_t message_bytes = kMessageBytesDefault) {
    const absl::StatusOr<Registry::Stacked> stacked =
        registry_.Stack(registry_.Parse(text).value(), Role::kServe, CallNeeds(), message_bytes);
    return stacked.ok() ? stacked->address.ToString() : std::string(stacked.status().message());
  }
  Registry registry_;
};

TEST_F(StackTest, WhatTheMediumCanDoItselfIsNotStacked) {
  EXPECT_EQ(Stacked("small:", 500), "small:");
}

TEST_F(StackTest, AsFewShimsAsPossibleStandInFrontOfAMediumThatLacksSomething) {
  EXPECT_EQ(Stacked("small:"), "parts+small:");
  EXPECT_EQ(Stacked("lossy:", 500), "again+lossy:");
  EXPECT_EQ(Stacked("lossy:"), "parts+again+lossy:");
}

TEST_F(StackTest, AShimThatIsThereIsNotStackedTwice) {
  EXPECT_EQ(Stacked("parts+small:"), "parts+small:");
  EXPECT_EQ(Stacked("again+lossy:"), "parts+again+lossy:");
}

TEST_F(StackTest, RawForbidsItAndANeedThatIsThenNotMetIsNamed) {
  EXPECT_EQ(Stacked("small:?raw"), "small:");
  EXPECT_NE(Stacked("lossy:?raw").find("ordered and reliable, and ?raw forbids"), std::string::npos)
      << Stacked("lossy:?raw");
}

TEST_F(StackTest, AnAliasMayStandBehindShims) {
  registry_.AddAlias("tiny", "small", "@");
  const absl::StatusOr<Address> address = registry_.Parse("perfect+parts+tiny:x?raw");
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->ToString(), "perfect+parts+small:@x?raw");
}

TEST_F(StackTest, WhatIsUnknownIsToldWithThoseThatStandInItsPlace) {
  registry_.AddAlias("tiny", "small", "@");
  const auto said = [this](std::string_view text) {
    return std::string(registry_.Parse(text).status().message());
  };
  EXPECT_EQ(said("carrier-pigeon:x"),
            "\"carrier-pigeon:\" is not a transport; there are small and lossy; tiny: is small:@");
  EXPECT_EQ(said("smal:x"), "\"smal:\" is not a transport; did you mean \"small:\"?");
  EXPECT_EQ(said("tint:x"), "\"tint:\" is not a transport; did you mean \"tiny:\"?");
  EXPECT_EQ(said("parts:x"),
            "\"parts:\" is not a transport but a shim, and stands in front of one: parts+SCHEME:");
  EXPECT_EQ(said("part+small:x"), "\"part+\" is not a shim; did you mean \"parts+\"?");
  EXPECT_EQ(said("umbrella+small:x"),
            "\"umbrella+\" is not a shim; there are perfect, again and parts");
  EXPECT_EQ(said("small+lossy:x"), "\"small+\" is not a shim but a transport, and stands last");
}

TEST_F(StackTest, AMessageSizeThatNoShimGivesIsNoReasonToRefuse) {
  EXPECT_EQ(Stacked("small:", 100 << 20), "small:");
  EXPECT_EQ(Stacked("lossy:", 100 << 20), "again+lossy:");
}

}  // namespace
}  // namespace jackfield
