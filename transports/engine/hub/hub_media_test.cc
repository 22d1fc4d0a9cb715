// The media of the hub, where a client goes at a moment at which its server does nothing: the
// server must hear of it, as it holds what is the client's (a queue, which the system counts).
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/mq/mq.h"
#include "transports/sysv/sysv.h"
#include "transports/unix/unix.h"

namespace jackfield {
namespace {

// One end, on a node of its own, which stands still when the test does not turn it.
class End final : public LinkSink, public LinkOwner {
 public:
  End(const Registry& registry, const std::string& address, Role role)
      : node_(Node::Create({.registry = &registry, .spin_ns = 0}).value()) {
    opening_ = registry.Open(registry.Parse(address).value(), role, *node_, *this).value();
  }
  ~End() override {
    if (link_ != nullptr) node_->Remove(*link_);
    opening_.reset();
  }
  template <class Done>
  bool Drive(Done done) {
    return node_->RunUntil(done, SystemClock().NowNs() + 20'000'000'000);
  }
  void TurnFor(int64_t ns) {
    const int64_t until_ns = SystemClock().NowNs() + ns;
    while (SystemClock().NowNs() < until_ns) node_->Turn(until_ns);
  }
  // The end of its link, or of the wish for one.
  void Go() {
    if (link_ != nullptr) node_->Remove(*std::exchange(link_, nullptr));
    opening_.reset();
  }
  // Until the medium takes no more.
  void Fill() {
    for (;;) {
      std::byte* at = link_->Claim(kHeaderBytes);
      if (at == nullptr) break;
      const uint32_t bytes = kHeaderBytes;
      std::memset(at, 0, bytes);
      at[0] = std::byte{kMagic};
      std::memcpy(at + 4, &bytes, sizeof bytes);
      link_->Commit(at, bytes);
    }
    TurnFor(20'000'000);
    ASSERT_TRUE(link_->has_tx());
  }
  bool has_link() const { return link_ != nullptr; }
  bool link_ended() const { return link_ended_; }
  const std::string& address() const { return address_; }

 private:
  void OnServing(const Address& actual) override { address_ = actual.ToString(); }
  void OnLink(std::unique_ptr<LinkDriver> driver, LinkTraits traits) override {
    link_ = &Link::Add(*node_, std::move(driver), std::move(traits), this);
  }
  void OnOpenFailed(absl::Status) override {}
  void OnFrames(Link& link) override {
    while (link.has_rx()) link.PopRx();
  }
  void OnRoom(Link&) override {}
  void OnLost(Link&, uint64_t) override {}
  void OnClosed(Link&, const absl::Status&) override { link_ended_ = true; }

  const std::unique_ptr<Node> node_;
  std::unique_ptr<Opening> opening_;
  Link* link_ = nullptr;
  std::string address_;
  bool link_ended_ = false;
};

class HubMediaTest : public testing::TestWithParam<const char*> {
 protected:
  HubMediaTest() {
    registry_.Add(MakeMqTransport());
    registry_.Add(MakeSysvTransport());
    registry_.Add(MakeUnixTransport());
    server_ = std::make_unique<End>(registry_, GetParam(), Role::kServe);
    EXPECT_TRUE(server_->Drive([&] { return !server_->address().empty(); }));
    client_ = std::make_unique<End>(registry_, server_->address(), Role::kConnect);
  }
  // Turns both, for a millisecond each: one that slept until it had something to do would keep the
  // other, whose work may need a moment to come, from doing it.
  template <class Done>
  static bool DriveBoth(End& one, End& other, Done done) {
    const int64_t until_ns = SystemClock().NowNs() + 20'000'000'000;
    while (!done()) {
      if (SystemClock().NowNs() >= until_ns) return false;
      one.TurnFor(1'000'000);
      other.TurnFor(1'000'000);
    }
    return true;
  }
  Registry registry_;
  std::unique_ptr<End> server_, client_;
};

TEST_P(HubMediaTest, AClientThatGoesBeforeItHasReadItsWelcomeIsNoPeerAnyMore) {
  client_->TurnFor(5'000'000);
  ASSERT_TRUE(server_->Drive([&] { return server_->has_link(); }));
  ASSERT_FALSE(client_->has_link());
  client_->Go();
  client_->TurnFor(5'000'000);
  EXPECT_TRUE(server_->Drive([&] { return server_->link_ended(); }));
}

TEST_P(HubMediaTest, AClientThatGoesWhileItsServerTakesNothingIsNoPeerAnyMore) {
  ASSERT_TRUE(DriveBoth(*server_, *client_, [&] { return client_->has_link(); }));
  client_->Fill();
  client_->Go();
  client_->TurnFor(300'000'000);
  EXPECT_TRUE(DriveBoth(*server_, *client_, [&] { return server_->link_ended(); }));
}

// Each counts its names from 1, and one that is just opening still has its own.
TEST_P(HubMediaTest, TwoTransportsOfOneProcessDoNotGetInEachOthersWay) {
  Registry another;
  another.Add(MakeMqTransport());
  another.Add(MakeSysvTransport());
  another.Add(MakeUnixTransport());
  End server(another, GetParam(), Role::kServe);
  End client(another, server_->address(), Role::kConnect);
  EXPECT_TRUE(server.Drive([&] { return !server.address().empty(); }));
  EXPECT_NE(server.address(), server_->address());
  EXPECT_TRUE(DriveBoth(*server_, client, [&] { return client.has_link(); }));
}

INSTANTIATE_TEST_SUITE_P(Over, HubMediaTest,
                         testing::Values("mq:?depth=4", "sysv:", "unix:?type=dgram"),
                         [](const auto& info) {
                           const std::string address = info.param;
                           return address.substr(0, address.find(':'));
                         });

}  // namespace
}  // namespace jackfield
