#include "transports/file/recording_reader.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/engine/seamed.h"
#include "transports/file/recording_format.h"

namespace jackfield {
namespace {

constexpr size_t kNone = ~size_t{0};

}  // namespace

absl::StatusOr<std::unique_ptr<RecordingReader>> RecordingReader::Open(const Sys& sys,
                                                                       const std::string& path,
                                                                       From from) {
  absl::StatusOr<Recording> recording = Recording::Open(path, Recording::Access::kRead);
  if (!recording.ok()) return recording.status();
  std::unique_ptr<RecordingReader> reader(new RecordingReader(sys, *std::move(recording)));
  reader->file_offset_ = sizeof(RecordingIdentity);
  if (from == From::kStart) return reader;
  const absl::StatusOr<uint64_t> bytes = reader->recording_.Bytes();
  if (!bytes.ok()) return bytes.status();
  reader->file_offset_ = std::max<uint64_t>(*bytes, sizeof(RecordingIdentity));
  reader->joining_ = true;
  return reader;
}

absl::StatusOr<OwnedFd> RecordingReader::Watch() {
  absl::StatusOr<OwnedFd> watch =
      WatchFile(recording_.fd(), Text("the recording ", recording_.path()));
  if (watch.ok()) wake_fd_ = watch->get();
  return watch;
}

std::string RecordingReader::WhichRecord() const {
  return Text("the record before byte ", file_offset_);
}

RecordingReader::Cut RecordingReader::CutAt(size_t offset) const {
  const size_t here = end_ - at_ - offset;
  const std::byte* data = buffer_.data() + at_ + offset;
  RecordingHeader header;
  Cut cut;
  if (here < sizeof header) {
    cut.is = Cut::Is::kShort;
    cut.bytes = sizeof header;
    return cut;
  }
  std::memcpy(&header, data, sizeof header);
  if (header.marker != RecordingHeader::kMarker || header.file_id != recording_.file_id() ||
      header.frame_bytes < kHeaderBytes || header.frame_bytes > kFrameBytesMaxDefault)
    return cut;
  cut.bytes = RecordingBytes(header.frame_bytes);
  if (here < cut.bytes) {
    cut.is = Cut::Is::kShort;
    return cut;
  }
  const std::span<const std::byte> frame(data + sizeof header, header.frame_bytes);
  if (header.crc != CrcOfRecording(header, frame)) return cut;
  cut.is = Cut::Is::kWhole;
  cut.frame = frame;
  cut.mask = header.mask;
  return cut;
}

// Where the next marker begins, or what may be one: its first bytes at the end of the buffer.
size_t RecordingReader::FindMarker(size_t offset) const {
  constexpr uint32_t kMarker = RecordingHeader::kMarker;
  for (size_t i = at_ + offset; i < end_; ++i) {
    const void* first = std::memchr(buffer_.data() + i, static_cast<int>(kMarker & 0xff), end_ - i);
    if (first == nullptr) return kNone;
    i = static_cast<size_t>(static_cast<const std::byte*>(first) - buffer_.data());
    if (std::memcmp(&kMarker, first, std::min(sizeof kMarker, end_ - i)) == 0) return i - at_;
  }
  return kNone;
}

// So that at least `bytes` from at_ on are in the buffer. False: the file has no more yet.
absl::StatusOr<bool> RecordingReader::ReadMore(size_t bytes) {
  if (at_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
    end_ -= at_;
    at_ = 0;
  }
  const size_t want = (bytes + kReadBytes - 1) / kReadBytes * kReadBytes;
  if (buffer_.size() < want) buffer_.resize(want);
  const int64_t got = ThroughSeam(sys_, Site::kRead, recording_.fd(), [this] {
    return pread(recording_.fd(), buffer_.data() + end_, buffer_.size() - end_,
                 static_cast<off_t>(file_offset_ + end_));
  });
  if (got < 0) return CannotRead(static_cast<int>(-got), Text("the recording ", recording_.path()));
  end_ += static_cast<size_t>(got);
  if (got > 0) return true;
  const absl::StatusOr<uint64_t> size = recording_.Bytes();
  if (!size.ok()) return size.status();
  if (*size < file_offset_ + end_) return GoOnAfterCut(recording_.file_id());
  if (!recording_.removed()) return false;
  return MakeStatus(Outcome::kFailed, Reason::kCorrupt,
                    Text("the recording ", recording_.path(),
                         " was removed by another program: nothing more can come from it"));
}

// id_before: the file's, when it was cut. False: there is nothing to be read yet.
absl::StatusOr<bool> RecordingReader::GoOnAfterCut(uint64_t id_before) {
  ++torn_;
  in_torn_ = false;
  at_ = end_ = 0;
  searched_ = 1;
  const absl::StatusOr<bool> made = recording_.Identify();
  if (!made.ok()) return made.status();
  unmade_ = !*made;
  file_offset_ = sizeof(RecordingIdentity);
  if (unmade_ || recording_.file_id() != id_before) return *made;
  // Of what is left all has been read.
  const absl::StatusOr<uint64_t> size = recording_.Bytes();
  if (!size.ok()) return size.status();
  file_offset_ = std::max<uint64_t>(*size, sizeof(RecordingIdentity));
  joining_ = true;
  return true;
}

void RecordingReader::Drop(size_t bytes) {
  at_ += bytes;
  file_offset_ += bytes;
  searched_ = 1;
}

// What is at at_ is no whole record. True: it is to be judged again, since a whole one lies behind
// it, and is at at_ now, or since more was read, which may be the rest of it.
absl::StatusOr<bool> RecordingReader::SkipTorn() {
  // Of a file that was made anew the old bytes are no end of anything.
  const uint64_t id_before = recording_.file_id();
  const absl::StatusOr<bool> made = recording_.Identify();
  if (!made.ok()) return made.status();
  if (!*made || recording_.file_id() != id_before) return GoOnAfterCut(id_before);
  size_t unfinished = kNone;  // the first place that more bytes may turn out to be a record
  for (size_t at = searched_;; ++at) {
    at = FindMarker(at);
    if (at == kNone) {
      const size_t read = end_ - at_;
      searched_ = std::min(unfinished, read);
      if (searched_ > 2 * kRecordingBytesMax) {  // rubbish without end is not kept
        if (!joining_) torn_bytes_ += searched_, in_torn_ = true;
        Drop(searched_);
        searched_ = 0;
      }
      return ReadMore(end_ - at_ + 1);
    }
    const Cut cut = CutAt(at);
    if (cut.is == Cut::Is::kWhole) {
      if (!joining_) torn_bytes_ += at, ++torn_;
      in_torn_ = false;
      Drop(at);
      return true;
    }
    if (cut.is == Cut::Is::kShort) unfinished = std::min(unfinished, at);
  }
}

absl::StatusOr<std::optional<std::span<const std::byte>>> RecordingReader::Next() {
  if (unmade_) {
    const absl::StatusOr<bool> made = recording_.Identify();
    if (!made.ok()) return made.status();
    if (!*made) return std::nullopt;
    unmade_ = false;
  }
  for (;;) {
    const Cut cut = in_torn_ ? Cut{} : CutAt(0);
    if (cut.is == Cut::Is::kWhole) {
      if (cut.mask != 0) [[unlikely]]
        Mask({buffer_.data() + (cut.frame.data() - buffer_.data()), cut.frame.size()}, cut.mask);
      Drop(cut.bytes);
      joining_ = false;
      ++records_;
      return cut.frame;
    }
    if (cut.is == Cut::Is::kShort) {
      const absl::StatusOr<bool> more = ReadMore(cut.bytes);
      if (!more.ok()) return more.status();
      if (*more) continue;
      if (at_ == end_) return std::nullopt;
    }
    const absl::StatusOr<bool> again = SkipTorn();
    if (!again.ok()) return again.status();
    if (!*again) return std::nullopt;
  }
}

}  // namespace jackfield
