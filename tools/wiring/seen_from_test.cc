#include "tools/wiring/seen_from.h"

#include <filesystem>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

TEST(SeenFromTest, APathHasNoDotInItsMiddle) {
  EXPECT_EQ(WithoutDots("/srv/./kv"), "/srv/kv");
  EXPECT_EQ(WithoutDots("/srv//kv/."), "/srv/kv");
  EXPECT_EQ(WithoutDots("././kv"), "./kv") << "it is seen to be a path";
  EXPECT_EQ(WithoutDots("bin/./kv"), "bin/kv");
  EXPECT_EQ(WithoutDots("/srv/.hidden/...x"), "/srv/.hidden/...x");
  EXPECT_EQ(WithoutDots("/./"), "/");
  EXPECT_EQ(WithoutDots("."), ".");
}

TEST(SeenFromTest, WhatMayBeBehindALinkStays) {
  EXPECT_EQ(WithoutDots("/srv/link/./../kv"), "/srv/link/../kv");
  EXPECT_EQ(WithoutDots("../kv"), "../kv");
}

TEST(SeenFromTest, AFolderIsSeenFromWhereWeAre) {
  const std::string here = std::filesystem::current_path().string();
  EXPECT_EQ(SeenFrom("", "./kv.sock"), here + "/kv.sock");
  EXPECT_EQ(SeenFrom("./", "./kv.sock"), here + "/kv.sock");
  EXPECT_EQ(SeenFrom("shop/", "data"), here + "/shop/data");
  EXPECT_EQ(SeenFrom("/srv/shop/", "./data"), "/srv/shop/data");
  EXPECT_EQ(SeenFrom("/srv/", "/etc/kv"), "/etc/kv");
}

}  // namespace
}  // namespace jackfield
