// Waits for descriptors. Two of them behind one interface, chosen at run time: io_uring, and an
// epoll twin for systems that forbid io_uring.
//
// Thread: the node's.
#ifndef JACKFIELD_KERNEL_LOOP_REACTOR_H_
#define JACKFIELD_KERNEL_LOOP_REACTOR_H_

#include <poll.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "kernel/loop/sys.h"

namespace jackfield {

// One wait, owned by whoever starts it; it must stay where it is until `done` has been called.
struct Op {
  // result: the events that are ready (POLLIN …), or -errno (-ECANCELED after Cancel).
  using Done = void (*)(Op& op, int32_t result);

  Op(Done on_done, void* who) : done(on_done), user(who) {}
  Op(const Op&) = delete;

  const Done done;
  void* const user;
  bool pending = false;
  int fd = -1;             // for the reactor
  uint32_t events = 0;     // for the reactor
  Op* next = nullptr;      // for the reactor
  Op* previous = nullptr;  // for the reactor
};

class Reactor {
 public:
  virtual ~Reactor() = default;
  virtual std::string_view name() const = 0;

  // Completes once, when one of `events` (POLLIN, POLLOUT; errors and hang-up always) holds, now or
  // later, but never from inside this call. Nothing reaches the kernel before the next Poll or
  // Wait: one system call for all. Requires: !op.pending; at most one pending Op for each
  // descriptor and direction.
  virtual void Start(Op& op, int fd, uint32_t events) = 0;

  // The op completes with -ECANCELED, or with what it had already; in a later Poll or Wait, never
  // here. Requires: the descriptor is still open.
  virtual void Cancel(Op& op) = 0;

  // Is something worth a Poll? Reads memory only; a reactor that cannot know says true, and
  // costs_to_ask() as well.
  virtual bool MayHaveCompletions() = 0;
  virtual bool costs_to_ask() const = 0;

  // Takes completions that are there and calls their `done`. Does not sleep. Returns how many; or
  // -errno when the system refuses to go on, now and for good (but what is cancelled completes
  // still): then MoveTo is all that is left.
  virtual int Poll() = 0;

  // The same, but sleeps until there is one or the timeout is over (< 0: none). May return early.
  virtual int Wait(int64_t timeout_ns) = 0;

  // For who sleeps elsewhere, on fd(). Flush hands over what was started, and comes before each
  // such sleep. True: fd() becomes readable when there is something to Poll for. False: do not
  // sleep, but Poll; a reactor whose descriptor does not tell (io_uring) says that always.
  virtual int fd() const = 0;
  virtual bool Flush() = 0;

  // Hands its ops over to `other`, which goes on waiting for them; those that have failed or were
  // cancelled complete in this call. Requires: Poll or Wait has returned an error.
  virtual void MoveTo(Reactor& other) = 0;

  virtual uint32_t pending() const = 0;  // ops that have not completed
};

// Both are tried once before they are given out. Errors: RESOURCE_EXHAUSTED, PERMISSION_DENIED,
// UNIMPLEMENTED: it cannot be had here; instead of io_uring, use the other.
absl::StatusOr<std::unique_ptr<Reactor>> MakeUringReactor(const Sys& sys, uint32_t entries);
absl::StatusOr<std::unique_ptr<Reactor>> MakeEpollReactor(const Sys& sys);

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_LOOP_REACTOR_H_
