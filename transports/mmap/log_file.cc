#include "transports/mmap/log_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/sys.h"
#include "transports/engine/lock_owner.h"
#include "transports/engine/records/record_source.h"
#include "transports/engine/reserve_file.h"
#include "transports/engine/sync_directory.h"

namespace jackfield {
namespace {

// Reads up to `bytes`; fewer at the end of the file. -errno on failure.
int64_t ReadAt(int fd, void* to, size_t bytes, uint64_t offset) {
  size_t done = 0;
  while (done < bytes) {
    const ssize_t got =
        pread(fd, static_cast<char*>(to) + done, bytes - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -errno;
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return static_cast<int64_t>(done);
}

// 0 or -errno.
int WriteAt(int fd, const void* from, size_t bytes, uint64_t offset) {
  for (size_t done = 0; done < bytes;) {
    const ssize_t put = pwrite(fd, static_cast<const char*>(from) + done, bytes - done,
                               static_cast<off_t>(offset + done));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return put < 0 ? -errno : -EIO;
    done += static_cast<size_t>(put);
  }
  return 0;
}

}  // namespace

absl::StatusOr<LogFile> LogFile::Open(const std::string& path, Access access,
                                      uint64_t segment_bytes, uint32_t ring_segments) {
  const int flags = access == Access::kWrite ? O_RDWR | O_CREAT : O_RDONLY;
  // O_NONBLOCK: a FIFO in its place does not hold us up.
  OwnedFd fd(open(path.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600));
  if (!fd.ok() && errno == ELOOP)
    return LogFile(path, OwnedFd()).NotALog("a symlink is not followed");
  if (!fd.ok()) return SysError(errno, Text("open the log ", path));
  LogFile log(path, std::move(fd));
  struct stat is {};
  if (fstat(log.fd(), &is) != 0) return SysError(errno, Text("look at the log ", path));
  if (!S_ISREG(is.st_mode)) return log.NotALog("it is not a plain file");
  if (is.st_uid != geteuid()) return log.NotALog(Text("it belongs to uid ", is.st_uid));
  if (const int error = access == Access::kWrite ? TakeLock(log.fd()) : 0; error != 0) {
    if (error != EWOULDBLOCK) return SysError(error, Text("lock the log ", path));
    return absl::AlreadyExistsError(
        Text("the log ", path, " has a writer already (", NameOfLockOwner(log.fd()),
             "), and takes one at a time: stop it, or write another log"));
  }
  if (absl::Status status = log.Identify(access, segment_bytes, ring_segments); !status.ok())
    return status;
  return log;
}

absl::Status LogFile::NotALog(std::string_view why) const {
  return absl::FailedPreconditionError(
      Text(path_, " is not a log of this user (", why, "); it is left alone"));
}

absl::Status LogFile::Identify(Access access, uint64_t segment_bytes, uint32_t ring_segments) {
  const int64_t got = ReadAt(fd_.get(), &identity_, sizeof identity_, 0);
  if (got < 0) return SysError(static_cast<int>(-got), Text("read the log ", path_));
  const bool whole = got == sizeof identity_ &&
                     std::memcmp(identity_.magic, LogIdentity::kMagic, 8) == 0 &&
                     IsWhole(identity_) && identity_.segment_bytes >= kSegmentBytesMin &&
                     identity_.segment_bytes <= kSegmentBytesMax &&
                     identity_.segment_bytes % kSegmentBytesMin == 0;
  if (whole && access == Access::kRead) return absl::OkStatus();
  if (whole && (identity_.ring_segments != 0) != (ring_segments != 0)) {
    return absl::FailedPreconditionError(ring_segments != 0
                                             ? Text("the log ", path_,
                                                    " grows; it was not made as a ring: leave "
                                                    "?mode=ring out, or write to another file")
                                             : Text("the log ", path_,
                                                    " is a ring: say ?mode=ring, or write to "
                                                    "another file"));
  }
  if (whole) {  // room for the marks, if that was cut off
    if (const int error = ReserveFile(fd_.get(), 0, kLogHeadBytes); error != 0)
      return SysError(error, Text("make the log ", path_));
    SyncDirectoryOf(path_);  // whoever made it may have been cut off before it did
    return absl::OkStatus();
  }
  // Cut off while it was being made: no segment yet, and no foreign byte.
  struct stat is {};
  if (fstat(fd_.get(), &is) != 0) return SysError(errno, Text("look at the log ", path_));
  char head[sizeof identity_] = {};
  std::memcpy(head, &identity_, static_cast<size_t>(got));
  bool ours = static_cast<uint64_t>(is.st_size) <= kLogHeadBytes;
  for (size_t i = 0; i < 8; ++i) ours = ours && (head[i] == 0 || head[i] == LogIdentity::kMagic[i]);
  if (!ours) return NotALog("it does not begin as one");
  if (access == Access::kRead) {
    return MakeStatus(Outcome::kRefused, Reason::kUnreachable,
                      Text("the log ", path_, " is being made; is its writer running?"));
  }
  return Make(segment_bytes, ring_segments);
}

absl::Status LogFile::Make(uint64_t segment_bytes, uint32_t ring_segments) {
  identity_ = {};
  std::memcpy(identity_.magic, LogIdentity::kMagic, 8);
  if (getrandom(&identity_.log_id, sizeof identity_.log_id, 0) != sizeof identity_.log_id)
    return SysError(errno, "getrandom");
  identity_.segment_bytes = segment_bytes;
  identity_.ring_segments = ring_segments;
  identity_.crc = CrcOfBlock(identity_);
  int error = ReserveFile(fd_.get(), 0, kLogHeadBytes);
  if (error == 0) error = -WriteAt(fd_.get(), &identity_, sizeof identity_, 0);
  if (error == 0 && fdatasync(fd_.get()) != 0) error = errno;
  if (error != 0) return SysError(error, Text("make the log ", path_));
  SyncDirectoryOf(path_);
  return absl::OkStatus();
}

uint64_t LogFile::segments() const {
  struct stat is {};
  if (fstat(fd_.get(), &is) != 0 || static_cast<uint64_t>(is.st_size) < kLogHeadBytes) return 0;
  return (static_cast<uint64_t>(is.st_size) - kLogHeadBytes) / segment_bytes();
}

LogMark LogFile::ReadMark() const {
  LogMark newest{};
  for (const uint64_t offset : kMarkOffsets) {
    LogMark mark{};
    if (ReadAt(fd_.get(), &mark, sizeof mark, offset) == sizeof mark && IsWhole(mark) &&
        mark.count > newest.count)
      newest = mark;
  }
  return newest;
}

absl::Status LogFile::WriteMark(LogMark mark) const {
  mark.crc = CrcOfBlock(mark);
  return WriteTo(&mark, sizeof mark, kMarkOffsets[mark.count % 2]);
}

uint64_t LogFile::ReadOldest() const {
  uint64_t oldest = 0;
  return ReadAt(fd_.get(), &oldest, sizeof oldest, kOldestOffset) == sizeof oldest ? oldest : 0;
}

absl::Status LogFile::WriteOldest(uint64_t position) const {
  return WriteTo(&position, sizeof position, kOldestOffset);
}

absl::Status LogFile::WriteTo(const void* from, size_t bytes, uint64_t offset) const {
  const int error = WriteAt(fd_.get(), from, bytes, offset);
  return error == 0 ? absl::OkStatus() : SysError(-error, Text("write to the log ", path_));
}

absl::StatusOr<LogFile::Record> LogFile::Read(uint64_t position,
                                              std::vector<std::byte>& buffer) const {
  Record record;
  const uint64_t left = segment_bytes() - position % segment_bytes();
  if (left < sizeof(RecordHeader)) {  // no room for a filler even
    record.is = Record::Is::kFiller;
    record.next = position + left;
    return record;
  }
  const auto failed = [&](int64_t got) {
    return CannotRead(static_cast<int>(-got), Text("the log ", path_));
  };
  const uint64_t offset = OffsetOf(position);
  int64_t got = ReadAt(fd_.get(), &record.header, sizeof record.header, offset);
  if (got < 0) return failed(got);
  if (got < static_cast<int64_t>(sizeof record.header)) {
    // Segments are whole, and at most the next one is not there yet; of a ring, at most all.
    struct stat is {};
    const bool begins = position == 0 || (position % segment_bytes() == 0 && ring_segments() == 0);
    if (!begins || fstat(fd(), &is) != 0 || static_cast<uint64_t>(is.st_size) < offset)
      record.is = Record::Is::kCut;
    return record;
  }
  const RecordHeader& header = record.header;
  if (header.commit == 0) return record;
  const uint64_t bytes = RecordBytes(header.payload_bytes);
  const auto kind = static_cast<RecordKind>(header.kind);
  record.is = Record::Is::kBad;
  if (header.commit != RecordHeader::kCommit || bytes > left ||
      header.log_id_low != static_cast<uint32_t>(log_id()) ||
      (kind != RecordKind::kData && (kind != RecordKind::kFiller || bytes != left)))
    return record;
  record.next = position + bytes;
  if (kind == RecordKind::kFiller) {
    if (header.crc == CrcOfRecord(header, {})) record.is = Record::Is::kFiller;
    return record;
  }
  if (buffer.size() < header.payload_bytes) buffer.resize(header.payload_bytes);
  got = ReadAt(fd_.get(), buffer.data(), header.payload_bytes, offset + sizeof header);
  if (got < 0) return failed(got);
  if (got < static_cast<int64_t>(header.payload_bytes)) return record;
  record.payload = {buffer.data(), header.payload_bytes};
  if (header.crc == CrcOfRecord(header, record.payload)) record.is = Record::Is::kData;
  return record;
}

}  // namespace jackfield
