// What the supervisor hears by signals: that it is asked to stop (SIGINT, SIGTERM, SIGHUP), and
// that a child has ended (SIGCHLD).
//
// Thread: the main one, before others are started.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_SIGNALS_H_
#define JACKFIELD_TOOLS_SUPERVISOR_SIGNALS_H_

#include <sys/types.h>

#include <functional>

#include "absl/status/status.h"
#include "kernel/base/owned_fd.h"

namespace jackfield {

class Signals {
 public:
  // Blocks them for good; SIGPIPE is ignored, so that a closed stderr does not end the services
  // without a word. Errors: RESOURCE_EXHAUSTED (descriptors).
  absl::Status Block();

  int fd() const { return fd_.get(); }  // readable: there is something to take
  struct Heard {
    int stops = 0;  // how often it was asked to stop
    bool child = false;
  };
  Heard Take();

 private:
  OwnedFd fd_;
};

// Reaps the children that nobody else waits for: who loses its parent becomes a child of PID 1,
// which in a container this program may be. One that `is_service` says yes to is left alone, and
// ends this round: call again when it has been reaped.
void ReapOrphans(const std::function<bool(pid_t)>& is_service);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_SIGNALS_H_
