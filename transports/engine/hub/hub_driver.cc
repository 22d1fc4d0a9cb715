#include "transports/engine/hub/hub_driver.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/loop.h"

namespace jackfield {
namespace {

constexpr int64_t kRetryNsMin = 50'000;  // for room that nothing announces
constexpr int64_t kRetryNsMax = 5'000'000;
// So long a goodbye waits for room. Who does not hear it holds what is the other's until that
// process ends; so it outlasts a server that is busy for a while.
constexpr int64_t kGoodbyeNs = 1'000'000'000;
constexpr uint32_t kDrainLooks = 4096;  // others may keep the endpoint from ever being empty

}  // namespace

void HubDriver::Queue::Push(HubSlot& slot) {
  slot.next = nullptr;
  (first == nullptr ? first : last->next) = &slot;
  last = &slot;
  bytes += slot.arrival.bytes;
}

HubSlot& HubDriver::Queue::Pop() {
  HubSlot& slot = *first;
  first = slot.next;
  bytes -= slot.arrival.bytes;
  return slot;
}

HubDriver::HubDriver(Hub& hub, HubKey key, std::unique_ptr<HubPeer> peer)
    : hub_(hub),
      key_(key),
      peer_(std::move(peer)),
      heard_ns_(hub.loop().now_ns()),
      watch_op_(OnOp, this),
      room_op_(OnOp, this),
      retry_([](Timer& timer) { static_cast<HubDriver*>(timer.user)->link_->Wake(); }, this) {
  hub_.Join();
}

HubDriver::~HubDriver() {
  hub_.loop().timers().Cancel(retry_);
  hub_.Forget(*this);
  if (!said_goodbye_ && !peer_gone_) hub_.medium().SayGoodbye(*peer_);  // it never had a link
  if (counted_full_) hub_.NoteFull(-1);
  while (queue_.first != nullptr) hub_.Release(queue_.Pop());
  ReleaseDelivered();
  peer_.reset();
  hub_.Leave();
}

void HubDriver::Take(HubSlot& slot) {
  ++slot.batch->references;
  heard_ns_ = hub_.loop().now_ns();
  queue_.Push(slot);
  CountFull();
  if (link_ != nullptr) link_->Wake();
}

void HubDriver::CountFull() {
  if (!hub_.limits().reliable || full() == counted_full_) return;
  counted_full_ = !counted_full_;
  hub_.NoteFull(counted_full_ ? 1 : -1);
}

void HubDriver::PeerGone(absl::Status why, Drained drained) {
  if (peer_gone_) return;
  peer_gone_ = true;
  if (why_.ok()) why_ = std::move(why);
  drain_left_ = drained == Drained::kYes ? 0 : kDrainLooks;
  if (link_ != nullptr) link_->Wake();
}

void HubDriver::Pump(Link& link) {
  link_ = &link;
  if (closed_) return;
  if (ending_) return Finish();
  if (!watch_op_.pending && !peer_gone_ && peer_->watch_fd() >= 0)
    hub_.loop().reactor().Start(watch_op_, peer_->watch_fd(), POLLIN);
  const bool untaken = link.has_rx();
  if (link.has_tx() && !peer_gone_) Send(link);
  if (!untaken && !link.closing()) Receive(link);
  if (peer_gone_ && drain_left_ == 0 && queue_.first == nullptr) {
    ending_ = said_goodbye_ = true;
    return Finish();
  }
  if (!link.resting()) return;
  if (link.has_tx() && !peer_gone_) AwaitRoom();
  if (link.has_rx() && !untaken) return;  // what has just come keeps it awake
  // Frames that nobody takes yet keep nobody awake: who takes them will wake the link. Meanwhile
  // the hub must hear of what comes for others.
  if (!hub_.Arm() || (!untaken && peer_gone_)) link.Wake();
}

void HubDriver::Send(Link& link) {
  const uint32_t before = link.tx_frames();
  const int result = hub_.medium().Send(*peer_, link);
  if (link.tx_frames() != before) retry_ns_ = 0;
  if (result == 0 || result == -EAGAIN) return;
  PeerGone(Gone(-result), Drained::kNotYet);
}

void HubDriver::Receive(Link& link) {
  ReleaseDelivered();
  if (queue_.first == nullptr && (peer_gone_ || !hub_.DrainedInThisPass())) {
    const Hub::Looked looked = hub_.Read();
    if (peer_gone_ && looked == Hub::Looked::kNothing) drain_left_ = 0;
    if (drain_left_ > 0 && looked == Hub::Looked::kSomething) --drain_left_;
  }
  while (queue_.first != nullptr && link.rx_room() > 0) {
    HubSlot& slot = queue_.Pop();
    HubArrival& arrival = slot.arrival;
    if (arrival.fd_count > 0 && link.expects_fds())
      link.PushRxFds(arrival.fds.data(), std::exchange(arrival.fd_count, uint8_t{0}));
    delivered_.Push(slot);
    link.PushRx({arrival.data, arrival.bytes});
  }
  CountFull();
}

void HubDriver::ReleaseDelivered() {
  while (delivered_.first != nullptr) hub_.Release(delivered_.Pop());
}

void HubDriver::AwaitRoom() {
  if (peer_->room_fd() >= 0) {
    if (!room_op_.pending) hub_.loop().reactor().Start(room_op_, peer_->room_fd(), POLLOUT);
    return;
  }
  Retry();
}

void HubDriver::Retry() {
  if (retry_.armed()) return;
  retry_ns_ = std::clamp(2 * retry_ns_, kRetryNsMin, kRetryNsMax);
  hub_.loop().timers().Arm(retry_, hub_.loop().clock().NowNs() + retry_ns_);
}

void HubDriver::OnOp(Op& op, int32_t result) {
  auto* self = static_cast<HubDriver*>(op.user);
  self->link_->Wake();
  if (self->ending_) return self->Finish();
  // A wait that failed is started anew by the next turn.
  if (&op == &self->watch_op_ && result > 0 && self->peer_->IsGone())
    self->PeerGone(self->Gone(ECONNRESET), Drained::kNotYet);
}

absl::Status HubDriver::Gone(int error) const {
  const std::string& where = link_->traits().description;
  if (error == ECONNRESET || error == EPIPE || error == ECONNREFUSED || error == EIDRM) {
    return MakeStatus(Outcome::kFailed, Reason::kPeerDied, Text(where, ": the other end has gone"));
  }
  return MakeStatus(Outcome::kFailed, Reason::kPeerDied,
                    Text(where, ": ", std::string(SysError(error, "send").message())));
}

void HubDriver::Close(Link& link) {
  link_ = &link;
  if (closed_) return;
  if (why_.ok()) {
    why_ =
        MakeStatus(Outcome::kRefused, Reason::kClosed, Text(link.traits().description, ": closed"));
  }
  // Nobody takes what has not been delivered yet, and others may wait for its place.
  while (queue_.first != nullptr) hub_.Release(queue_.Pop());
  CountFull();
  ending_ = true;
  goodbye_until_ns_ = hub_.loop().clock().NowNs() + kGoodbyeNs;
  Finish();
}

void HubDriver::Finish() {
  if (closed_) return;
  Loop& loop = hub_.loop();
  hub_.Forget(*this);
  if (!said_goodbye_ && !peer_gone_ && !hub_.medium().SayGoodbye(*peer_) &&
      loop.clock().NowNs() < goodbye_until_ns_)
    return Retry();
  said_goodbye_ = true;
  loop.timers().Cancel(retry_);
  for (Op* op : {&watch_op_, &room_op_}) {
    if (op->pending) loop.reactor().Cancel(*op);
  }
  if (watch_op_.pending || room_op_.pending) return;
  closed_ = true;
  link_->Closed(why_);
}

}  // namespace jackfield
