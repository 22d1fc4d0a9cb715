#include "transports/file/recording.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/sys.h"
#include "transports/engine/sync_directory.h"
#include "transports/file/recording_format.h"

namespace jackfield {
namespace {

constexpr int kTriesMax = 1000;
constexpr useconds_t kBetweenTriesUs = 1000;

// type: F_WRLCK or F_UNLCK. False: another makes it.
bool LockToMake(int fd, short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_len = sizeof(RecordingIdentity);
  return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

}  // namespace

absl::StatusOr<Recording> Recording::Open(const std::string& path, Access access) {
  // A reader makes it as well, and for that it must write. O_NONBLOCK: a FIFO in its place does not
  // hold us up.
  OwnedFd fd(open(path.c_str(),
                  O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                  0600));
  // What only may be read can still be read.
  if (!fd.ok() && access == Access::kRead && (errno == EACCES || errno == EROFS))
    fd = OwnedFd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd.ok() && errno == ELOOP)
    return Recording(path, OwnedFd()).NotARecording("a symlink is not followed");
  if (!fd.ok()) return SysError(errno, Text("open the recording ", path));
  Recording recording(path, std::move(fd));
  struct stat is {};
  if (fstat(recording.fd(), &is) != 0) return SysError(errno, Text("look at ", path));
  if (!S_ISREG(is.st_mode)) return recording.NotARecording("it is not a plain file");
  if (is.st_uid != geteuid()) return recording.NotARecording(Text("it belongs to uid ", is.st_uid));
  for (int tries = 0; tries < kTriesMax; ++tries) {
    if (tries > 0) usleep(kBetweenTriesUs);
    const absl::StatusOr<bool> made = recording.Identify();
    if (!made.ok()) return made.status();
    if (*made) {
      if (access == Access::kRead || flock(recording.fd(), LOCK_SH | LOCK_NB) == 0)
        return recording;
      if (errno != EWOULDBLOCK && errno != EINTR)
        return SysError(errno, Text("lock the recording ", path));
      continue;
    }
    if (!LockToMake(recording.fd(), F_WRLCK)) continue;
    // Another may have made it since it was looked at.
    const absl::StatusOr<bool> meanwhile = recording.Identify();
    const absl::Status status = !meanwhile.ok() ? meanwhile.status()
                                : *meanwhile    ? absl::OkStatus()
                                                : recording.Make();
    if (!status.ok()) return status;
    // Kept, it would keep every other maker out for as long as this reader lives.
    if (!LockToMake(recording.fd(), F_UNLCK)) return SysError(errno, Text("unlock ", path));
  }
  return MakeStatus(
      Outcome::kRefused, Reason::kUnreachable,
      Text("the recording ", path, " is being made by another process, which does not get on"));
}

absl::Status Recording::NotARecording(std::string_view why) const {
  return absl::FailedPreconditionError(
      Text(path_, " is not a recording of this user (", why, "); it is left alone"));
}

absl::StatusOr<uint64_t> Recording::Bytes() const {
  struct stat is {};
  if (fstat(fd(), &is) != 0) return SysError(errno, Text("look at the recording ", path_));
  return static_cast<uint64_t>(is.st_size);
}

bool Recording::removed() const {
  struct stat is {};
  return fstat(fd(), &is) == 0 && is.st_nlink == 0;
}

absl::Status Recording::StillThere() const {
  const auto gone = [this](std::string_view what) {
    return MakeStatus(
        Outcome::kFailed, Reason::kCorrupt,
        Text("the recording ", path_, " ", what,
             " by another program while it was being written: what was in it is gone. "
             "A new channel begins it anew. Who wants to turn it over moves it away, and "
             "lets channels be opened again"));
  };
  RecordingIdentity identity{};
  const ssize_t got = pread(fd(), &identity, sizeof identity, 0);
  if (got < 0) return SysError(errno, Text("read the recording ", path_));
  if (got < static_cast<ssize_t>(sizeof identity) || identity.file_id != file_id_)
    return gone("was emptied");
  return removed() ? gone("was removed") : absl::OkStatus();
}

absl::Status Recording::SyncBeginning() const {
  if (fdatasync(fd()) != 0) return SysError(errno, Text("sync the recording ", path_));
  SyncDirectoryOf(path_);
  return absl::OkStatus();
}

absl::StatusOr<bool> Recording::Identify() {
  RecordingIdentity identity{};
  const ssize_t got = pread(fd(), &identity, sizeof identity, 0);
  if (got < 0) return SysError(errno, Text("read the recording ", path_));
  // Emptied, and then written to by one who had not noticed: records that belong to nothing.
  constexpr uint32_t kMarker = RecordingHeader::kMarker;
  if (got >= static_cast<ssize_t>(sizeof kMarker) &&
      std::memcmp(identity.magic, &kMarker, sizeof kMarker) == 0)
    return false;
  const size_t magic_bytes = std::min(static_cast<size_t>(got), sizeof identity.magic);
  if (std::memcmp(identity.magic, RecordingIdentity::kMagic, magic_bytes) != 0)
    return NotARecording("it does not begin as one");
  if (got < static_cast<ssize_t>(sizeof identity)) return false;
  if (identity.crc != CrcOfIdentity(identity)) return NotARecording("its beginning is damaged");
  file_id_ = identity.file_id;
  return true;
}

// Requires: nobody else makes it.
absl::Status Recording::Make() {
  const auto failed = [this](int error) {
    return SysError(error, Text("make the recording ", path_));
  };
  RecordingIdentity identity{};
  std::memcpy(identity.magic, RecordingIdentity::kMagic, sizeof identity.magic);
  if (getrandom(&identity.file_id, sizeof identity.file_id, 0) != sizeof identity.file_id)
    return failed(errno);
  identity.crc = CrcOfIdentity(identity);
  // What its last maker was cut off at.
  if (ftruncate(fd(), 0) != 0) return failed(errno);
  const ssize_t put = write(fd(), &identity, sizeof identity);
  return put == sizeof identity ? absl::OkStatus() : failed(put < 0 ? errno : ENOSPC);
}

}  // namespace jackfield
