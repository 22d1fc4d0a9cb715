#include "kernel/base/fnv.h"

#include "gtest/gtest.h"

namespace jackfield {
namespace {

TEST(Fnv, HasTheAlgorithmsPublishedValues) {
  EXPECT_EQ(Fnv1a64(""), 0xcbf29ce484222325u);
  EXPECT_EQ(Fnv1a64("a"), 0xaf63dc4c8601ec8cu);
  EXPECT_EQ(Fnv1a64("foobar"), 0x85944171f73967e8u);
}

TEST(Fnv, TakesBytesAsUnsigned) { EXPECT_NE(Fnv1a64("\xff"), Fnv1a64("\x7f")); }

}  // namespace
}  // namespace jackfield
