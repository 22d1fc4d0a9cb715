// A System V queue has no descriptor to wait on: a thread waits in its place, and makes an eventfd
// readable. It takes nothing from the queue: it asks for a message of no bytes, which the system
// answers with E2BIG as soon as there is one, and leaves it where it is (msgrcv(2)).
//
// Thread: the node's, but for the one inside, which touches the queue's number, the two atomics and
// the eventfd only. It runs while the node rests, and sleeps else.
#ifndef JACKFIELD_TRANSPORTS_SYSV_WAITER_H_
#define JACKFIELD_TRANSPORTS_SYSV_WAITER_H_

#include <pthread.h>
#include <semaphore.h>

#include <atomic>
#include <memory>

#include "absl/status/statusor.h"
#include "kernel/loop/sys.h"

namespace jackfield::sysv {

class Waiter {
 public:
  // Errors: RESOURCE_EXHAUSTED (descriptors, threads).
  static absl::StatusOr<std::unique_ptr<Waiter>> Start(const Sys& sys, int id);
  // Removes the queue: nothing else ends a wait.
  ~Waiter();

  int event_fd() const { return event_fd_; }
  // From now on event_fd() becomes readable when there is a message, or the queue is gone.
  void Arm();
  // Before a look at the queue: takes back what the last wait has said.
  void Disarm();

 private:
  Waiter(int id, int event_fd) : id_(id), event_fd_(event_fd) { sem_init(&begin_, 0, 0); }
  void Run();

  const int id_;
  const int event_fd_;
  bool armed_ = false;               // the node's
  std::atomic<bool> said_{false};    // the eventfd has been written; set after it
  std::atomic<bool> ending_{false};  // to the thread: no further wait
  sem_t begin_;                      // not std::counting_semaphore, whose wait spins first
  pthread_t thread_{};
  bool started_ = false;
};

}  // namespace jackfield::sysv

#endif  // JACKFIELD_TRANSPORTS_SYSV_WAITER_H_
