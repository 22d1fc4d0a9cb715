// The limits as the system's files say them, in a tree of files that the test writes.
#include "kernel/loop/memory_limit.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdio>
#include <string>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

class MemoryLimitTest : public testing::Test {
 protected:
  void SetUp() override {
    rlimit limit{};
    getrlimit(RLIMIT_AS, &limit);
    if (limit.rlim_cur != RLIM_INFINITY) GTEST_SKIP() << "RLIMIT_AS is set here";
    std::string name = testing::TempDir() + "/groupsXXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    places_ = {.own_groups = name + "/own", .groups = name};
  }
  void Write(const std::string& path, const std::string& text) {
    for (size_t slash = 0; (slash = path.find('/', slash + 1)) != path.npos;)
      mkdir((places_.groups + path.substr(0, slash)).c_str(), 0700);
    std::FILE* file = std::fopen((places_.groups + path).c_str(), "w");
    ASSERT_NE(file, nullptr) << path;
    std::fputs(text.c_str(), file);
    std::fclose(file);
  }
  MemoryLimitPlaces places_;
};

TEST_F(MemoryLimitTest, IsThatOfTheGroupOfVersion2) {
  Write("/own", "0::/a/b\n");
  Write("/a/b/memory.max", "25165824\n");
  Write("/a/memory.max", "max\n");
  EXPECT_EQ(MemoryLimitBytes(places_), 25'165'824u);
}

TEST_F(MemoryLimitTest, IsThatOfAGroupAbove) {
  Write("/own", "0::/a/b\n");
  Write("/a/b/memory.max", "max\n");
  Write("/a/memory.max", "50331648\n");
  EXPECT_EQ(MemoryLimitBytes(places_), 50'331'648u);
}

TEST_F(MemoryLimitTest, IsWhereTheSystemBeginsToHoldItBack) {
  Write("/own", "0::/a\n");
  Write("/a/memory.max", "50331648\n");
  Write("/a/memory.high", "40000000\n");
  EXPECT_EQ(MemoryLimitBytes(places_), 40'000'000u);
}

TEST_F(MemoryLimitTest, IsThatOfTheMemoryGroupOfVersion1) {
  Write("/own", "7:cpu,cpuacct:/other\n4:memory:/a\n0::/\n");
  Write("/memory/a/memory.limit_in_bytes", "25165824\n");
  Write("/memory/memory.limit_in_bytes", "9223372036854771712\n");
  Write("/memory/other/memory.limit_in_bytes", "1\n");
  EXPECT_EQ(MemoryLimitBytes(places_), 25'165'824u);
}

TEST_F(MemoryLimitTest, IsFoundInAContainerWhoseGroupIsTheRootItSees) {
  Write("/own", "0::/docker/1234\n");  // by the host's name, which is not there
  Write("/memory.max", "25165824\n");
  EXPECT_EQ(MemoryLimitBytes(places_), 25'165'824u);
}

TEST_F(MemoryLimitTest, IsNoneWhereNothingCanBeRead) {
  EXPECT_EQ(MemoryLimitBytes(places_), UINT64_MAX);
  Write("/own", "nonsense\n\n::::\n");
  EXPECT_EQ(MemoryLimitBytes(places_), UINT64_MAX);
}

TEST(DefaultMemoryBytes, IsHalfOfTheLimitWithinBounds) {
  EXPECT_EQ(DefaultMemoryBytes(UINT64_MAX), kMemoryBytesMaxDefault);
  EXPECT_EQ(DefaultMemoryBytes(24 << 20), uint64_t{12 << 20});
  EXPECT_EQ(DefaultMemoryBytes(0), uint64_t{1 << 20});
}

}  // namespace
}  // namespace jackfield
