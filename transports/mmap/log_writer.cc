#include "transports/mmap/log_writer.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/sys.h"
#include "transports/engine/reserve_file.h"

namespace jackfield {

absl::StatusOr<std::unique_ptr<LogWriter>> LogWriter::Open(const std::string& path,
                                                           const LogOptions& options) {
  if (options.segment_bytes < kSegmentBytesMin || options.segment_bytes > kSegmentBytesMax ||
      options.segment_bytes % kSegmentBytesMin != 0) {
    return absl::InvalidArgumentError(Text(path, ": a segment is a multiple of ", kSegmentBytesMin,
                                           " bytes, at most ", kSegmentBytesMax));
  }
  absl::StatusOr<LogFile> file =
      LogFile::Open(path, LogFile::Access::kWrite, options.segment_bytes, options.ring_segments);
  if (!file.ok()) return file.status();
  std::unique_ptr<LogWriter> log(new LogWriter(*std::move(file)));
  for (uint32_t segment = 0; segment < log->file_.ring_segments(); ++segment) {
    if (absl::Status status = log->Allocate(segment); !status.ok()) return status;
  }
  if (absl::Status status = log->Recover(); !status.ok()) return status;
  return log;
}

// ---- Opening.

absl::Status LogWriter::Recover() {
  const LogMark mark = file_.ReadMark();
  position_ = mark.position;
  sequence_ = mark.sequence;
  marks_ = mark.count;
  generation_ = mark.generation;
  std::vector<std::byte> buffer;
  const uint64_t end = file_.segments() * file_.segment_bytes();
  const bool ring = file_.ring_segments() != 0;
  if (ring) {
    if (absl::Status status = FindNewestSegment(buffer); !status.ok()) return status;
  }
  if (position_ > end && !ring) {
    return MakeStatus(Outcome::kFailed, Reason::kCorrupt,
                      Text("the log ", file_.path(), " ends at byte ", kLogHeadBytes + end,
                           ", though it had been synced up to ", kLogHeadBytes + position_,
                           ": it was cut short. Restore it from a copy"));
  }
  while (position_ < end || ring) {
    absl::StatusOr<LogFile::Record> record = file_.Read(position_, buffer);
    if (!record.ok()) return record.status();
    const bool data = record->is == LogFile::Record::Is::kData;
    if (!data && record->is != LogFile::Record::Is::kFiller) break;
    // Left from before a cut, or from the lap before. (A rest too small for a filler has none.)
    if (data && record->header.sequence != sequence_ + 1) break;
    if (ring && record->is == LogFile::Record::Is::kFiller && record->header.commit != 0 &&
        record->header.sequence != sequence_)
      break;
    if (data) sequence_ = record->header.sequence;
    generation_ = std::max(generation_, record->header.generation);
    position_ = record->next;
  }
  if (absl::Status status = ZeroBehind(position_); !status.ok()) return status;
  if (ring && position_ > 0) {
    if (absl::Status status = EnterSegment((position_ - 1) / file_.segment_bytes()); !status.ok())
      return status;
  }
  // The mark says what is durable, and the generation must be before a record has it: so first
  // this.
  if (fdatasync(fd()) != 0) return SysError(errno, Text("sync the log ", file_.path()));
  synced_ = {position_, sequence_};
  published_ = sequence_;
  file_bytes_ = kLogHeadBytes + file_.segments() * file_.segment_bytes();
  ++generation_;
  marked_ = {~uint64_t{0}, 0};
  if (absl::Status status = MarkAt(synced_); !status.ok()) return status;
  if (fdatasync(fd()) != 0) return SysError(errno, Text("sync the log ", file_.path()));
  return absl::OkStatus();
}

uint16_t LogWriter::LapOf(uint64_t position) const {
  const uint64_t ring_bytes = file_.ring_segments() * file_.segment_bytes();
  return ring_bytes == 0 ? 0 : static_cast<uint16_t>(position / ring_bytes);
}

// What the mark says may have been written over since. Every segment that is in use begins with a
// record, and the highest of those tells where the writer was; a mark in there knows more.
absl::Status LogWriter::FindNewestSegment(std::vector<std::byte>& buffer) {
  const uint64_t bytes = file_.segment_bytes(), ring = file_.ring_segments();
  const uint64_t lap_near = std::max(position_, file_.ReadOldest()) / (ring * bytes);
  uint64_t newest = 0, sequence = 0;
  for (uint64_t segment = 0; segment < ring; ++segment) {
    const absl::StatusOr<LogFile::Record> first = file_.Read(segment * bytes, buffer);
    if (!first.ok()) return first.status();
    if (first->is != LogFile::Record::Is::kData || first->header.sequence <= sequence) continue;
    const auto ahead = static_cast<int16_t>(first->header.lap - static_cast<uint16_t>(lap_near));
    sequence = first->header.sequence;
    newest = (lap_near + static_cast<uint64_t>(int64_t{ahead})) * ring * bytes + segment * bytes;
  }
  if (sequence == 0 || newest <= position_) return absl::OkStatus();
  position_ = newest;
  sequence_ = sequence - 1;
  return absl::OkStatus();
}

absl::Status LogWriter::ZeroBehind(uint64_t position) {
  constexpr size_t kChunkBytes = 1 << 20;
  std::vector<std::byte> chunk(kChunkBytes);
  const std::vector<std::byte> zeros(4096);
  struct stat is {};
  if (fstat(fd(), &is) != 0) return SysError(errno, Text("look at the log ", file_.path()));
  auto file_bytes = static_cast<uint64_t>(is.st_size);
  const uint64_t begin = file_.OffsetOf(position);
  if (file_.ring_segments() != 0) {  // the rest of its segment; the others hold what is older
    const uint64_t within = position % file_.segment_bytes();
    const uint64_t left = within == 0 ? 0 : file_.segment_bytes() - within;
    file_bytes = std::min(file_bytes, begin + left);
  }
  for (uint64_t at = begin; at < file_bytes;) {
    // What was never written is a hole even where room for it is allocated.
    const off_t next = lseek(fd(), static_cast<off_t>(at), SEEK_DATA);
    if (next < 0 && errno == ENXIO) break;
    if (next > 0) at = static_cast<uint64_t>(next);
    const ssize_t got = pread(fd(), chunk.data(), std::min<uint64_t>(kChunkBytes, file_bytes - at),
                              static_cast<off_t>(at));
    if (got < 0) return SysError(errno, Text("read the log ", file_.path()));
    if (got == 0) break;
    for (size_t i = 0; i < static_cast<size_t>(got); i += zeros.size()) {
      const size_t bytes = std::min(zeros.size(), static_cast<size_t>(got) - i);
      const auto dirty =
          static_cast<uint64_t>(std::count_if(chunk.begin() + static_cast<ptrdiff_t>(i),
                                              chunk.begin() + static_cast<ptrdiff_t>(i + bytes),
                                              [](std::byte byte) { return byte != std::byte{0}; }));
      if (dirty == 0) continue;
      dropped_bytes_ += dirty;
      if (pwrite(fd(), zeros.data(), bytes, static_cast<off_t>(at + i)) !=
          static_cast<ssize_t>(bytes))
        return SysError(errno, Text("repair the log ", file_.path()));
    }
    at += static_cast<uint64_t>(got);
  }
  return absl::OkStatus();
}

// ---- Appending.

absl::Status LogWriter::Allocate(uint64_t segment) {
  if (segment < file_.segments()) return absl::OkStatus();
  const uint64_t bytes = file_.segment_bytes();
  const uint64_t begin = kLogHeadBytes + segment * bytes;
  // Beyond this limit the system would also raise SIGXFSZ, which kills (setrlimit(2)).
  rlimit limit{};
  int error = getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < begin + bytes ? EFBIG : 0;
  if (error == 0) {
    error = ReserveFile(fd(), begin, bytes);
    if (error != 0 && ftruncate(fd(), static_cast<off_t>(begin)) != 0) {
      // Part of the segment stays: it does not count as one, and the next attempt completes it.
    }
  }
  if (error == 0) {
    file_bytes_ = begin + bytes;
    return absl::OkStatus();
  }
  const char* name = strerrorname_np(error);
  return MakeStatus(
      Outcome::kRefused, Reason::kResource,
      Text("the log ", file_.path(), " cannot grow by another segment of ", bytes,
           " bytes: ", strerror(error), " (", name == nullptr ? "?" : name, "); ",
           error == EFBIG ? "RLIMIT_FSIZE (ulimit -f) or the file system's own limit is reached"
                          : "make room on its disk, or set a smaller ?segment= for a new log",
           "; what was appended before is kept"));
}

// Of a ring: from here on, what that segment held a lap ago may be written over.
absl::Status LogWriter::EnterSegment(uint64_t segment) {
  const uint32_t ring = file_.ring_segments();
  uint64_t oldest = segment + 1 <= ring ? 0 : (segment + 1 - ring) * file_.segment_bytes();
  // A writer that was killed may have entered the next one, and begun to write over what was there.
  if (const uint64_t raised = oldest + file_.segment_bytes(); file_.ReadOldest() == raised)
    oldest = raised;
  return file_.WriteOldest(oldest);
}

// Makes it the segment that records are gathered for.
absl::Status LogWriter::UseSegment(uint64_t segment) {
  if (segment_ == segment) return absl::OkStatus();
  // Before the file is made longer, which would hide it.
  if (absl::Status status = StillThere(); !status.ok()) {
    sequence_ = published_;
    return Break(std::move(status));
  }
  const uint64_t bytes = file_.segment_bytes();
  const bool ring = file_.ring_segments() != 0;
  const bool enters = position_ <= segment * bytes;
  if (absl::Status status = !ring    ? Allocate(segment)
                            : enters ? EnterSegment(segment)
                                     : absl::OkStatus();
      !status.ok())
    return status;
  constexpr std::byte kNoRecord[sizeof(RecordHeader)] = {};
  if (ring && enters) {
    if (absl::Status status = Write(kNoRecord, sizeof kNoRecord, segment * bytes); !status.ok()) {
      sequence_ = published_;
      return Break(std::move(status));
    }
  }
  // A filler may be due at the end of the one that was used till now.
  const uint64_t left = bytes - position_ % bytes;
  if (segment_ != kNoSegment && position_ / bytes == segment_ && left >= sizeof(RecordHeader))
    Gather(RecordKind::kFiller, sequence_, {}, static_cast<uint32_t>(left - sizeof(RecordHeader)));
  if (absl::Status status = Publish(); !status.ok()) return status;
  segment_ = segment;
  return absl::OkStatus();
}

absl::Status LogWriter::Append(std::span<const std::byte> payload) {
  if (!broken_.ok()) return broken_;
  const uint64_t bytes = file_.segment_bytes();
  if (payload.size() > file_.payload_bytes_max()) {
    return MakeStatus(
        Outcome::kRefused, Reason::kTooLarge,
        Text("a record of ", payload.size(), " bytes: the log ", file_.path(), " takes at most ",
             file_.payload_bytes_max(), " (its segment size less a header)"));
  }
  // The segment that the record's place is in comes first, as its rest may need a filler.
  if (position_ % bytes != 0) {
    if (absl::Status status = UseSegment(position_ / bytes); !status.ok()) return status;
  }
  if (const uint64_t left = bytes - position_ % bytes; RecordBytes(payload.size()) > left) {
    const uint64_t next = position_ / bytes + 1;
    if (absl::Status status = UseSegment(next); !status.ok()) return status;
    position_ = next * bytes;
  } else if (absl::Status status = UseSegment(position_ / bytes); !status.ok()) {
    return status;
  }
  Gather(RecordKind::kData, sequence_ + 1, payload, static_cast<uint32_t>(payload.size()));
  ++sequence_;
  position_ += RecordBytes(payload.size());
  return gathered_.size() < kGatheredBytes ? absl::OkStatus() : Publish();
}

// Behind what is gathered. A filler's own bytes are left as they are: nobody reads them.
void LogWriter::Gather(RecordKind kind, uint64_t sequence, std::span<const std::byte> payload,
                       uint32_t payload_bytes) {
  if (gathered_.empty()) gathered_at_ = position_;
  RecordHeader header{.commit = RecordHeader::kCommit,
                      .crc = 0,
                      .sequence = sequence,
                      .payload_bytes = payload_bytes,
                      .generation = generation_,
                      .kind = static_cast<uint16_t>(kind),
                      .lap = LapOf(position_),
                      .log_id_low = static_cast<uint32_t>(file_.log_id())};
  header.crc = CrcOfRecord(header, payload);
  const size_t at = gathered_.size();
  gathered_.resize(at + RecordBytes(payload.size()));
  std::memcpy(gathered_.data() + at, &header, sizeof header);
  if (!payload.empty())
    std::memcpy(gathered_.data() + at + sizeof header, payload.data(), payload.size());
}

absl::Status LogWriter::Write(const void* from, size_t bytes, uint64_t position) const {
  return file_.WriteTo(from, bytes, file_.OffsetOf(position));
}

absl::Status LogWriter::Break(absl::Status why) {
  gathered_.clear();
  return broken_ = std::move(why);
}

absl::Status LogWriter::StillThere() const {
  struct stat is {};
  if (fstat(fd(), &is) != 0) return SysError(errno, Text("look at the log ", file_.path()));
  const bool cut = static_cast<uint64_t>(is.st_size) < file_bytes_;
  if (!cut && is.st_nlink > 0) return absl::OkStatus();
  return MakeStatus(
      Outcome::kFailed, Reason::kCorrupt,
      Text("the log ", file_.path(), " was ", cut ? "cut short" : "removed",
           " by another program while it was being written: what was in it is gone. Whoever wants "
           "another log moves this one away, and lets it be opened again"));
}

// All but the first record's commit, which makes a reader see them all.
absl::Status LogWriter::Publish() {
  if (!broken_.ok() || gathered_.empty()) return broken_;
  if (absl::Status status = StillThere(); !status.ok()) {
    sequence_ = published_;
    return Break(std::move(status));
  }
  // Of a ring: no record of the lap before follows the last one.
  const uint64_t end = gathered_at_ % file_.segment_bytes() + gathered_.size();
  constexpr std::byte kNoCommit[sizeof(RecordHeader::commit)] = {};
  if (file_.ring_segments() != 0 && end < file_.segment_bytes())
    gathered_.insert(gathered_.end(), std::begin(kNoCommit), std::end(kNoCommit));
  std::memcpy(gathered_.data(), kNoCommit, sizeof kNoCommit);
  absl::Status status = Write(gathered_.data(), gathered_.size(), gathered_at_);
  if (!status.ok()) {
    sequence_ = published_;
    return Break(std::move(status));
  }
  const uint32_t commit = RecordHeader::kCommit;
  status = Write(&commit, sizeof commit, gathered_at_);
  if (status.ok()) status = StillThere();
  if (!status.ok()) return Break(std::move(status));
  gathered_.clear();
  published_ = sequence_;
  return absl::OkStatus();
}

// ---- Durability.

absl::Status LogWriter::MarkAt(SyncTarget place) {
  if (place.position == marked_.position) return absl::OkStatus();
  LogMark mark{.position = place.position,
               .sequence = place.sequence,
               .count = ++marks_,
               .generation = generation_,
               .crc = 0};
  if (absl::Status status = file_.WriteMark(mark); !status.ok()) return status;
  marked_ = place;
  return absl::OkStatus();
}

absl::StatusOr<LogWriter::SyncTarget> LogWriter::BeginSync() {
  if (absl::Status status = Publish(); !status.ok()) return status;
  // The mark that becomes durable with this sync covers what the last one did: were it ahead of
  // the records on the disk, a torn record would look like a rotten one.
  if (absl::Status status = MarkAt(synced_); !status.ok()) return status;
  return SyncTarget{position_, sequence_};
}

absl::Status LogWriter::EndSync(SyncTarget target, int error) {
  if (error != 0) {
    broken_ = MakeStatus(Outcome::kFailed, Reason::kResource,
                         Text("sync the log ", file_.path(), ": ", strerror(error), " (",
                              strerrorname_np(error), "); nobody knows which records after ",
                              synced_.sequence, " are on the disk; open the log again"));
    return broken_;
  }
  if (absl::Status status = StillThere(); !status.ok()) return Break(std::move(status));
  synced_ = target;
  return absl::OkStatus();
}

absl::Status LogWriter::Sync() {
  absl::StatusOr<SyncTarget> target = BeginSync();
  if (!target.ok()) return target.status();
  return EndSync(*target, fdatasync(fd()) == 0 ? 0 : errno);
}

absl::Status LogWriter::Close() {
  if (absl::Status status = Sync(); !status.ok()) return status;
  return Sync();  // whose mark covers the first
}

}  // namespace jackfield
