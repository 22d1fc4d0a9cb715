// What writer and reader of a log have in common: the open file, what it is, its mark, and how a
// record is read and judged.
//
// Thread: its owner's. Reading and writing are calls, not accesses to a mapping: a file that
// somebody cuts short is then a short read or a longer file, and not SIGBUS.
#ifndef JACKFIELD_TRANSPORTS_MMAP_LOG_FILE_H_
#define JACKFIELD_TRANSPORTS_MMAP_LOG_FILE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/base/owned_fd.h"
#include "transports/mmap/log_format.h"

namespace jackfield {

class LogFile {
 public:
  enum class Access { kRead, kWrite };

  // Opens a log that is there; for kWrite, makes one if there is none, or if what is there was cut
  // off while it was being made. ring_segments: of one that is made; 0: it grows.
  // Errors: UNAVAILABLE (none there); FAILED_PRECONDITION (something that is not a log of this
  // user: left alone; or a log of another segment size); DATA_LOSS; RESOURCE_EXHAUSTED (ENOSPC …).
  static absl::StatusOr<LogFile> Open(const std::string& path, Access access,
                                      uint64_t segment_bytes, uint32_t ring_segments = 0);

  const std::string& path() const { return path_; }
  int fd() const { return fd_.get(); }
  uint64_t log_id() const { return identity_.log_id; }
  uint64_t segment_bytes() const { return identity_.segment_bytes; }
  uint32_t ring_segments() const { return identity_.ring_segments; }  // 0: it is no ring
  uint64_t payload_bytes_max() const { return segment_bytes() - sizeof(RecordHeader); }

  // Where in the file a position is.
  uint64_t OffsetOf(uint64_t position) const {
    const uint64_t bytes = identity_.segment_bytes;
    const uint32_t ring = identity_.ring_segments;
    return kLogHeadBytes + (ring == 0 ? position : position % (ring * bytes));
  }
  // Of a ring: what is before it has been written over. Read after a record was read, it tells
  // whether that was still whole.
  uint64_t ReadOldest() const;
  absl::Status WriteOldest(uint64_t position) const;
  // Errors: RESOURCE_EXHAUSTED, FAILED (EIO …).
  absl::Status WriteTo(const void* from, size_t bytes, uint64_t offset) const;

  // Whole segments that the file has now.
  uint64_t segments() const;

  // The newer of the two marks that are whole; all zeros if none is.
  LogMark ReadMark() const;
  // Writes the mark after `last`. The caller syncs.
  absl::Status WriteMark(LogMark mark) const;

  struct Record {
    enum class Is { kData, kFiller, kEnd, kBad, kCut } is = Is::kEnd;
    RecordHeader header{};
    uint64_t next = 0;                   // the position after it
    std::span<const std::byte> payload;  // in the buffer, until the next read
  };
  // Reads and judges what is at `position`. kEnd: nothing is there yet. kBad: something that is no
  // whole record: torn by a power cut, or rotten. kCut: the file ends before it.
  // Errors: FAILED (EIO …).
  absl::StatusOr<Record> Read(uint64_t position, std::vector<std::byte>& buffer) const;

 private:
  LogFile(std::string path, OwnedFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  absl::Status Identify(Access access, uint64_t segment_bytes, uint32_t ring_segments);
  absl::Status Make(uint64_t segment_bytes, uint32_t ring_segments);
  absl::Status NotALog(std::string_view why) const;

  std::string path_;
  OwnedFd fd_;
  LogIdentity identity_{};
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_MMAP_LOG_FILE_H_
