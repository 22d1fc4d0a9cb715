// A badge proves a name to the one service that has its key, and to no other.
#include "services/allow/badge.h"

#include <string>

#include "gtest/gtest.h"

namespace jackfield::allow {
namespace {

constexpr Key kKey = {0x0706050403020100, 0x0f0e0d0c0b0a0908};  // the bytes 0, 1, 2 … 15

// vectors_sip64 of the reference: of the inputs "", 0, 0 1, 0 1 2 … under that key.
TEST(SipHashTest, IsTheReferences) {
  std::string input;
  EXPECT_EQ(SipHash(kKey, input), 0x726fdb47dd0e0e31u);
  input += '\0';
  EXPECT_EQ(SipHash(kKey, input), 0x74f839c593dc67fdu);
  for (char c = 1; c < 7; ++c) input += c;
  EXPECT_EQ(SipHash(kKey, input), 0xab0200f58b01d137u);
  input += '\7';
  EXPECT_EQ(SipHash(kKey, input), 0x93f5f5799a932462u);
  for (char c = 8; c < 15; ++c) input += c;
  EXPECT_EQ(SipHash(kKey, input), 0xa129ca6149be45e5u) << "15 bytes, the example of the paper";
}

TEST(BadgeTest, ProvesItsBearerToTheServiceThatItWasMadeFor) {
  const Key kv = KeyOf(kKey, "kv");
  const std::string badge = MakeBadge(kv, "orders");
  EXPECT_EQ(BearerOf(kv, badge), "orders");
  EXPECT_EQ(BearerOf(KeyOf(kKey, "stock"), badge), std::nullopt) << "another service";
  EXPECT_EQ(BearerOf(KeyOf({1, 2}, "kv"), badge), std::nullopt) << "of another run";
}

TEST(BadgeTest, WhatIsNoBadgeProvesNothing) {
  const Key kv = KeyOf(kKey, "kv");
  const std::string badge = MakeBadge(kv, "orders");
  for (const std::string& wrong :
       {std::string(), std::string("orders"), std::string("orders:"), std::string(":"),
        "gate" + badge.substr(6), badge + "0", badge.substr(0, badge.size() - 1),
        "orders: " + badge.substr(8), "orders:-" + badge.substr(8)})
    EXPECT_EQ(BearerOf(kv, wrong), std::nullopt) << wrong;
}

TEST(BadgeTest, KeysTravelAsDigits) {
  const absl::StatusOr<Key> fresh = NewKey(), other = NewKey();
  ASSERT_TRUE(fresh.ok() && other.ok());
  EXPECT_NE(*fresh, *other);
  EXPECT_EQ(ToHex(*fresh).size(), 32u);
  EXPECT_EQ(*KeyFromHex(ToHex(*fresh)), *fresh);
  for (const char* wrong :
       {"", "12", "0123456789abcdef0123456789abcdeg", "0123456789abcdef0123456789abcdef0"})
    EXPECT_EQ(KeyFromHex(wrong).status().code(), absl::StatusCode::kInvalidArgument) << wrong;
}

}  // namespace
}  // namespace jackfield::allow
