#include "tools/running/wirings.h"

#include "gtest/gtest.h"

namespace jackfield {
namespace {

constexpr std::string_view kSockets =
    "Num       RefCount Protocol Flags    Type St Inode Path\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 11 /run/dbus/system_bus_socket\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 12 @jackfield.1000.shop.4121\n"
    "0000000000000000: 00000003 00000000 00000000 0001 03 13 @jackfield.1000.shop.4121\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 14 @jackfield.1000.a.b.77\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 15 @jackfield.1000.shop.99\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 16 @jackfield.1001.theirs.5\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 17 @jackfield.1000.no-number.x\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 18 @jackfield.1000..5\n"
    "0000000000000000: 00000002 00000000 00010000 0001 01 19 @jackfield.1000.shop.4294967297\n"
    "0000000000000000: 00000002 00000000 00000000 0001 03 20";

TEST(WiringsTest, EachOfThisUserIsListedOnce) {
  const std::vector<RunningWiring> up = RunningWiringsIn(kSockets, 1000);
  ASSERT_EQ(up.size(), 3u);
  EXPECT_EQ(up[0].name, "a.b");
  EXPECT_EQ(up[0].address, "unix:@jackfield.1000.a.b.77");
  EXPECT_EQ(up[1].pid, 99);
  EXPECT_EQ(up[2].pid, 4121);
  EXPECT_TRUE(RunningWiringsIn("", 1000).empty());
}

TEST(WiringsTest, AnAddressIsFoundAgainWhateverTheName) {
  const std::string long_one(500, 'n');
  for (const std::string& name :
       std::vector<std::string>{"shop", "two words", "a?b=c", "ü/x", "", "..", long_one}) {
    const std::string address = ControlAddress(name, 7, 42);
    const std::vector<RunningWiring> up =
        RunningWiringsIn(" @" + address.substr(std::string_view("unix:@").size()), 7);
    ASSERT_EQ(up.size(), 1u) << address;
    EXPECT_EQ(up[0].address, address);
    EXPECT_EQ(up[0].pid, 42);
    EXPECT_LE(address.size(), 107u) << "what an abstract socket may be called";
  }
}

TEST(WiringsTest, ANameMeansTheOnlyOneOfThatName) {
  const std::vector<RunningWiring> up = RunningWiringsIn(kSockets, 1000);
  EXPECT_EQ(PickWiring(up, "a.b")->pid, 77);
  EXPECT_EQ(PickWiring(up, "shop@99")->pid, 99);
  EXPECT_EQ(PickWiring({up[0]}, "")->name, "a.b");

  EXPECT_EQ(PickWiring(up, "shop").status().message(),
            "several wirings are up: shop@99, shop@4121; say which: --wiring shop@99");
  EXPECT_EQ(PickWiring(up, "shoop").status().message(),
            "no wiring \"shoop\" is up; there is a.b@77, shop@99, shop@4121");
  EXPECT_EQ(PickWiring(up, "shop@98").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(PickWiring({}, "").status().message(),
            "no wiring of this user is up\n  try: jackfield up FILE");
}

}  // namespace
}  // namespace jackfield
