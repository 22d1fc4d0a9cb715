// A peer of a medium that has no connection to tell its end by: its process is watched.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_HUB_PROCESS_PEER_H_
#define JACKFIELD_TRANSPORTS_ENGINE_HUB_PROCESS_PEER_H_

#include <unistd.h>

#include <cerrno>
#include <string>

#include "absl/status/status.h"
#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/sys.h"
#include "transports/engine/hub/hub_medium.h"
#include "transports/engine/owner.h"
#include "transports/engine/turn_away.h"

namespace jackfield {

// Owns: the descriptor, a pidfd or whatever else becomes readable.
class ProcessPeer : public HubPeer {
 public:
  explicit ProcessPeer(int pid_fd) : pid_fd_(pid_fd) {}
  ~ProcessPeer() override { close(pid_fd_); }
  int watch_fd() const override { return pid_fd_; }

 private:
  const int pid_fd_;
};

// Why WatchProcess has failed with `error`; either end may be told so.
inline absl::Status CannotWatch(int error, const ProcessName& peer) {
  if (error == -kProcessUnseen) {
    return MakeStatus(
        Outcome::kRefused, Reason::kPermission,
        "the two ends live in different pid namespaces, or one of them has no /proc that shows the "
        "other, so neither could notice the other's death: use unix:, shm: or mq:");
  }
  if (error == EMFILE || error == ENFILE) return NoDescriptorLeft(error);
  return SysError(error, Text("watch process ", peer.pid));
}

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_HUB_PROCESS_PEER_H_
