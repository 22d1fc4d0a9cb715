// A peer of a medium that has no connection to tell its end by: its process is watched.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_HUB_PROCESS_PEER_H_
#define JACKFIELD_TRANSPORTS_ENGINE_HUB_PROCESS_PEER_H_

#include <unistd.h>

#include "transports/engine/hub/hub_medium.h"

namespace jackfield {

// Owns: the pidfd.
class ProcessPeer : public HubPeer {
 public:
  explicit ProcessPeer(int pid_fd) : pid_fd_(pid_fd) {}
  ~ProcessPeer() override { close(pid_fd_); }
  int watch_fd() const override { return pid_fd_; }

 private:
  const int pid_fd_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_HUB_PROCESS_PEER_H_
