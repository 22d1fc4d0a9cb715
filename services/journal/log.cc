#include "services/journal/log.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "jackfield/node.h"
#include "kernel/base/text.h"
#include "kernel/base/units.h"

namespace jackfield::journal {
namespace {

constexpr uint64_t kSegmentBytesMax = 16 << 20;
constexpr uint64_t kMarkBytes = 64 << 10;  // between two of them
constexpr std::string_view kSuffix = ".log";
constexpr size_t kDigits = 20;

// The number that a segment is named by; nullopt: it is none.
std::optional<uint64_t> FirstOf(std::string_view name) {
  if (name.size() != kDigits + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  uint64_t number = 0;
  for (const char c : name.substr(0, kDigits)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  return number;
}

}  // namespace

Log::Log(std::string directory, const LogOptions& options)
    : directory_(std::move(directory)),
      options_(options),
      segment_bytes_max_(std::min(options.bytes_max / 8, kSegmentBytesMax)) {}

absl::StatusOr<std::unique_ptr<Log>> Log::Open(const std::string& directory,
                                               const LogOptions& options) {
  if (options.bytes_max < kLogBytesLeast || options.bytes_max > kLogBytesMost) {
    return absl::InvalidArgumentError(Text("a log has ", FormatBytes(kLogBytesLeast), " to ",
                                           FormatBytes(kLogBytesMost), ", not ",
                                           FormatBytes(options.bytes_max)));
  }
  std::unique_ptr<Log> log(new Log(directory, options));
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return log->Failed(errno, "make the directory", directory);
  for (const auto step : {&Log::Lock, &Log::FindSegments, &Log::ReadLast}) {
    if (absl::Status status = (*log.*step)(); !status.ok()) return status;
  }
  return log;
}

absl::Status Log::Failed(int error, std::string_view doing, std::string_view path) const {
  absl::Status status = SysError(error, Text(doing, " ", path));
  if (error != ENOSPC && error != EDQUOT) return status;
  return absl::ResourceExhaustedError(Text(std::string(status.message()),
                                           "  try: room on that disk, or a smaller bound than ",
                                           FormatBytes(options_.bytes_max)));
}

absl::Status Log::Lock() {
  const std::string path = directory_ + "/lock";
  lock_ = OwnedFd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock_.ok()) return Failed(errno, "open", path);
  char pid[24] = {};
  if (flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Failed(errno, "lock", path);
    if (pread(lock_.get(), pid, sizeof pid - 1, 0) < 0) pid[0] = 0;
    return absl::FailedPreconditionError(Text("the log in ", directory_, " is in use by pid ",
                                              std::atoi(pid),
                                              "  try: another directory, or to end that process"));
  }
  const int length = std::snprintf(pid, sizeof pid, "%d\n", getpid());
  if (ftruncate(lock_.get(), 0) != 0 ||
      pwrite(lock_.get(), pid, static_cast<size_t>(length), 0) < 0)
    return Failed(errno, "write", path);
  return absl::OkStatus();
}

std::string Log::PathOf(const Segment& segment) const {
  char name[kDigits + kSuffix.size() + 1];
  std::snprintf(name, sizeof name, "%020llu.log", static_cast<unsigned long long>(segment.first));
  return Text(directory_, "/", name);
}

absl::Status Log::FindSegments() {
  DIR* names = opendir(directory_.c_str());
  if (names == nullptr) return Failed(errno, "read the directory", directory_);
  while (const dirent* entry = readdir(names)) {
    if (const std::optional<uint64_t> first = FirstOf(entry->d_name); first.value_or(0) != 0)
      segments_.push_back({.first = *first});
  }
  closedir(names);
  std::sort(segments_.begin(), segments_.end(),
            [](const Segment& a, const Segment& b) { return a.first < b.first; });
  for (Segment& segment : segments_) {
    struct stat status;
    if (stat(PathOf(segment).c_str(), &status) != 0)
      return Failed(errno, "look at", PathOf(segment));
    segment.bytes = static_cast<uint64_t>(status.st_size);
    segment.newest_us = int64_t{status.st_mtim.tv_sec} * 1'000'000 + status.st_mtim.tv_nsec / 1000;
    bytes_ += segment.bytes;
  }
  return absl::OkStatus();
}

void Log::MarkEnd(Segment& segment, uint64_t sequence) const {
  if (segment.bytes >= (segment.marks.empty() ? 0 : segment.marks.back().offset) + kMarkBytes)
    segment.marks.push_back({sequence, segment.bytes});
}

// Reads it through, and cuts off what is no record.
absl::Status Log::ReadLast() {
  if (segments_.empty()) return NewSegment();
  Segment& segment = segments_.back();
  const std::string path = PathOf(segment);
  file_ = OwnedFd(open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
  if (!file_.ok()) return Failed(errno, "open", path);
  const uint64_t bytes = std::exchange(segment.bytes, 0);
  RecordReader records(file_.get(), 0, segment.first);
  last_ = segment.first - 1;
  while (records.Next().has_value()) {
    segment.bytes = records.offset();
    MarkEnd(segment, ++last_ + 1);
  }
  if (records.why() == RecordReader::Why::kError) return Failed(errno, "read", path);
  cut_bytes_ = bytes - segment.bytes;
  bytes_ -= cut_bytes_;
  if (cut_bytes_ != 0 && ftruncate(file_.get(), static_cast<off_t>(segment.bytes)) != 0)
    return Failed(errno, "cut", path);
  return absl::OkStatus();
}

absl::Status Log::NewSegment() {
  if (absl::Status status = Sync(); !status.ok()) return status;
  const Segment segment{.first = last_ + 1};
  const std::string path = PathOf(segment);
  OwnedFd file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600));
  if (!file.ok()) return Failed(errno, "make", path);
  file_ = std::move(file);
  segments_.push_back(segment);
  // Its name is on the disk, too, when its first record is.
  const OwnedFd directory(open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.ok() || fsync(directory.get()) != 0) return Failed(errno, "sync", directory_);
  return absl::OkStatus();
}

bool Log::IsFull(size_t bytes) const {
  const Segment& segment = segments_.back();
  return segment.bytes != 0 && segment.bytes + bytes > segment_bytes_max_;
}

void Log::DropFirst() {
  unlink(PathOf(segments_.front()).c_str());
  bytes_ -= segments_.front().bytes;
  segments_.pop_front();
}

absl::StatusOr<uint64_t> Log::Append(std::span<const std::byte> payload, int64_t time_us) {
  if (!broken_.ok()) return broken_;
  if (payload.size() > kRecordPayloadMax) {
    return absl::InvalidArgumentError(
        Text("a record of ", payload.size(), " bytes; ", kRecordPayloadMax, " are the limit"));
  }
  const size_t bytes = RecordBytes(payload.size());
  if (IsFull(bytes)) {
    if (absl::Status status = NewSegment(); !status.ok()) return status;
  }
  while (segments_.size() > 1 && bytes_ + bytes > options_.bytes_max) DropFirst();
  Segment& segment = segments_.back();
  RecordHead head = HeadOf({.sequence = last_ + 1, .time_us = time_us, .payload = payload});
  uint64_t zeros = 0;
  iovec parts[] = {{&head, sizeof head},
                   {const_cast<std::byte*>(payload.data()), payload.size()},
                   {&zeros, bytes - sizeof head - payload.size()}};
  ssize_t written;
  do {
    written = writev(file_.get(), parts, 3);
  } while (written < 0 && errno == EINTR);
  if (written != static_cast<ssize_t>(bytes)) {
    const int error = written < 0 ? errno : ENOSPC;
    if (written > 0 && ftruncate(file_.get(), static_cast<off_t>(segment.bytes)) != 0)
      broken_ = Failed(errno, "cut", PathOf(segment));
    return Failed(error, "append to", PathOf(segment));
  }
  synced_ = false;
  segment.bytes += bytes;
  segment.newest_us = time_us;
  bytes_ += bytes;
  ++last_;
  MarkEnd(segment, last_ + 1);
  if (options_.sync_each) {
    if (absl::Status status = Sync(); !status.ok()) return status;
  }
  return last_;
}

absl::Status Log::Sync() {
  if (!broken_.ok() || synced_) return broken_;
  if (fdatasync(file_.get()) != 0) return broken_ = Failed(errno, "sync", PathOf(segments_.back()));
  synced_ = true;
  return absl::OkStatus();
}

void Log::DropOld(int64_t now_us) {
  if (options_.age_max == 0s || !broken_.ok()) return;
  const int64_t oldest_us = now_us - options_.age_max.count() / 1000;
  // The last one too, when all of it is old: its numbers go on in an empty one.
  if (segments_.back().bytes != 0 && segments_.back().newest_us < oldest_us) {
    if (!NewSegment().ok()) return;  // the next Append says why
  }
  while (segments_.size() > 1 && segments_.front().newest_us < oldest_us) DropFirst();
}

// ---- Reading.

absl::Status Log::Reader::OpenSegment() {
  const Segment* segment = &log_->segments_.front();
  for (const Segment& other : log_->segments_) {
    if (other.first <= next_) segment = &other;
  }
  const std::string path = log_->PathOf(*segment);
  file_ = OwnedFd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file_.ok()) return log_->Failed(errno, "open", path);
  Mark begin{segment->first, 0};
  for (const Mark& mark : segment->marks) {
    if (mark.sequence <= next_) begin = mark;
  }
  segment_ = segment->first;
  records_.emplace(file_.get(), begin.offset, begin.sequence);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Record>> Log::Reader::Next() {
  while (next_ <= log_->last()) {
    if (segment_ == 0) {
      next_ = std::max(next_, log_->first());
      if (next_ > log_->last()) break;
      if (absl::Status status = OpenSegment(); !status.ok()) return status;
    }
    if (const std::optional<Record> record = records_->Next()) {
      if (record->sequence < next_) continue;
      next_ = record->sequence + 1;
      return record;
    }
    if (records_->why() == RecordReader::Why::kError)
      return log_->Failed(errno, "read", log_->directory_);
    const auto behind =
        std::find_if(log_->segments_.begin(), log_->segments_.end(),
                     [this](const Segment& segment) { return segment.first > segment_; });
    if (behind == log_->segments_.end()) {
      return absl::DataLossError(Text("record ", next_, " of the log in ", log_->directory_,
                                      " cannot be read, nor what is behind it"));
    }
    next_ = std::max(next_, behind->first);
    segment_ = 0;
  }
  return std::nullopt;
}

}  // namespace jackfield::journal
