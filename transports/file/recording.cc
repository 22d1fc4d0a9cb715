#include "transports/file/recording.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "kernel/outcome.h"
#include "kernel/sys.h"
#include "kernel/text.h"
#include "transports/engine/lock_owner.h"
#include "transports/engine/sync_directory.h"
#include "transports/file/recording_format.h"

namespace jackfield {
namespace {

constexpr int kTriesMax = 1000;
constexpr useconds_t kBetweenTriesUs = 1000;

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
      continue;
    }
    if (flock(recording.fd(), LOCK_EX | LOCK_NB) != 0) continue;
    // Another may have made it since it was looked at.
    const absl::StatusOr<bool> meanwhile = recording.Identify();
    const absl::Status status = !meanwhile.ok() ? meanwhile.status()
                                : *meanwhile    ? absl::OkStatus()
                                                : recording.Make();
    if (!status.ok()) return status;
    // Kept, it would keep every writer out for as long as this reader lives.
    if (flock(recording.fd(), LOCK_UN) != 0) return SysError(errno, Text("unlock ", path));
  }
  return MakeStatus(Outcome::kRefused, Reason::kUnreachable,
                    Text("the recording ", path, " is being made by ",
                         NameOfLockOwner(recording.fd()), ", which does not get on"));
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

absl::Status Recording::SyncBeginning() const {
  if (fdatasync(fd()) != 0) return SysError(errno, Text("sync the recording ", path_));
  SyncDirectoryOf(path_);
  return absl::OkStatus();
}

absl::StatusOr<bool> Recording::Identify() {
  RecordingIdentity identity{};
  const ssize_t got = pread(fd(), &identity, sizeof identity, 0);
  if (got < 0) return SysError(errno, Text("read the recording ", path_));
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
