// The processes of one measurement: started, watched, asked to end, and reaped however it ends.
//
//   Children children;
//   children.Start("server", …);
//   children.Start("client", …);
//   absl::Status status = children.Await(limit_ns);
//
// Thread: the one that starts them; no other in the process.
#ifndef JACKFIELD_TOOLS_BENCH_CHILDREN_H_
#define JACKFIELD_TOOLS_BENCH_CHILDREN_H_

#include <sched.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace jackfield::bench {

// Under SCHED_FIFO a process that spins lets nobody of its own priority run on its CPU, who watches
// it least of all. So while this lives the watcher stands one above its children: by rising, or
// where it may not, by lowering them.
class Above {
 public:
  Above();
  ~Above();
  Above(const Above&) = delete;
  void InChild() const;  // called in each of them

 private:
  int policy_ = 0;
  int priority_ = 0;  // before
  bool real_time_ = false, raised_ = false;
};

class Children {
 public:
  Children() = default;
  // Kills all that still run, and only then reaps them: one that shares a CPU with another that
  // spins cannot even die before that does.
  ~Children();
  Children(const Children&) = delete;

  // Starts a process that ends with what `body` returns. `name` is for messages, a literal. It is
  // asked to end (SIGTERM) if this one dies. Returns its number; -1: it could not be started.
  pid_t Start(std::string_view name, const std::function<int()>& body);

  // Waits until all have ended. Once one has, the others get kOtherSideNs; once one has failed, or
  // we are asked to stop, or limit_ns is over, none. Who is left then is asked to end, and killed
  // if that does not help within kOtherSideNs, or when we are asked again. Errors: UNKNOWN (one
  // ended with another status than 0), ABORTED (one was killed; or the limit was reached), each
  // with its name; CANCELLED (a signal asked to stop).
  absl::Status Await(int64_t limit_ns);

  // For who waits for them in another way (system_calls.h).
  std::vector<pid_t> running() const;
  void Reaped(pid_t pid, int wait_status);
  void Signal(int number) const;  // to all that run
  absl::Status Ending() const;    // of the first that did not end well

 private:
  struct Child {
    std::string_view name;
    pid_t pid = -1;
    int pid_fd = -1;
    int wait_status = 0;
    bool running = true;
  };
  absl::Status EndingOf(const Child& child) const;

  const Above above_;
  std::vector<Child> children_;
};

// When one side has ended the other has nothing to wait for.
inline constexpr int64_t kOtherSideNs = 3'000'000'000;

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_CHILDREN_H_
