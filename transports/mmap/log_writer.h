// The one writer of a log: appends records to the file, and makes them durable.
//
//   absl::StatusOr<std::unique_ptr<LogWriter>> log = LogWriter::Open("/var/lib/kv/log", {});
//   (*log)->Append(payload);   // gathered
//   (*log)->Publish();         // written, once for many records: readers see them and are woken;
//                              // they survive the death of this process
//   (*log)->Sync();            // they survive a power cut
//
// A new segment is preallocated before anything is written to it, so a full disk refuses the record
// that does not fit and nothing that was appended before it is lost.
//
// Records are written by pwrite and not by stores to a mapping: where another program has cut the
// file, or a page cannot be had, a store kills by SIGBUS, and a write is answered. After each one
// the file is looked at: when it has been cut or removed, the log is broken, with the reason.
//
// Recovery, at opening: from the newest mark on, the log ends before the first record that is not
// whole; what lies behind it is zeroed, so that no old record can come back behind a new one. It
// reads only what it would also read after having been cut off itself, so it may be cut off
// anywhere and run again. What the mark covers was synced and is not judged here: a reader that
// finds it damaged says so.
//
// Thread: its owner's, but see SyncTarget.
#ifndef JACKFIELD_TRANSPORTS_MMAP_LOG_WRITER_H_
#define JACKFIELD_TRANSPORTS_MMAP_LOG_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transports/mmap/log_file.h"

namespace jackfield {

struct LogOptions {
  // Of a log that is made now; a multiple of 64 KiB, at most 4 GiB. One that is there keeps its
  // own.
  uint64_t segment_bytes = kSegmentBytesDefault;
  // 0: it grows. Else, 2 or more, a ring: allocated as a whole when it is made, and what is oldest
  // is written over. One that is there must be the same of the two, and keeps its own size.
  uint32_t ring_segments = 0;
};

class LogWriter {
 public:
  // Errors: as LogFile::Open, and INVALID_ARGUMENT (segment_bytes).
  static absl::StatusOr<std::unique_ptr<LogWriter>> Open(const std::string& path,
                                                         const LogOptions& options);
  // Its end leaves the log as it is: what is not synced is in the page cache, what is not published
  // is gone.
  LogWriter(const LogWriter&) = delete;

  // Gathers up to kGatheredBytes in memory, then publishes. Errors, and then the log is as it was:
  // INVALID_ARGUMENT (larger than a segment takes); RESOURCE_EXHAUSTED (ENOSPC, EDQUOT, EFBIG: no
  // room for the next segment). It can be tried again. And those of Publish.
  absl::Status Append(std::span<const std::byte> payload);
  static constexpr size_t kGatheredBytes = 256 << 10;

  // Writes what was gathered. Errors, and then the log takes no more: FAILED (EIO …; the file was
  // cut or removed: kCorrupt). What was gathered cannot be read then, and sequence() is that of the
  // last record that can; but when the last step failed it is perhaps there, and sequence() is its.
  absl::Status Publish();

  // Blocks: until everything appended is on the disk. Errors: FAILED (EIO): nobody knows what of
  // the last records is durable, and the log takes no more (fsync reports an error once, fsync(2)).
  absl::Status Sync();

  // Sync in three steps, of which the middle one may run on another thread:
  //   target = BeginSync();  error = fdatasync(fd()) == 0 ? 0 : errno;  EndSync(target, error);
  struct SyncTarget {
    uint64_t position = 0, sequence = 0;
  };
  absl::StatusOr<SyncTarget> BeginSync();
  absl::Status EndSync(SyncTarget target, int error);

  // Syncs, and says so in the mark, so that the next opening has nothing to look through.
  absl::Status Close();

  int fd() const { return file_.fd(); }
  const LogFile& file() const { return file_; }
  uint64_t position() const { return position_; }  // where the next record goes
  uint64_t sequence() const { return sequence_; }  // of the last record
  uint64_t published_sequence() const { return published_; }
  uint64_t synced_sequence() const { return synced_.sequence; }
  // What recovery threw away: bytes that were not zero, behind the end.
  uint64_t dropped_bytes() const { return dropped_bytes_; }

 private:
  explicit LogWriter(LogFile file) : file_(std::move(file)) {}
  absl::Status Recover();
  absl::Status FindNewestSegment(std::vector<std::byte>& buffer);
  absl::Status ZeroBehind(uint64_t position);
  uint16_t LapOf(uint64_t position) const;
  absl::Status UseSegment(uint64_t segment);
  absl::Status EnterSegment(uint64_t segment);
  absl::Status Allocate(uint64_t segment);
  absl::Status MarkAt(SyncTarget place);
  void Gather(RecordKind kind, uint64_t sequence, std::span<const std::byte> payload,
              uint32_t payload_bytes);
  absl::Status Write(const void* from, size_t bytes, uint64_t position) const;
  absl::Status StillThere() const;
  absl::Status Break(absl::Status why);

  LogFile file_;
  static constexpr uint64_t kNoSegment = ~uint64_t{0};
  uint64_t segment_ = kNoSegment;    // that gathered_ goes to, and that is allocated
  uint64_t file_bytes_ = 0;          // that the file has, if nobody has cut it
  std::vector<std::byte> gathered_;  // records for gathered_at_, in one segment
  uint64_t gathered_at_ = 0;
  uint64_t position_ = 0, sequence_ = 0, published_ = 0;
  uint32_t generation_ = 0;
  uint64_t marks_ = 0;
  SyncTarget synced_, marked_;
  uint64_t dropped_bytes_ = 0;
  absl::Status broken_;  // after a failed write or sync
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_MMAP_LOG_WRITER_H_
