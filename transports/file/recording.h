// A recording as an open file: made if it is not there, its identity read, its lock taken.
//
// A writer holds a shared lock (flock) for its life. Nobody needs it to write; it tells others who
// is at work (`jackfield ls --resources`). While the file is made its maker holds another lock
// (F_OFD_SETLK), so that a file which somebody has emptied can be made anew although writers of
// what was there still have it open: they find another identity, and end.
//
// Thread: its owner's. Blocks: at most a second, while another program makes the file.
#ifndef JACKFIELD_TRANSPORTS_FILE_RECORDING_H_
#define JACKFIELD_TRANSPORTS_FILE_RECORDING_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "kernel/base/owned_fd.h"

namespace jackfield {

class Recording {
 public:
  enum class Access { kRead, kAppend };

  // Errors: FAILED_PRECONDITION (something that is not a recording of this user: left alone);
  // UNAVAILABLE (another program has been making it for a second); RESOURCE_EXHAUSTED (ENOSPC …);
  // PERMISSION_DENIED.
  static absl::StatusOr<Recording> Open(const std::string& path, Access access);

  const std::string& path() const { return path_; }
  int fd() const { return fd_.get(); }
  uint64_t file_id() const { return file_id_; }
  // Errors: FAILED (EIO …).
  absl::StatusOr<uint64_t> Bytes() const;
  // Is the file still what was opened? Errors: FAILED (somebody has removed it, or cut it and its
  // identity off; kCorrupt), FAILED (EIO …).
  absl::Status StillThere() const;
  // Reads who the file is by now: another than before when it was made anew. False: it is not made.
  // Errors: FAILED_PRECONDITION (something else), FAILED (EIO …).
  absl::StatusOr<bool> Identify();
  bool removed() const;  // it has no name any more
  // Makes the file, its name and what it holds durable, so that what is synced behind it is found
  // after a power cut. Blocks: on the disk. Errors: FAILED (EIO …).
  absl::Status SyncBeginning() const;

 private:
  Recording(std::string path, OwnedFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  absl::Status Make();
  absl::Status NotARecording(std::string_view why) const;

  std::string path_;
  OwnedFd fd_;
  uint64_t file_id_ = 0;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_FILE_RECORDING_H_
