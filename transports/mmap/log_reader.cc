#include "transports/mmap/log_reader.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/sys.h"
#include "transports/engine/lock_owner.h"

namespace jackfield {
namespace {

constexpr size_t kNameBytesMax = 64;
constexpr off_t kCursorOffsets[2] = {0, 512};  // in different sectors

using Is = LogFile::Record::Is;

}  // namespace

bool IsReaderName(std::string_view name) {
  return name.size() <= kNameBytesMax && std::all_of(name.begin(), name.end(), [](char c) {
           return isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
         });
}

absl::StatusOr<std::unique_ptr<LogReader>> LogReader::Open(const std::string& path,
                                                           const LogReaderOptions& options) {
  if (!IsReaderName(options.name)) {
    return absl::InvalidArgumentError(
        Text("a reader's name has at most ", kNameBytesMax, " letters, digits, '-', '_' and '.'"));
  }
  absl::StatusOr<LogFile> file = LogFile::Open(path, LogFile::Access::kRead, 0);
  if (!file.ok()) return file.status();
  std::unique_ptr<LogReader> reader(new LogReader(*std::move(file)));
  if (absl::Status status = reader->OpenCursor(options.name, options.from); !status.ok())
    return status;
  return reader;
}

absl::Status LogReader::OpenCursor(const std::string& name, LogReaderOptions::From from) {
  const auto begin = [&] {
    cursor_ = {};
    cursor_.log_id = file_.log_id();
    if (file_.ring_segments() != 0) {
      cursor_.position = file_.ReadOldest();
      joined_ = cursor_.position > 0;
    }
    const absl::Status status = from == LogReaderOptions::From::kEnd ? GoToEnd() : absl::OkStatus();
    missed_ = 0;
    return status;
  };
  if (name.empty()) return begin();
  const std::string path = Text(file_.path(), ".reader-", name);
  cursor_fd_ = OwnedFd(
      open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600));
  if (!cursor_fd_.ok()) return SysError(errno, Text("open the cursor ", path));
  struct stat is {};
  if (fstat(cursor_fd_.get(), &is) != 0 || !S_ISREG(is.st_mode) || is.st_uid != geteuid()) {
    return absl::FailedPreconditionError(
        Text(path, " is not a plain file of this user; it is left alone"));
  }
  if (const int error = TakeLock(cursor_fd_.get()); error != 0) {
    if (error != EWOULDBLOCK) return SysError(error, Text("lock the cursor ", path));
    return absl::AlreadyExistsError(Text("a reader named ", name, " of the log ", file_.path(),
                                         " is at work (", NameOfLockOwner(cursor_fd_.get()),
                                         "): stop it, or read under another name"));
  }
  Cursor newest;
  for (const off_t offset : kCursorOffsets) {
    Cursor cursor;
    if (pread(cursor_fd_.get(), &cursor, sizeof cursor, offset) == sizeof cursor &&
        IsWhole(cursor) && cursor.count > newest.count)
      newest = cursor;
  }
  if (newest.count == 0) {  // a new name, or one that was cut off before its first commit
    if (absl::Status status = begin(); !status.ok()) return status;
    return Commit();  // so that "the end" stays where it was
  }
  if (newest.log_id != file_.log_id()) {
    return absl::FailedPreconditionError(
        Text("the cursor ", path, " is of another log than the one that ", file_.path(),
             " is now; remove the cursor to read this log from its start or end"));
  }
  cursor_ = newest;
  return CheckCursor();
}

absl::Status LogReader::GoToEnd() {
  const LogMark mark = file_.ReadMark();
  cursor_.position = mark.position;
  cursor_.sequence = mark.sequence;
  cursor_.generation = mark.generation;
  cursor_.last = ~uint64_t{0};
  for (;;) {
    auto record = Next();
    if (!record.ok()) return record.status();
    if (!record->has_value()) return absl::OkStatus();
  }
}

// Is the last record that was read still the one that was read? If not, a power cut took it away,
// and what is there now is of a later generation: the first such is the next to read.
absl::Status LogReader::CheckCursor() {
  if (cursor_.sequence == 0 || cursor_.last == ~uint64_t{0}) return absl::OkStatus();
  if (file_.ring_segments() != 0 && cursor_.last < file_.ReadOldest()) return absl::OkStatus();
  absl::StatusOr<LogFile::Record> last = file_.Read(cursor_.last, buffer_);
  if (!last.ok()) return last.status();
  if (last->is == Is::kData && last->header.sequence == cursor_.sequence &&
      last->header.crc == cursor_.last_crc && last->header.generation == cursor_.generation)
    return absl::OkStatus();
  if (file_.ring_segments() != 0) {  // what is still there of it is all new
    cursor_.position = file_.ReadOldest();
    cursor_.last = ~uint64_t{0};
    return absl::OkStatus();
  }
  const uint64_t had_read = cursor_.sequence;
  const uint64_t segments = file_.segments();
  uint64_t segment =
      segments == 0 ? 0 : std::min(cursor_.last / file_.segment_bytes(), segments - 1);
  for (; segment > 0; --segment) {
    absl::StatusOr<LogFile::Record> first = file_.Read(segment * file_.segment_bytes(), buffer_);
    if (!first.ok()) return first.status();
    if ((first->is == Is::kData || first->is == Is::kFiller) &&
        first->header.generation <= cursor_.generation)
      break;
  }
  cursor_.position = segment * file_.segment_bytes();
  cursor_.last = ~uint64_t{0};
  const uint32_t read_generation = cursor_.generation;
  uint64_t sequence = 0;
  while (cursor_.position / file_.segment_bytes() < segments) {
    absl::StatusOr<LogFile::Record> record = file_.Read(cursor_.position, buffer_);
    if (!record.ok()) return record.status();
    if (record->is == Is::kBad && cursor_.position < file_.ReadMark().position)
      return Damaged(cursor_.position, /*torn=*/false);
    if (record->is == Is::kEnd || record->is == Is::kBad || record->is == Is::kCut) break;
    if (record->is == Is::kData) {
      if (record->header.generation > read_generation) {
        sequence = record->header.sequence - 1;
        break;
      }
      sequence = record->header.sequence;
    }
    cursor_.position = record->next;
  }
  cursor_.sequence = sequence;
  taken_back_ = had_read > sequence ? had_read - sequence : 0;
  return absl::OkStatus();
}

