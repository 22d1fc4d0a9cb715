#include "tools/web/listening.h"

#include "gtest/gtest.h"

namespace jackfield::web {
namespace {

TEST(ListeningTest, PortZeroTakesAFreeOneAndSaysWhich) {
  for (const std::string_view text : {"127.0.0.1:0", "localhost:0"}) {
    const auto listening = Listen(text);
    ASSERT_TRUE(listening.ok()) << listening.status();
    EXPECT_TRUE(listening->is_loopback);
    EXPECT_EQ(listening->place.substr(0, 10), "127.0.0.1:");
    EXPECT_NE(listening->place, "127.0.0.1:0");
  }
}

TEST(ListeningTest, OtherMachinesReachWhatIsNotLoopback) {
  const auto listening = Listen("0.0.0.0:0");
  ASSERT_TRUE(listening.ok()) << listening.status();
  EXPECT_FALSE(listening->is_loopback);
}

TEST(ListeningTest, AnAddressInUseIsSaidWithWhatHelps) {
  const auto first = Listen("127.0.0.1:0");
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = Listen(first->place);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(std::string(second.status().message()),
            first->place +
                " is in use by another program\n"
                "  try: --listen 127.0.0.1:0, which takes a free port");
}

TEST(ListeningTest, WhatIsNoPlaceIsRefused) {
  for (const std::string_view text :
       {"", "7700", ":7700", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:-1",
        "127.0.0.1:80x", "::1:80", "[::1:80", "example.com:80"})
    EXPECT_TRUE(absl::IsInvalidArgument(Listen(text).status())) << text;
}

TEST(ListeningTest, AnAddressOfAnotherMachineIsRefused) {
  const auto listening = Listen("192.0.2.1:0");
  ASSERT_FALSE(listening.ok());
  EXPECT_NE(listening.status().message().find("this machine has no such address"),
            absl::string_view::npos)
      << listening.status();
}

}  // namespace
}  // namespace jackfield::web
