#include "kernel/address.h"

#include "gtest/gtest.h"

namespace jackfield {
namespace {

TEST(Address, SplitsShimsSchemeTargetAndParameters) {
  const absl::StatusOr<Address> address =
      Address::Parse("chaos+reliable+udp://host:7?seed=7&drop=1%&raw");
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->shims(), (std::vector<std::string>{"chaos", "reliable"}));
  EXPECT_EQ(address->scheme(), "udp");
  EXPECT_EQ(address->target(), "host:7");
  EXPECT_EQ(address->Find("seed"), "7");
  EXPECT_EQ(address->Find("drop"), "1%") << "a percent sign that people write";
  EXPECT_EQ(address->Find("raw"), "");
  EXPECT_EQ(address->Find("none"), std::nullopt);
  EXPECT_EQ(address->WithoutOuterShim().shims(), std::vector<std::string>{"reliable"});
}

TEST(Address, ComesBackFromItsText) {
  for (const std::string_view text :
       {"unix:", "unix:@kv", "tcp:127.0.0.1:7001", "tcp:[::1]:7", "unix:/a%20b?type=seqpacket",
        "chaos+unix:@x?drop=1%&seed=7", "pipe:fd=3,4", "unix:/a%3Fb"}) {
    const absl::StatusOr<Address> once = Address::Parse(text);
    ASSERT_TRUE(once.ok()) << text;
    const absl::StatusOr<Address> twice = Address::Parse(once->ToString());
    ASSERT_TRUE(twice.ok()) << once->ToString();
    EXPECT_EQ(twice->target(), once->target());
    EXPECT_EQ(twice->params(), once->params());
    EXPECT_EQ(twice->ToString(), once->ToString());
  }
}

TEST(Address, APercentBeforeHexDigitsComesBackFromItsText) {
  const Address address = Address("unix", "/50%41").With("key", "%42");
  const absl::StatusOr<Address> again = Address::Parse(address.ToString());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->target(), "/50%41");
  EXPECT_EQ(again->Find("key"), "%42");
}

TEST(Address, AZoneInBracketsIsNoEscapeAndMayBeWrittenAsRfc6874Says) {
  constexpr struct {
    std::string_view text, target, back;
  } kCases[] = {
      {"tcp://[fe80::1%eth0]:7", "[fe80::1%eth0]:7", "tcp:[fe80::1%eth0]:7"},
      {"tcp://[fe80::1%17]:7", "[fe80::1%17]:7", "tcp:[fe80::1%17]:7"},
      {"tcp://[fe80::1%ab8]:7", "[fe80::1%ab8]:7", "tcp:[fe80::1%ab8]:7"},
      {"tcp://[fe80::1%25eth0]:7", "[fe80::1%eth0]:7", "tcp:[fe80::1%eth0]:7"},
      {"tcp://[fe80::1%25ab8]:7", "[fe80::1%ab8]:7", "tcp:[fe80::1%ab8]:7"},
      {"tcp://[fe80::1%25]:7", "[fe80::1%25]:7", "tcp:[fe80::1%2525]:7"},
      {"tcp://[fe80::1%2525]:7", "[fe80::1%25]:7", "tcp:[fe80::1%2525]:7"},
      {"tcp://[fe80::1%eth0]:%37", "[fe80::1%eth0]:7", "tcp:[fe80::1%eth0]:7"},
      {"unix:[a%20b]", "[a b]", "unix:[a%20b]"},
  };
  for (const auto& [text, target, back] : kCases) {
    const absl::StatusOr<Address> address = Address::Parse(text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_EQ(address->target(), target) << text;
    EXPECT_EQ(address->ToString(), back) << text;
    EXPECT_EQ(Address::Parse(address->ToString())->target(), target) << text;
  }
}

TEST(Address, ItsTextHasNoBytesThatCannotBeShown) {
  const Address address = Address("unix",
                                  "/\xab"
                                  "8\x1b[2J\xe2\x80\xae/\xc3\xbc")
                              .With("k", "\xff");
  EXPECT_EQ(address.ToString(), "unix:/%AB8%1B[2J%E2%80%AE/\xc3\xbc?k=%FF");
  const absl::StatusOr<Address> again = Address::Parse(address.ToString());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->target(), address.target());
  EXPECT_EQ(again->params(), address.params());
}

TEST(Address, RefusesWhatIsNotOne) {
  for (const std::string_view text : {"", "kv", ":x", "Unix:x", "a b:x", "+unix:x", "unix+:x",
                                      "unix:%00", "unix:x?=1", "unix:x?a=1&a=2", "unix:x?a=%00"}) {
    const absl::StatusOr<Address> address = Address::Parse(text);
    EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_FALSE(Address::Parse("unix:" + std::string(1020, 'x')).ok());
  EXPECT_TRUE(Address::Parse("unix:" + std::string(1019, 'x')).ok());
  EXPECT_FALSE(Address::Parse("a+a+a+a+a+a+a+a+a+unix:x").ok());
}

TEST(Address, NamesTheNearestKey) {
  constexpr std::string_view kKnown[] = {"type", "mode"};
  EXPECT_TRUE(Address::Parse("unix:x?type=stream")->CheckKeys(kKnown).ok());
  const absl::Status near = Address::Parse("unix:x?typ=stream")->CheckKeys(kKnown);
  EXPECT_NE(near.ToString().find("did you mean \"type\"?"), std::string::npos) << near;
  const absl::Status far = Address::Parse("unix:x?zzzzzz=1")->CheckKeys(kKnown);
  EXPECT_NE(far.ToString().find("type and mode"), std::string::npos) << far;
}

TEST(Address, ChangesAreCopies) {
  const Address address = *Address::Parse("unix:@kv?a=1&b=2");
  EXPECT_EQ(address.With("a", "3").ToString(), "unix:@kv?b=2&a=3");
  EXPECT_EQ(address.Without("a").ToString(), "unix:@kv?b=2");
  EXPECT_EQ(address.WithTarget("@x").ToString(), "unix:@x?a=1&b=2");
  EXPECT_EQ(address.ToString(), "unix:@kv?a=1&b=2");
}

}  // namespace
}  // namespace jackfield
