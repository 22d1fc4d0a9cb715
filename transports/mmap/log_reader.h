// One of any number of readers of a log. Each has a name, and a cursor under that name that
// outlives it: the file LOG.reader-NAME, so a reader goes on where the one before it of that name
// had got to.
//
//   absl::StatusOr<std::unique_ptr<LogReader>> reader = LogReader::Open(path, {.name = "billing"});
//   while (auto record = (*reader)->Next(); record.ok() && record->has_value()) Use(**record);
//   (*reader)->Commit();   // what was read is done with
//
// After a crash, of this program or of the machine, records after the last Commit are read again:
// at least once, never not at all. Records that a power cut took away after they were read (they
// were written, not synced) are noticed: the reader goes on at what was written since.
//
// Of a ring the writer may write over what a slow reader has not read: the reader goes on at the
// oldest record that is there, and lost() counts those that are gone.
//
// A damaged record stops the reader, which says where; it never skips one.
//
// Thread: its owner's.
#ifndef JACKFIELD_TRANSPORTS_MMAP_LOG_READER_H_
#define JACKFIELD_TRANSPORTS_MMAP_LOG_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/base/owned_fd.h"
#include "transports/engine/file_watch.h"
#include "transports/engine/records/record_source.h"
#include "transports/mmap/log_file.h"

namespace jackfield {

struct LogReaderOptions {
  std::string name;                                      // IsReaderName; empty: no cursor
  enum class From { kStart, kEnd } from = From::kStart;  // where a cursor begins
};

// At most 64 letters, digits, '-', '_' and '.'.
bool IsReaderName(std::string_view name);

class LogReader final : public RecordSource {
 public:
  // Errors: as LogFile::Open; ALREADY_EXISTS (a reader of that name is at work, and which process);
  // FAILED_PRECONDITION (the cursor is of another log).
  static absl::StatusOr<std::unique_ptr<LogReader>> Open(const std::string& path,
                                                         const LogReaderOptions& options);
  LogReader(const LogReader&) = delete;

  // The next record's payload, good until the next call; nullopt: none is there yet.
  // Errors: DATA_LOSS (damaged, and where; or the file was cut short); UNAVAILABLE (torn by a power
  // cut; the writer's next opening repairs it). Both stay until the log is repaired.
  absl::StatusOr<std::optional<std::span<const std::byte>>> Next() override;

  // Writes the cursor. Errors: RESOURCE_EXHAUSTED, FAILED (EIO …).
  absl::Status Commit() override;

  // A descriptor that is readable when the log has grown since: read it empty by ClearWake.
  absl::StatusOr<int> WakeFd();
  void ClearWake() const override { ClearFileWatch(wake_fd_.get()); }
  std::string WhichRecord() const override;

  uint64_t sequence() const { return cursor_.sequence; }  // of the last record read
  uint64_t position() const { return cursor_.position; }
  // Records that had been read under this name and that a power cut took from the log.
  uint64_t taken_back() const { return taken_back_; }
  // Records of a ring that were written over before they were read, since this reader was opened.
  uint64_t lost() const override { return missed_; }
  const LogFile& file() const { return file_; }

 private:
  // On the disk, in two places written in turn, so that one is always whole.
  struct Cursor {
    uint64_t log_id = 0;
    uint64_t position = 0;  // of the next record
    uint64_t last = 0;      // of the last one read
    uint64_t sequence = 0;  // of the last one read; 0: none
    uint64_t count = 0;     // of commits: the larger one is the newer
    uint32_t last_crc = 0;
    uint32_t generation = 0;  // of the last one read
    uint32_t unused = 0;
    uint32_t crc = 0;
  };
  static_assert(sizeof(Cursor) == 56);

  explicit LogReader(LogFile file) : file_(std::move(file)) {}
  absl::Status OpenCursor(const std::string& name, LogReaderOptions::From from);
  absl::Status GoToEnd();
  absl::Status CheckCursor();
  bool Overtaken();

  absl::Status Damaged(uint64_t position, bool torn) const;

  LogFile file_;
  OwnedFd cursor_fd_, wake_fd_;
  Cursor cursor_;
  std::vector<std::byte> buffer_;
  uint64_t taken_back_ = 0, missed_ = 0;
  bool joined_ = false;  // its first record is the oldest that is there: none before it was missed
  uint64_t end_seen_ = ~uint64_t{0};  // held against the mark already
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_MMAP_LOG_READER_H_
