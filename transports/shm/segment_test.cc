#include "transports/shm/segment.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"

namespace jackfield {
namespace {

constexpr uint64_t kLaneBytes = 64 << 10;
constexpr Segment::Shape kShape{kLaneBytes, Segment::kDataOffset};
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

Segment Make() { return Segment::Make({.lane_bytes = kLaneBytes}, MemoryRoom()).value(); }
absl::StatusOr<Segment> Attach(int fd, const Segment::Shape& shape = kShape, bool same_uid = true) {
  return Segment::Attach(fd, shape, {.lane_bytes = shape.lane_bytes, .end = 1}, same_uid);
}
int Memfd(uint64_t bytes, int seals, bool reserve = true) {
  const int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  EXPECT_EQ(ftruncate(fd, static_cast<off_t>(bytes)), 0);
  EXPECT_TRUE(!reserve || fallocate(fd, 0, 0, static_cast<off_t>(bytes)) == 0);
  EXPECT_TRUE(seals == 0 || fcntl(fd, F_ADD_SEALS, seals) == 0);
  return fd;
}
// Asks the system rather than a signal.
bool Writable(void* at) {
  const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  const bool writable = read(zero, at, 1) == 1;
  close(zero);
  return writable;
}

// (It depends on the kernel whether they interrupt anything.)
TEST(SegmentTest, SignalsThatComeAllTheTimeKeepNobodyFromMakingOne) {
  struct sigaction counts {
  }, before{};
  counts.sa_handler = [](int) {};
  ASSERT_EQ(sigaction(SIGALRM, &counts, &before), 0);
  const itimerval often{{0, 1000}, {0, 1000}}, never{};
  ASSERT_EQ(setitimer(ITIMER_REAL, &often, nullptr), 0);
  const absl::StatusOr<Segment> made = Segment::Make({.lane_bytes = 16 << 20}, MemoryRoom());
  EXPECT_EQ(setitimer(ITIMER_REAL, &never, nullptr), 0);
  EXPECT_EQ(sigaction(SIGALRM, &before, nullptr), 0);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->lane(1).data[(16 << 20) - 1], std::byte{0});
}

TEST(SegmentTest, BothEndsSeeTheSameAndEachWritesItsOwnOnly) {
  const Segment client = Make();
  absl::StatusOr<Segment> server = Attach(dup(client.fd()));
  ASSERT_TRUE(server.ok()) << server.status();
  client.lane(0).writer_words->tail.store(8);
  std::memcpy(client.lane(0).data, "to you", 7);
  server->lane(1).writer_words->tail.store(16);
  server->lane(0).reader_words->head.store(24);
  EXPECT_EQ(server->lane(0).writer_words->tail.load(), 8u);
  EXPECT_STREQ(reinterpret_cast<const char*>(server->lane(0).data), "to you");
  EXPECT_EQ(client.lane(1).writer_words->tail.load(), 16u);
  EXPECT_EQ(client.lane(0).reader_words->head.load(), 24u);

  for (int end = 0; end < 2; ++end) {
    const Segment& segment = end == 0 ? client : *server;
    EXPECT_TRUE(Writable(segment.lane(end).data));
    EXPECT_TRUE(Writable(segment.lane(end).writer_words));
    EXPECT_TRUE(Writable(segment.lane(1 - end).reader_words));
    EXPECT_FALSE(Writable(segment.lane(1 - end).data));
    EXPECT_FALSE(Writable(segment.lane(1 - end).writer_words));
    EXPECT_FALSE(Writable(segment.lane(end).reader_words));
  }
}

// docs/WIRE.md shows these places.
TEST(SegmentTest, EachWordHasItsPlace) {
  const Segment segment = Make();
  const auto* base = reinterpret_cast<const std::byte*>(&segment.lane(0).writer_words->tail);
  const auto at = [base](const void* word) {
    return reinterpret_cast<const std::byte*>(word) - base;
  };
  EXPECT_EQ(at(&segment.lane(0).writer_words->waits), 128);
  EXPECT_EQ(at(&segment.lane(0).writer_words->closed), 136);
  EXPECT_EQ(at(&segment.lane(1).reader_words->head), 256);
  EXPECT_EQ(at(&segment.lane(1).reader_words->sleeps), 384);
  EXPECT_EQ(at(&segment.lane(1).writer_words->tail), 4096);
  EXPECT_EQ(at(&segment.lane(0).reader_words->head), 4096 + 256);
  EXPECT_EQ(at(segment.lane(0).data), 8192);
  EXPECT_EQ(at(segment.lane(1).data), static_cast<ptrdiff_t>(8192 + kLaneBytes));
}

TEST(SegmentTest, TheMemoryCanNeitherShrinkNorGrowNorBeUnsealed) {
  const Segment segment = Make();
  EXPECT_EQ(ftruncate(segment.fd(), 0), -1);
  EXPECT_EQ(ftruncate(segment.fd(), 1 << 20), -1);
  EXPECT_EQ(fcntl(segment.fd(), F_ADD_SEALS, F_SEAL_WRITE), -1);
}

TEST(SegmentTest, WhatIsNotSealedIsRefused) {
  for (const int seals : {0, F_SEAL_SHRINK, F_SEAL_SHRINK | F_SEAL_GROW, F_SEAL_GROW | F_SEAL_SEAL,
                          F_SEAL_SHRINK | F_SEAL_SEAL}) {
    const absl::StatusOr<Segment> segment = Attach(Memfd(kShape.bytes(), seals));
    ASSERT_FALSE(segment.ok()) << seals;
    EXPECT_NE(std::string(segment.status().message()).find("not sealed"), std::string::npos);
  }
  EXPECT_TRUE(Attach(Memfd(kShape.bytes(), kSeals)).ok());
}

TEST(SegmentTest, WhatIsNoMemfdIsRefused) {
  int pipe_fds[2];
  ASSERT_EQ(pipe(pipe_fds), 0);
  EXPECT_FALSE(Attach(pipe_fds[0]).ok());
  EXPECT_FALSE(Attach(pipe_fds[1]).ok());
  EXPECT_FALSE(Attach(open("/", O_RDONLY | O_CLOEXEC)).ok());
  char name[] = "/tmp/segment_XXXXXX";
  const int file = mkstemp(name);
  unlink(name);
  EXPECT_FALSE(Attach(file).ok());
}

TEST(SegmentTest, AnotherSizeThanSaidIsRefused) {
  for (const uint64_t bytes :
       {uint64_t{0}, uint64_t{4096}, kShape.bytes() - 4096, kShape.bytes() + 4096}) {
    EXPECT_FALSE(Attach(Memfd(bytes, kSeals, bytes > 0)).ok()) << bytes;
  }
  for (const Segment::Shape& shape :
       {Segment::Shape{kLaneBytes, 0}, Segment::Shape{kLaneBytes, 4096},
        Segment::Shape{kLaneBytes, 8191}, Segment::Shape{kLaneBytes + 4096, 8192},
        Segment::Shape{uint64_t{1} << 63, 8192}, Segment::Shape{0, 8192}}) {
    EXPECT_FALSE(Attach(Memfd(kShape.bytes(), kSeals), shape).ok()) << shape.lane_bytes;
  }
}

TEST(SegmentTest, WhatIsNotReservedIsRefusedBecauseTouchingItMayFail) {
  const absl::StatusOr<Segment> segment = Attach(Memfd(kShape.bytes(), kSeals, /*reserve=*/false));
  ASSERT_FALSE(segment.ok());
  EXPECT_NE(std::string(segment.status().message()).find("reserved"), std::string::npos);
}

TEST(SegmentTest, MemorySealedAgainstWritingIsRefused) {
  EXPECT_FALSE(Attach(Memfd(kShape.bytes(), kSeals | F_SEAL_WRITE)).ok());
  EXPECT_FALSE(Attach(Memfd(kShape.bytes(), kSeals | F_SEAL_FUTURE_WRITE)).ok());
}

TEST(SegmentTest, WithoutMemoryItIsRefusedWithTheNumbers) {
  const absl::StatusOr<Segment> segment =
      Segment::Make({.lane_bytes = kLaneBytes}, {64 << 10, "memory cgroup /shop (memory.max)"});
  EXPECT_EQ(ReasonOf(segment.status()), Reason::kResource);
  const std::string text(segment.status().message());
  for (const char* word : {"136 KiB", "64 KiB", "memory.max", "/shop", "?size="})
    EXPECT_NE(text.find(word), std::string::npos) << text << ": " << word;
}

TEST(SegmentTest, ALimitOnTheSizeOfFilesIsNamedAndSendsNoSignal) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{4096, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::StatusOr<Segment> segment = Segment::Make({.lane_bytes = kLaneBytes}, MemoryRoom());
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(ReasonOf(segment.status()), Reason::kResource);
  EXPECT_NE(std::string(segment.status().message()).find("RLIMIT_FSIZE"), std::string::npos);
}

TEST(SegmentTest, WithoutHugePagesThereAreOrdinaryOnesAndItSaysSo) {
  const absl::StatusOr<Segment> segment =
      Segment::Make({.lane_bytes = 2 << 20, .huge = true}, MemoryRoom());
  ASSERT_TRUE(segment.ok()) << segment.status();
  if (segment->shape().data_offset == Segment::kHugePageBytes) {
    EXPECT_EQ(segment->note(), "");
    EXPECT_FALSE(Attach(dup(segment->fd()), segment->shape(), /*same_uid=*/false).ok());
  } else {
    EXPECT_NE(segment->note().find("vm.nr_hugepages"), std::string::npos);
  }
  EXPECT_TRUE(Attach(dup(segment->fd()), segment->shape()).ok());
  std::memset(segment->lane(0).data, 1, 2 << 20);
}

TEST(SegmentTest, MoreThanMayBeLockedIsRefusedWithTheLimit) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_MEMLOCK, &before), 0);
  const absl::StatusOr<Segment> locked =
      Segment::Make({.lane_bytes = kLaneBytes, .lock = true}, MemoryRoom());
  EXPECT_TRUE(locked.ok() || before.rlim_cur < kShape.bytes()) << locked.status();
  const absl::StatusOr<Segment> too_large =
      Segment::Make({.lane_bytes = 256 << 20, .lock = true}, MemoryRoom());
  if (too_large.ok()) GTEST_SKIP() << "this process may lock 512 MiB";
  EXPECT_NE(std::string(too_large.status().message()).find("RLIMIT_MEMLOCK"), std::string::npos);
}

}  // namespace
}  // namespace jackfield
