#include "transports/engine/reserve_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

#include "gtest/gtest.h"
#include "kernel/base/owned_fd.h"
#include "tests/faults/signal_flood.h"

namespace jackfield {
namespace {

constexpr uint64_t kBytes = 64 << 20;  // some milliseconds of work

struct stat Look(int fd) {
  struct stat is {};
  fstat(fd, &is);
  return is;
}

TEST(ReserveFile, TheRoomIsThereAfterwards) {
  const OwnedFd file(memfd_create("reserve", MFD_CLOEXEC));
  ASSERT_EQ(ReserveFile(file.get(), 4096, kBytes), 0);
  EXPECT_EQ(Look(file.get()).st_size, static_cast<off_t>(4096 + kBytes));
  EXPECT_GE(static_cast<uint64_t>(Look(file.get()).st_blocks) * 512, kBytes);
}

// One call for all of it would be broken off again and again: a signal comes more often than it
// takes.
TEST(ReserveFile, ComesToAnEndUnderAFloodOfSignals) {
  const OwnedFd file(memfd_create("reserve", MFD_CLOEXEC));
  const uint64_t before = SignalFlood::count();
  const SignalFlood flood(100'000);
  ASSERT_EQ(ReserveFile(file.get(), 0, kBytes), 0);
  EXPECT_GE(static_cast<uint64_t>(Look(file.get()).st_blocks) * 512, kBytes);
  while (SignalFlood::count() == before) {  // they came, and were not lost
  }
}

TEST(ReserveFile, SaysWhyThereIsNone) {
  const OwnedFd reads(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(ReserveFile(reads.get(), 0, 1), EBADF);
  const OwnedFd sealed(memfd_create("reserve", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(fcntl(sealed.get(), F_ADD_SEALS, F_SEAL_GROW), 0);
  EXPECT_EQ(ReserveFile(sealed.get(), 0, kBytes), EPERM);
}

}  // namespace
}  // namespace jackfield