absl::Status LogReader::Damaged(uint64_t position, bool torn) const {
  const std::string where = Text("the log ", file_.path(), ", at byte ", file_.OffsetOf(position),
                                 ", after record ", cursor_.sequence);
  if (torn) {
    return absl::UnavailableError(
        Text(where,
             ": the next record is not whole, as after a power cut; the next start of the "
             "log's writer repairs it"));
  }
  return MakeStatus(Outcome::kFailed, Reason::kCorrupt,
                    Text(where,
                         ": a record that had been synced is damaged; what follows it is "
                         "not read. Restore the file from a copy"));
}

// Has the writer of a ring written over the place of the cursor? Then it is moved to the oldest
// one.
bool LogReader::Overtaken() {
  const uint64_t oldest = file_.ReadOldest();
  if (cursor_.position >= oldest) return false;
  cursor_.position = oldest;
  cursor_.last = end_seen_ = ~uint64_t{0};
  return true;
}

absl::StatusOr<std::optional<std::span<const std::byte>>> LogReader::Next() {
  bool tried_again = false;
  for (;;) {
    absl::StatusOr<LogFile::Record> record = file_.Read(cursor_.position, buffer_);
    if (!record.ok()) return record.status();
    const bool ring = file_.ring_segments() != 0;
    if (ring && Overtaken()) continue;  // what was read is perhaps not what was written there
    const uint64_t expected = cursor_.sequence + 1;
    if (ring && record->is == Is::kData && record->header.sequence != expected) {
      if (record->header.sequence < expected) {
        record->is = Is::kEnd;  // of the lap before: the writer has not come here yet
      } else {
        if (!joined_) missed_ += record->header.sequence - expected;
        cursor_.sequence = record->header.sequence - 1;
      }
    }
    if (record->is == Is::kFiller) {
      // The rest of a segment, and the next one may not be there yet.
      cursor_.position = record->next;
      continue;
    }
    if (record->is == Is::kData && record->header.sequence == cursor_.sequence + 1) {
      joined_ = false;
      cursor_.last = cursor_.position;
      cursor_.last_crc = record->header.crc;
      cursor_.generation = record->header.generation;
      cursor_.sequence = record->header.sequence;
      cursor_.position = record->next;
      return record->payload;
    }
    if (record->is == Is::kCut) {
      return MakeStatus(
          Outcome::kFailed, Reason::kCorrupt,
          Text("the log ", file_.path(), " was cut short by another program before byte ",
               file_.OffsetOf(cursor_.position), ", after record ", cursor_.sequence,
               ": nothing more can be read from it"));
    }
    // Nothing there, again: most often a reader that keeps looking.
    if (record->is == Is::kEnd && end_seen_ == cursor_.position) return std::nullopt;
    const bool synced = cursor_.position < file_.ReadMark().position;
    if (record->is == Is::kEnd && !synced) {
      end_seen_ = cursor_.position;
      return std::nullopt;
    }
    // It may have been read in the very moment in which it was written.
    if (std::exchange(tried_again, true) == false) continue;
    return Damaged(cursor_.position, !synced);
  }
}

absl::Status LogReader::Commit() {
  if (!cursor_fd_.ok()) return absl::OkStatus();
  Cursor next = cursor_;
  ++next.count;
  next.crc = CrcOfBlock(next);
  if (pwrite(cursor_fd_.get(), &next, sizeof next, kCursorOffsets[next.count % 2]) != sizeof next) {
    return SysError(errno, Text("write a cursor of the log ", file_.path()));
  }
  cursor_ = next;
  return absl::OkStatus();
}

absl::StatusOr<int> LogReader::WakeFd() {
  if (wake_fd_.ok()) return wake_fd_.get();
  absl::StatusOr<OwnedFd> watch = WatchFile(file_.fd(), Text("the log ", file_.path()));
  if (!watch.ok()) return watch.status();
  wake_fd_ = *std::move(watch);
  return wake_fd_.get();
}

std::string LogReader::WhichRecord() const { return Text("record ", sequence()); }

}  // namespace jackfield
