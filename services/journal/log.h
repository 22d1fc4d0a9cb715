// A log in files: records are appended with numbers that count up, are read from any number on, and
// the oldest are dropped when there are too many, or when they are too old. No bus.
//
//   absl::StatusOr<std::unique_ptr<Log>> log = Log::Open("/var/lib/prices", {.bytes_max = 1 <<
//   30}); absl::StatusOr<uint64_t> sequence = (*log)->Append(payload, now_us); Log::Reader
//   reader(**log, 17); while (absl::StatusOr<std::optional<Record>> record = reader.Next(); …)
//
// It lies in a directory of its own: segments, named by the number of their first record
// (record.h), and `lock`, so that no second log opens it.
//
// What is appended has been handed to the system: it survives the process however that dies. A loss
// of power it survives once it is synced (LogOptions.sync_each, Sync). What a death has left half
// written at the end is found by its checksum and cut when the log is opened: cut_bytes tells.
//
// Thread: one; each function may wait for the disk. Ownership: outlives its readers.
#ifndef JACKFIELD_SERVICES_JOURNAL_LOG_H_
#define JACKFIELD_SERVICES_JOURNAL_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/base/duration.h"
#include "kernel/base/owned_fd.h"
#include "services/journal/record.h"

namespace jackfield::journal {

inline constexpr uint64_t kLogBytesLeast = 1 << 20;
inline constexpr uint64_t kLogBytesMost = uint64_t{1} << 40;

struct LogOptions {
  // Of all records in the files, heads included; the oldest are dropped a segment at a time: an
  // eighth of it, at most 16 MiB. kLogBytesLeast..kLogBytesMost
  uint64_t bytes_max = 64 << 20;
  nanoseconds age_max = 0s;  // older ones are dropped, by DropOld; 0s: none is too old
  bool sync_each = false;    // each record is on the disk before Append returns
};

class Log {
 public:
  // Makes the directory where there is none; its parent must be there. Errors: INVALID_ARGUMENT
  // (bytes_max), FAILED_PRECONDITION (another process has it: its pid), those of the system.
  static absl::StatusOr<std::unique_ptr<Log>> Open(const std::string& directory,
                                                   const LogOptions& options);
  Log(const Log&) = delete;

  // Returns its number. Errors, with which nothing was appended: INVALID_ARGUMENT (more than
  // kRecordPayloadMax bytes), RESOURCE_EXHAUSTED (no room on the disk), those of the system. After
  // one of Sync nobody knows what is on the disk, and it is the error of all that follows.
  absl::StatusOr<uint64_t> Append(std::span<const std::byte> payload, int64_t time_us);
  // What has been appended is on the disk when it returns.
  absl::Status Sync();
  // Of the segments whose newest record is older than age_max. now_us: of the wall clock.
  void DropOld(int64_t now_us);

  uint64_t first() const { return segments_.front().first; }  // last() + 1: there is none
  uint64_t last() const { return last_; }                     // 0: there was none
  uint64_t bytes() const { return bytes_; }
  uint64_t cut_bytes() const { return cut_bytes_; }  // when it was opened
  bool synced() const { return synced_; }
  const std::string& directory() const { return directory_; }

  // Reads on from a number, and waits for nobody: what is appended later is read by asking again.
  class Reader;

 private:
  struct Mark {  // a place from which a reader may begin
    uint64_t sequence;
    uint64_t offset;
  };
  struct Segment {
    uint64_t first = 0;
    uint64_t bytes = 0;
    int64_t newest_us = 0;
    std::vector<Mark> marks = {};  // in order
  };
  Log(std::string directory, const LogOptions& options);
  absl::Status Lock();
  absl::Status FindSegments();
  absl::Status ReadLast();
  absl::Status NewSegment();
  bool IsFull(size_t bytes) const;
  void DropFirst();
  void MarkEnd(Segment& segment, uint64_t sequence) const;
  std::string PathOf(const Segment& segment) const;
  absl::Status Failed(int error, std::string_view doing, std::string_view path) const;

  const std::string directory_;
  const LogOptions options_;
  const uint64_t segment_bytes_max_;
  OwnedFd lock_, file_;  // file_: of the last segment
  std::deque<Segment> segments_;
  uint64_t last_ = 0;
  uint64_t bytes_ = 0;
  uint64_t cut_bytes_ = 0;
  bool synced_ = true;
  absl::Status broken_;
};

class Log::Reader {
 public:
  // next: the number to begin with; a smaller one than first() is as good as that.
  Reader(const Log& log, uint64_t next) : log_(&log), next_(next) {}

  // nullopt: there is no more now. Where records are gone, or cannot be read, it goes on with the
  // first one behind them: their numbers are missing. Its payload is valid until the next call.
  // Errors: DATA_LOSS (the end of the log cannot be read), those of the system.
  absl::StatusOr<std::optional<Record>> Next();
  uint64_t next() const { return next_; }  // no smaller number will come

 private:
  absl::Status OpenSegment();
  const Log* log_;
  uint64_t next_;
  uint64_t segment_ = 0;  // its first number; 0: none is open
  OwnedFd file_;
  std::optional<RecordReader> records_;
};

}  // namespace jackfield::journal

#endif  // JACKFIELD_SERVICES_JOURNAL_LOG_H_
