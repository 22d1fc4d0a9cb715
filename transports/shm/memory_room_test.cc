#include "transports/shm/memory_room.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

class MemoryRoomTest : public testing::Test {
 protected:
  MemoryRoomTest() {
    char folder[] = "/tmp/memory_room_XXXXXX";
    folder_ = mkdtemp(folder);
  }
  ~MemoryRoomTest() override { std::filesystem::remove_all(folder_); }
  void Write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = folder_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  MemoryRoom Find() const { return FindMemoryRoom(folder_ + "/proc", folder_ + "/cgroup"); }

  std::string folder_;
};

TEST_F(MemoryRoomTest, WhatCannotBeReadBoundsNothing) { EXPECT_EQ(Find().bytes, UINT64_MAX); }

TEST_F(MemoryRoomTest, TheMachineBounds) {
  Write("/proc/meminfo", "MemTotal:       1000 kB\nMemAvailable:     64 kB\n");
  EXPECT_EQ(Find().bytes, 64u << 10);
  EXPECT_NE(Find().bound.find("MemAvailable"), std::string::npos);
}

TEST_F(MemoryRoomTest, AGroupAboveBoundsToo) {
  Write("/proc/self/cgroup", "0::/shop/kv\n");
  Write("/cgroup/shop/kv/memory.max", "max\n");
  Write("/cgroup/shop/kv/memory.current", "4096\n");
  Write("/cgroup/shop/memory.max", "1000000\n");
  Write("/cgroup/shop/memory.current", "600000\n");
  Write("/cgroup/shop/memory.stat", "anon 1\ninactive_file 100000\n");
  EXPECT_EQ(Find().bytes, 500'000u) << "the page cache is given back first";
  EXPECT_EQ(Find().bound, "memory cgroup /shop (memory.max)");
}

TEST_F(MemoryRoomTest, VersionOneIsRead) {
  Write("/proc/self/cgroup", "9:pids:/\n4:cpu,memory:/shop\n");
  Write("/cgroup/memory/shop/memory.limit_in_bytes", "1000\n");
  Write("/cgroup/memory/shop/memory.usage_in_bytes", "2000\n");
  EXPECT_EQ(Find().bytes, 0u);
  EXPECT_EQ(Find().bound, "memory cgroup /shop (memory.limit_in_bytes)");
}

TEST_F(MemoryRoomTest, ThisMachineHasSome) { EXPECT_GT(FindMemoryRoom().bytes, 1u << 20); }

}  // namespace
}  // namespace jackfield
