// A link over a segment: the ring engine, with what is shm's own: how the ends wake each other, and
// how one learns that the other has died.
//
// While both ends are awake they make no system call: a bell is rung only for an end that said that
// it sleeps. Two ends are waited for all the time, by waits that are started once: the hang-up of
// the rendezvous socket, and the death of the process at its other end (pidfd), whose io_uring or
// forked child may hold the socket for seconds more. A stopped process is slow, not dead.
//
// Thread: the node's. Owns: the segment and all descriptors of the connection.
#ifndef JACKFIELD_TRANSPORTS_SHM_SHM_DRIVER_H_
#define JACKFIELD_TRANSPORTS_SHM_SHM_DRIVER_H_

#include <memory>
#include <optional>

#include "kernel/link.h"
#include "kernel/loop/loop.h"
#include "transports/engine/fd_wait.h"
#include "transports/engine/ring/ring_driver.h"
#include "transports/shm/segment.h"
#include "transports/shm/uid_quota.h"

namespace jackfield {

// What two ends that have met share, as one of them has it. The descriptors belong to whoever has
// this; they are non-blocking.
struct ShmMeeting {
  Segment segment;
  int end = 0;           // which one this is: 0 the client, 1 the server
  int socket_fd = -1;    // the rendezvous socket
  int own_bell_fd = -1;  // eventfds; -1: the socket is the bell
  int other_bell_fd = -1;
  RingDriver::Trust trust = RingDriver::Trust::kReadInPlace;
  UidQuota::Share share;
  PeerIdentity peer;
};

class ShmDriver final : public LinkDriver {
 public:
  ShmDriver(Loop& loop, ShmMeeting meeting);
  ~ShmDriver() override;

  void Pump(Link& link) override;
  void Close(Link& link) override { ring_.Close(link); }

 private:
  // So many pumps may an end that is awake leave the socket alone after a bell on it.
  static constexpr uint32_t kUnwatchedPumpsMax = 64;

  class Bell;
  void OnSocket();
  void OnBell();
  void OnDeath(int32_t result);
  bool Ring();

  Loop& loop_;
  const Segment segment_;
  const UidQuota::Share share_;
  const int other_bell_fd_;
  FdWait socket_;
  std::optional<FdWait> bell_;   // none: the socket is the bell
  std::optional<FdWait> death_;  // none: within one process, or the system cannot tell
  Link* link_ = nullptr;
  bool gone_ = false;
  uint32_t unwatched_pumps_ = 0;
  RingDriver ring_;  // last: its end still rings
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHM_SHM_DRIVER_H_
