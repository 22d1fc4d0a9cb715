#include "transports/file/recording_target.h"

#include <signal.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/engine/seamed.h"

namespace jackfield {
namespace {

// Beyond RLIMIT_FSIZE a write also raises SIGXFSZ, which kills (setrlimit(2)): it is held off while
// this lives, and taken back. It comes to the thread that writes.
class WithoutFileSizeSignal {
 public:
  WithoutFileSizeSignal() {
    rlimit limit{};
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
    sigemptyset(&signal_);
    sigaddset(&signal_, SIGXFSZ);
    active_ = pthread_sigmask(SIG_BLOCK, &signal_, &before_) == 0;
  }
  ~WithoutFileSizeSignal() {
    if (!active_) return;
    const timespec now{};
    if (sigismember(&before_, SIGXFSZ) == 0) sigtimedwait(&signal_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  WithoutFileSizeSignal(const WithoutFileSizeSignal&) = delete;

 private:
  sigset_t signal_{}, before_{};
  bool active_ = false;
};

}  // namespace

RecordingTarget::RecordingTarget(const Sys& sys, Recording recording)
    : sys_(sys), recording_(std::move(recording)), end_(recording_.Bytes().value_or(0)) {}

RecordTarget::Appended RecordingTarget::Append(Link& link, uint32_t first) {
  if (absl::Status status = recording_.StillThere(); !status.ok()) return {0, 0, std::move(status)};
  uint64_t batch_bytes = 0;
  uint32_t frames = 0;
  for (; frames < std::min(link.tx_frames() - first, kBatchFrames); ++frames) {
    const FrameRef& frame = link.NextTx(first + frames);
    if (frames > 0 && batch_bytes + RecordingBytes(frame.bytes) > kBatchBytes) break;
    RecordingHeader& header = headers_[frames];
    header = {.marker = RecordingHeader::kMarker,
              .crc = 0,
              .file_id = recording_.file_id(),
              .frame_bytes = frame.bytes,
              .mask = 0};
    const std::span<const std::byte> stored = Stored(frame, header.mask);
    header.crc = CrcOfRecording(header, stored);
    parts_[2 * frames] = {&header, sizeof header};
    parts_[2 * frames + 1] = {const_cast<std::byte*>(stored.data()), stored.size()};
    batch_bytes += RecordingBytes(frame.bytes);
  }
  const int64_t wrote = Write(static_cast<int>(2 * frames));
  masked_.clear();
  if (wrote < 0) return {0, 0, CutShort(static_cast<int>(-wrote), cut_bytes_)};
  if (!WentWhereItShould(static_cast<uint64_t>(wrote))) {
    absl::Status status = recording_.StillThere();
    if (status.ok()) {
      status = MakeStatus(
          Outcome::kFailed, Reason::kCorrupt,
          Text("the recording ", recording_.path(),
               " was cut short by another program while it was being written: what was at its end "
               "is gone. Who wants to turn it over moves it away, and lets channels be opened "
               "again"));
    }
    return {0, frames, std::move(status)};  // whoever reads from the beginning may find them
  }
  uint64_t left = static_cast<uint64_t>(wrote);
  uint32_t whole = 0;
  while (whole < frames && left >= RecordingBytes(link.NextTx(first + whole).bytes))
    left -= RecordingBytes(link.NextTx(first + whole++).bytes);
  // The next attempt says why, or succeeds: the rest of a record cannot be written behind it, where
  // another writer may have gone on.
  if (whole == 0 && (left == 0 || cut_bytes_ > 0)) return {0, 0, CutShort(EIO, left)};
  cut_bytes_ = whole == frames ? 0 : left;
  return {whole, 0, absl::OkStatus()};
}

// O_APPEND leaves the descriptor's position behind what was written. A file only grows: what went
// before the end there was shows that it has been cut.
bool RecordingTarget::WentWhereItShould(uint64_t bytes) {
  const off_t at = lseek(recording_.fd(), 0, SEEK_CUR);
  if (at < 0 || static_cast<uint64_t>(at) < end_ + bytes) return false;
  end_ = static_cast<uint64_t>(at);
  return true;
}

// The frame as it is, or a copy under a mask.
std::span<const std::byte> RecordingTarget::Stored(const FrameRef& frame, uint32_t& mask) {
  const std::span<const std::byte> bytes(frame.data, frame.bytes);
  if (!Holds(bytes, recording_.file_id())) [[likely]]
    return bytes;
  std::vector<std::byte> copy(bytes.begin(), bytes.end());
  // Drawn, so that nobody can write a frame for which all that are tried fail.
  do {
    Mask(copy, mask);
    if (getrandom(&mask, sizeof mask, 0) != sizeof mask) mask = mask * 1'664'525 + 1'013'904'223;
    Mask(copy, mask);
  } while (Holds(copy, recording_.file_id()));
  return masked_.emplace_back(std::move(copy));
}

absl::Status RecordingTarget::EndSync(int error) {
  if (error == 0) return recording_.StillThere();
  const char* name = strerrorname_np(error);
  broken_ = MakeStatus(Outcome::kFailed, Reason::kResource,
                       Text("sync the recording ", recording_.path(), ": ", strerror(error), " (",
                            name == nullptr ? "?" : name,
                            "); nobody knows which of the last messages are on the disk"));
  return broken_;
}

int64_t RecordingTarget::Write(int parts) {
  const WithoutFileSizeSignal without;
  return ThroughSeam(sys_, Site::kWrite, recording_.fd(),
                     [&] { return writev(recording_.fd(), parts_.data(), parts); });
}

absl::Status RecordingTarget::CutShort(int error, uint64_t cut_bytes) const {
  const char* name = strerrorname_np(error);
  return MakeStatus(
      Outcome::kRefused, Reason::kResource,
      Text("the recording ", recording_.path(), " cannot grow: ", strerror(error), " (",
           name == nullptr ? "?" : name, "); ",
           error == EFBIG ? "RLIMIT_FSIZE (ulimit -f) or the file system's own limit is reached"
           : error == ENOSPC || error == EDQUOT ? "make room on its disk"
                                                : "look at its disk",
           "; what was appended before is kept",
           cut_bytes > 0
               ? Text(", and of the last message ", cut_bytes, " bytes, which readers skip")
               : std::string()));
}

}  // namespace jackfield
