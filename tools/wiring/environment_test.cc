#include "tools/wiring/environment.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

class EnvFileTest : public ::testing::Test {
 protected:
  ~EnvFileTest() override { unlink(path_.c_str()); }
  absl::StatusOr<Variables> Read(std::string_view text) {
    std::ofstream(path_, std::ios::binary) << text;
    return ReadEnvFile(path_);
  }
  const std::string path_ = std::string(getenv("TEST_TMPDIR")) + "/some.env";
};

TEST_F(EnvFileTest, EachLineIsAVariableAndTheLastOfANameWins) {
  const absl::StatusOr<Variables> read =
      Read("# of the shop\n\nA=1\nB=two words = \"as they stand\"\r\n  C=\nA=3");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, (Variables{{"A", "3"}, {"B", "two words = \"as they stand\""}, {"C", ""}}));
  EXPECT_TRUE(Read("")->empty());
}

TEST_F(EnvFileTest, WhatIsNoVariableIsRefusedWithItsLine) {
  EXPECT_EQ(Read("A=1\nexport B\n").status().message(),
            path_ + ":2: \"export B\" is no variable; write NAME=VALUE");
  EXPECT_EQ(Read("1A=1\n").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Read(std::string("A=x\0y\n", 6)).status().message(),
            path_ + ":1: the value of A holds a zero byte");
  EXPECT_EQ(Read(std::string(kEnvFileBytesMax + 1, '#')).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadEnvFile(path_ + ".not").status().code(), absl::StatusCode::kNotFound);
}

TEST(MergedTest, TheSecondWins) {
  EXPECT_EQ(Merged({{"A", "1"}, {"B", "2"}}, {{"B", "3"}, {"C", "4"}}),
            (Variables{{"A", "1"}, {"B", "3"}, {"C", "4"}}));
}

}  // namespace
}  // namespace jackfield
