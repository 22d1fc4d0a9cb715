// One service that has been started, as a process (process.h) or as a thread (thread.h).
//
// Thread: the supervisor's, all of it; its watcher is called from the node's loop, never from
// inside a call made here.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_RUNNING_H_
#define JACKFIELD_TOOLS_SUPERVISOR_RUNNING_H_

#include <cstddef>
#include <string>
#include <vector>

#include "kernel/address.h"

namespace jackfield {

// How a service ended.
struct Ending {
  int exit_status = 0;
  int signal = 0;                // that killed it, or 0
  std::string ToString() const;  // "was killed by SIGKILL", "exited with 1"
  bool clean() const { return exit_status == 0 && signal == 0; }
};

class RunningService {
 public:
  // Told, about the service of that index in the plan, what happens to it.
  class Watcher {
   public:
    // It serves at these addresses, in the order in which they were asked for. At most once.
    virtual void OnReady(size_t service, const std::vector<Address>& addresses) = 0;
    // Exactly once, and the last.
    virtual void OnEnded(size_t service, const Ending& ending) = 0;

   protected:
    ~Watcher() = default;
  };

  explicit RunningService(size_t service) : service_(service) {}
  // Requires: it has ended, or the program ends now.
  virtual ~RunningService() = default;

  // Its place in the plan has become this one.
  void SetService(size_t service) { service_ = service; }

  virtual void AskToStop() = 0;           // SIGTERM, or what comes to the same
  virtual void Kill() = 0;                // at once
  virtual std::string where() const = 0;  // "pid 4121", "a thread"
  virtual int pid() const = 0;            // 0: a thread

 protected:
  size_t service() const { return service_; }

 private:
  size_t service_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_RUNNING_H_
