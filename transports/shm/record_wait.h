// One record of a fixed size, expected on a connected unix stream socket within a time, with the
// descriptors that come along. It may come in pieces.
//
// Thread: the node's. Owns: the socket, and the descriptors until they are taken.
#ifndef JACKFIELD_TRANSPORTS_SHM_RECORD_WAIT_H_
#define JACKFIELD_TRANSPORTS_SHM_RECORD_WAIT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "kernel/loop/loop.h"
#include "kernel/loop/timers.h"
#include "transports/engine/fd_wait.h"

namespace jackfield {

class RecordWait {
 public:
  // Comes once, from the node's loop. OK: `record` is filled. Errors: UNAVAILABLE (the end came
  // first), DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED (no room for the descriptors).
  using Done = void (*)(void* owner, const absl::Status& status);

  RecordWait(Loop& loop, int socket_fd, std::span<std::byte> record, int64_t timeout_ns, Done done,
             void* owner);
  ~RecordWait();

  int socket_fd() const { return wait_.fd(); }
  // After the end, each once: hands over what came.
  int ReleaseSocket() { return wait_.Take().Release(); }
  std::vector<int>& fds() { return fds_; }

 private:
  void OnReady();
  void Finish(const absl::Status& status);

  Loop& loop_;
  const std::span<std::byte> record_;
  const Done done_;
  void* const owner_;
  FdWait wait_;
  Timer timer_;
  size_t filled_bytes_ = 0;
  std::vector<int> fds_;  // those not taken are closed
};

// Sends a whole record at once; its room in a fresh socket is certain. Errors: as sendmsg(2).
absl::Status SendRecord(const Sys& sys, int socket_fd, std::span<const std::byte> record,
                        std::span<const int> fds);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHM_RECORD_WAIT_H_
