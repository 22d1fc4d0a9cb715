#include "transports/shim/chaos/chaos_driver.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/loop.h"

namespace jackfield {
namespace {

// What an engine must be able to read to find the end of a frame: magic … frame_bytes. On the way
// out it is spared, or the inner transport itself would be broken, not what it carries.
constexpr uint32_t kEngineBytes = 8;
constexpr int64_t kMemoryRetryNs = 1'000'000;

}  // namespace

ChaosDriver::ChaosDriver(Loop& loop, const ChaosSettings& settings,
                         std::unique_ptr<LinkDriver> inner, const LinkTraits& inner_traits)
    : loop_(loop),
      inner_(loop, std::move(inner), inner_traits),
      out_(loop, settings, Random(settings.seed).Next(), kEngineBytes),
      in_(loop, settings, ~Random(settings.seed).Next(), 0),
      timer_([](Timer& timer) { static_cast<ChaosDriver*>(timer.user)->outer_->Wake(); }, this) {
  inner_.SetOwner(this);
  if (inner_traits.caps.fds) inner_.ExpectFds();  // the outer link knows whether they are wanted
}

ChaosDriver::~ChaosDriver() { loop_.timers().Cancel(timer_); }

void ChaosDriver::Enclose(Link& link) {
  outer_ = &link;
  inner_.SetOuter(&link);
}

void ChaosDriver::Pump(Link& link) {
  Enclose(link);
  if (closed_) return;
  // One look at the clock for all of this: what is due is passed on, and for the rest there is a
  // timer. With a look for each, what became due in between would have neither.
  now_ns_ = loop_.clock().NowNs();
  if (!link.has_rx()) delivered_.clear();
  TakeOut(link);
  PassOut();
  inner_.Turn(link.resting());                      // OnFrames, OnClosed
  if (inner_.has_tx() || !out_.empty()) PassOut();  // what the turn made room for
  PassIn(link);
  if (inner_closed_ && in_.empty()) {
    closed_ = true;
    loop_.timers().Cancel(timer_);
    return link.Closed(why_);
  }
  if (link.resting()) inner_.Rest();
  ArmTimer();
}

void ChaosDriver::TakeOut(Link& link) {
  while (link.has_tx() && !deaf_ && !inner_closed_) {
    const Link::FdList* fds = link.NextTxFds();
    const ChaosLane::Taken taken =
        out_.Take(link.NextTx(), fds == nullptr ? nullptr : fds->fds.data(),
                  fds == nullptr ? uint8_t{0} : fds->count);
    if (taken == ChaosLane::Taken::kNoRoom) return;
    if (taken == ChaosLane::Taken::kCut) return Cut();
    link.PopTx(1);
  }
}

void ChaosDriver::PassOut() {
  while (ChaosLane::Held* held = out_.Due(now_ns_)) {
    std::byte* to = inner_.Claim(held->bytes);
    if (to == nullptr) return;
    std::memcpy(to, held->block.data(), held->bytes);
    if (held->fd_count > 0 && inner_.AttachFds(held->fds.data(), held->fd_count))
      held->fd_count = 0;
    inner_.Commit(to, held->bytes);
    const ChaosLane::Held passed = out_.PopDue();
    for (uint8_t i = 0; i < passed.fd_count; ++i)
      close(passed.fds[i]);  // the inner link had no place for them
  }
}

void ChaosDriver::TakeIn() {
  while (inner_.has_rx() && (deaf_ || in_.has_room())) {
    const FrameRef frame = inner_.NextRx();
    std::array<int, kFdsMax> fds;
    uint8_t fd_count = frame.bytes >= kHeaderBytes ? CopyHeader(frame.data).fd_count() : uint8_t{0};
    if (fd_count > kFdsMax || (fd_count > 0 && !inner_.TakeFds(fds.data(), fd_count)))
      fd_count = 0;  // its receiver sees it
    const ChaosLane::Taken taken =
        deaf_ ? ChaosLane::Taken::kYes : in_.Take(frame, fds.data(), fd_count);
    for (uint8_t i = 0; i < fd_count; ++i) close(fds[i]);
    inner_.PopRx();
    if (taken != ChaosLane::Taken::kYes)
      Cut();  // by chance; or for want of memory, which must not lose a frame
  }
}

void ChaosDriver::PassIn(Link& link) {
  while (in_.Due(now_ns_) != nullptr && link.rx_room() > 0) {
    delivered_.push_back(in_.PopDue());
    ChaosLane::Held& held = delivered_.back();
    if (held.fd_count > 0)
      link.PushRxFds(held.fds.data(), std::exchange(held.fd_count, uint8_t{0}));
    link.PushRx({held.block.data(), held.bytes}, &held.block);
  }
}

void ChaosDriver::Cut() {
  deaf_ = cut_ = true;
  out_.Clear();
  why_ =
      MakeStatus(Outcome::kFailed, Reason::kPeerDied, Text(outer_->traits().description, ": cut"));
  inner_.StartClose();
  outer_->Wake();
}

void ChaosDriver::OnLost(Link&, uint64_t frames) {
  if (outer_ != nullptr) outer_->NoteLost(frames);
}

void ChaosDriver::OnClosed(Link&, const absl::Status& why) {
  inner_closed_ = true;
  if (!cut_) why_ = why;
}

void ChaosDriver::ArmTimer() {
  // What is due and could not go on waits for room, whose coming wakes the link; only what is not
  // due yet needs a timer.
  int64_t next_ns = Timers::kNever;
  for (const ChaosLane* lane : {&out_, &in_}) {
    if (lane->next_ns() > now_ns_) next_ns = std::min(next_ns, lane->next_ns());
  }
  // The inner link had no room though nothing is queued in it: message memory is used up, and
  // nothing tells when there is.
  if (!out_.empty() && out_.next_ns() <= now_ns_ && !inner_.has_tx())
    next_ns = std::min(next_ns, now_ns_ + kMemoryRetryNs);
  if (next_ns == Timers::kNever)
    loop_.timers().Cancel(timer_);
  else if (!timer_.armed() || timer_.due_ns() != next_ns)
    loop_.timers().Arm(timer_, next_ns);
}

void ChaosDriver::Close(Link& link) {
  Enclose(link);
  deaf_ = true;  // nobody will take what arrives
  in_.Clear();
  // As with a socket, what was sent before the close still goes.
  out_.Hurry();
  if (!cut_) PassOut();
  inner_.StartClose();
  link.Wake();
}

}  // namespace jackfield
