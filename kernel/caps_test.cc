#include "kernel/caps.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

TEST(Caps, EveryMissingNeedIsNamed) {
  Caps needs;
  for (const CapsField& field : CapsFields()) needs.*field.field = true;
  needs.priority_levels = 4;
  needs.frame_bytes_max = 256;
  needs.depth_frames = 16;
  const std::vector<std::string> missing = MissingNeeds(Caps{}, needs);
  EXPECT_EQ(missing.size(), CapsFields().size() + 3);
  for (const CapsField& field : CapsFields()) {
    EXPECT_NE(std::find(missing.begin(), missing.end(), field.name), missing.end()) << field.name;
  }
  EXPECT_TRUE(MissingNeeds(needs, needs).empty());
  EXPECT_TRUE(MissingNeeds(needs, Caps{}).empty());
}

}  // namespace
}  // namespace jackfield
