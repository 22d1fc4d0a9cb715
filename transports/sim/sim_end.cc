#include "transports/sim/sim_end.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/loop.h"

namespace jackfield {
namespace {

constexpr int64_t kMemoryRetryNs = 1'000'000;

}  // namespace

SimEnd::SimEnd(SimMedium& medium, Loop& loop, const SimSettings& settings, uint64_t seed)
    : medium_(medium),
      loop_(loop),
      settings_(settings),
      random_(seed),
      timer_(
          [](Timer& timer) {
            auto* self = static_cast<SimEnd*>(timer.user);
            if (self->link_ != nullptr) self->link_->Wake();
          },
          this),
      ring_(settings.depth_frames) {
  medium_.AddEnd(*this);
}

void SimEnd::Join(SimEnd& a, SimEnd& b) {
  a.peer_ = &b;
  b.peer_ = &a;
}

SimEnd::~SimEnd() {
  medium_.RemoveEnd(*this);
  loop_.timers().Cancel(timer_);
  if (peer_ != nullptr) peer_->Lose(SimMedium::InFlight::kArrives);
  for (; taken_ != tail_; ++taken_) Free(At(taken_));
}

void SimEnd::Pump(Link& link) {
  link_ = &link;
  if (closed_) return;
  if (!link.has_rx()) FreeTaken();
  while (link.has_tx() && peer_ != nullptr && !muted_ &&
         peer_->Take(link.NextTx(), link.NextTxFds(), loop_.epoch()))
    link.PopTx(1);
  const int64_t now_ns = loop_.clock().NowNs();
  Deliver(link, now_ns);
  if (lost_ && next_ == tail_ && !closed_) {
    closed_ = true;
    return link.Closed(MakeStatus(Outcome::kFailed, Reason::kPeerDied,
                                  Text(link.traits().description, ": the other end has gone")));
  }
  // With frames that wait for room in the rx queue there is no moment to wait for: their reader
  // wakes the link.
  if (next_ != tail_ && link.rx_room() > 0) WakeSoon();
  // The peer's node is out of message memory; nothing here tells when it has some again.
  if (link.has_tx() && peer_ != nullptr && !muted_ && !peer_->full() && !timer_.armed()) {
    loop_.timers().Arm(timer_, now_ns + kMemoryRetryNs);
  }
}

void SimEnd::Deliver(Link& link, int64_t now_ns) {
  if (now_ns < stalled_until_ns_) return;
  while (next_ != tail_ && At(next_).due_ns <= now_ns && link.rx_room() > 0) {
    Flight& flight = At(next_++);
    medium_.NoteArrival(now_ns, flight.from_epoch, loop_, {flight.block.data(), flight.bytes});
    if (flight.fd_count > 0)
      link.PushRxFds(flight.fds.data(), std::exchange(flight.fd_count, uint8_t{0}));
    link.PushRx({flight.block.data(), flight.bytes}, &flight.block);
  }
}

// Arms the timer for the next arrival.
void SimEnd::WakeSoon() {
  const int64_t due_ns = std::max(At(next_).due_ns, stalled_until_ns_);
  if (!timer_.armed() || timer_.due_ns() != due_ns) loop_.timers().Arm(timer_, due_ns);
}

bool SimEnd::Take(const FrameRef& frame, const Link::FdList* fds, uint64_t from_epoch) {
  if (full()) {
    peer_waits_ = true;
    return false;
  }
  Block block = loop_.blocks().Get(frame.bytes);
  if (!block) return false;
  Flight& flight = At(tail_++);
  std::memcpy(block.data(), frame.data, frame.bytes);
  flight.block = std::move(block);
  flight.bytes = frame.bytes;
  flight.from_epoch = from_epoch;
  flight.fd_count = 0;
  if (fds != nullptr) {
    for (uint8_t i = 0; i < fds->count; ++i) {
      // The sender's link closes its own. Without a descriptor to be had the frame arrives short of
      // one, which ends the session there: as where a system throws passed descriptors away.
      const int copy = fcntl(fds->fds[i], F_DUPFD_CLOEXEC, 0);
      if (copy >= 0) flight.fds[flight.fd_count++] = copy;
    }
  }
  last_due_ns_ = std::max(last_due_ns_, loop_.clock().NowNs() + settings_.delay.Draw(random_));
  flight.due_ns = last_due_ns_;
  WakeSoon();
  return true;
}

void SimEnd::FreeTaken() {
  const bool freed = taken_ != next_;
  for (; taken_ != next_; ++taken_) Free(At(taken_));
  if (freed && peer_waits_ && peer_ != nullptr && peer_->link_ != nullptr) {
    peer_waits_ = false;
    peer_->link_->Wake();
  }
}

void SimEnd::Free(Flight& flight) {
  for (uint8_t i = 0; i < flight.fd_count; ++i) close(flight.fds[i]);
  flight.fd_count = 0;
  flight.block.Reset();
}

void SimEnd::Lose(SimMedium::InFlight in_flight) {
  if (lost_) return;
  lost_ = true;
  peer_ = nullptr;
  if (in_flight == SimMedium::InFlight::kIsLost) {
    while (tail_ != next_) Free(At(--tail_));
  }
  if (link_ != nullptr) link_->Wake();
}

void SimEnd::Stall(int64_t until_ns) { stalled_until_ns_ = std::max(stalled_until_ns_, until_ns); }

void SimEnd::Close(Link& link) {
  link_ = &link;
  loop_.timers().Cancel(timer_);
  if (peer_ != nullptr) std::exchange(peer_, nullptr)->Lose(SimMedium::InFlight::kArrives);
  if (std::exchange(closed_, true)) return;
  link.Closed(
      MakeStatus(Outcome::kRefused, Reason::kClosed, Text(link.traits().description, ": closed")));
}

}  // namespace jackfield
