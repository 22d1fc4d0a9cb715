#include "transports/shm/segment.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bit>
#include <cerrno>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/loop/sys.h"
#include "transports/engine/reserve_file.h"

namespace jackfield {
namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
#ifndef MFD_NOEXEC_SEAL
constexpr unsigned kNoExec = 0x8;  // Linux 6.3
#else
constexpr unsigned kNoExec = MFD_NOEXEC_SEAL;
#endif

// A descriptor, or -errno.
int MakeMemfd(unsigned flags) {
  const unsigned all = flags | MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int fd = memfd_create("jackfield", all | kNoExec);
  if (fd < 0 && errno == EINVAL) fd = memfd_create("jackfield", all);  // before Linux 6.3
  return fd < 0 ? -errno : fd;
}

absl::Status NoMemory(uint64_t bytes, std::string_view bound) {
  return MakeStatus(
      Outcome::kRefused, Reason::kResource,
      Text("no memory for the ", FormatBytes(bytes), " of a connection (", bound,
           "): make the lanes smaller with ?size=, open fewer connections, or raise that limit"));
}

bool IsHuge(int fd) {
  struct statfs where {};
  return fstatfs(fd, &where) == 0 && where.f_type == HUGETLBFS_MAGIC;
}

absl::Status Refused(std::string_view why) {
  return absl::InvalidArgumentError(Text("the memory that the client handed over ", why));
}

}  // namespace

absl::StatusOr<Segment> Segment::Make(const Wishes& wishes, const MemoryRoom& room) {
  Segment segment;
  segment.shape_.lane_bytes = wishes.lane_bytes;
  if (wishes.huge) {
    segment.shape_.data_offset = kHugePageBytes;
    segment.fd_ = MakeMemfd(MFD_HUGETLB | MFD_HUGE_2MB);
    const absl::Status reserved =
        segment.fd_ < 0 ? SysError(-segment.fd_, "memfd_create") : segment.Reserve();
    if (!reserved.ok()) {
      segment.CloseFd();
      segment.shape_.data_offset = kDataOffset;
      segment.note_ = "no free 2 MiB pages (vm.nr_hugepages), so ordinary ones";
    }
  }
  const uint64_t bytes = segment.shape_.bytes();
  if (segment.fd_ < 0) {
    if (bytes > room.bytes) {
      return NoMemory(bytes, Text(room.bound, " has room for ", FormatBytes(room.bytes), " more"));
    }
    segment.fd_ = MakeMemfd(0);
    if (segment.fd_ < 0) return SysError(-segment.fd_, "memfd_create");
    if (absl::Status status = segment.Reserve(); !status.ok()) return status;
  }
  if (fcntl(segment.fd_, F_ADD_SEALS, kSeals) != 0) return SysError(errno, "F_ADD_SEALS");
  if (absl::Status status = segment.Map(wishes); !status.ok()) return status;
  return segment;
}

absl::Status Segment::Reserve() {
  const uint64_t bytes = shape_.bytes();
  // Beyond this limit the kernel does not only fail but sends SIGXFSZ.
  rlimit file{};
  if (getrlimit(RLIMIT_FSIZE, &file) == 0 && file.rlim_cur != RLIM_INFINITY &&
      bytes > file.rlim_cur) {
    return NoMemory(bytes, Text("RLIMIT_FSIZE, ulimit -f, is ", FormatBytes(file.rlim_cur)));
  }
  // Only space that is reserved is sure to be there when it is touched.
  int error = ftruncate(fd_, static_cast<off_t>(bytes)) == 0 ? 0 : errno;
  if (error == 0) error = ReserveFile(fd_, 0, bytes);
  if (error != 0) return NoMemory(bytes, Text("fallocate: ", strerrorname_np(error)));
  return absl::OkStatus();
}

absl::StatusOr<Segment> Segment::Attach(int fd, const Shape& shape, const Wishes& wishes,
                                        bool same_uid) {
  Segment segment;
  segment.fd_ = fd;
  segment.shape_ = shape;
  // The seals first: only under them does the size that is read next stay what it is.
  const int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0) return Refused("is no memfd");
  if ((seals & kSeals) != kSeals)
    return Refused("is not sealed against shrinking, growing and further seals");
  struct stat file {};
  if (fstat(fd, &file) != 0) return SysError(errno, "fstat");
  if (shape.lane_bytes > (uint64_t{1} << 40) || shape.data_offset < kDataOffset ||
      shape.data_offset % kWordsBytes != 0 || !std::has_single_bit(shape.lane_bytes) ||
      static_cast<uint64_t>(file.st_size) != shape.bytes()) {
    return Refused(Text("has ", file.st_size, " bytes, which is not two lanes of ",
                        shape.lane_bytes, " behind ", shape.data_offset));
  }
  if (static_cast<uint64_t>(file.st_blocks) * 512 < shape.bytes())
    return Refused(Text("has only ", file.st_blocks * 512, " of its bytes reserved"));
  // A hole in huge pages that cannot be filled again is a SIGBUS.
  if (!same_uid && IsHuge(fd)) return Refused("has huge pages, which only one uid may share");
  if (absl::Status status = segment.Map(wishes); !status.ok()) return status;
  return segment;
}

absl::Status Segment::Map(const Wishes& wishes) {
  void* base = mmap(nullptr, shape_.bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (base == MAP_FAILED) return SysError(errno, Text("mmap of ", FormatBytes(shape_.bytes())));
  base_ = static_cast<std::byte*>(base);
  if (!Protect(wishes)) return SysError(errno, "mprotect");
  // A child that is forked and not replaced must not disturb what its parent shares.
  madvise(base, shape_.bytes(), MADV_DONTFORK);
  if (wishes.lock && mlock(base, shape_.bytes()) != 0) {
    return MakeStatus(Outcome::kRefused, Reason::kResource,
                      Text("mlock of ", FormatBytes(shape_.bytes()), ": ", strerrorname_np(errno),
                           "; RLIMIT_MEMLOCK (ulimit -l) bounds it: raise it, or leave out ?lock"));
  }
  return absl::OkStatus();
}

// What the other end stores is only read here. In huge pages the words of both share a page.
bool Segment::Protect(const Wishes& wishes) const {
  const int other = 1 - wishes.end;
  return mprotect(data(other), shape_.lane_bytes, PROT_READ) == 0 &&
         (shape_.data_offset == kHugePageBytes ||
          mprotect(words(other), kWordsBytes, PROT_READ) == 0);
}

RingLane Segment::lane(int number) const {
  return {reinterpret_cast<LaneWriterWords<>*>(words(number)),
          reinterpret_cast<LaneReaderWords<>*>(words(1 - number) + sizeof(LaneWriterWords<>)),
          data(number)};
}

Segment& Segment::operator=(Segment&& other) noexcept {
  std::swap(shape_, other.shape_);
  std::swap(fd_, other.fd_);
  std::swap(base_, other.base_);
  std::swap(note_, other.note_);
  return *this;
}

Segment::~Segment() {
  CloseFd();
  if (base_ != nullptr) munmap(base_, shape_.bytes());
}

void Segment::CloseFd() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

}  // namespace jackfield
