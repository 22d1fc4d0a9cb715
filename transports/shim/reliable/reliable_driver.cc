#include "transports/shim/reliable/reliable_driver.h"

#include <sys/random.h>

#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/loop/loop.h"

namespace jackfield {
namespace {

constexpr uint64_t kSendBytesMax = 1 << 20;     // not acknowledged
constexpr uint32_t kReceiveBytesMax = 4 << 20;  // held: bounds the window
constexpr int64_t kOpenMostNs = 5'000'000'000;  // a half-open connection lives so long
constexpr int64_t kWindowProbeNs = 50'000'000;  // while the receiver's window is closed
constexpr int64_t kLingerLeastNs = 20'000'000, kLingerMostNs = 1'000'000'000;
constexpr int64_t kMemoryRetryNs = 1'000'000;
constexpr int kProbeTimeoutsToLinger = 8;
// The most pumps while the clock stands still: it is a simulation's and its node is being
// destroyed.
constexpr uint16_t kStandingPumpsMax = 64;

uint32_t WindowSegments(uint32_t packet_bytes_max) {
  uint32_t block_bytes = BlockPool::kBlockBytesMax;
  for (const uint32_t size : BlockPool::kSizes) {
    if (size >= packet_bytes_max) {
      block_bytes = size;
      break;
    }
  }
  return std::clamp(kReceiveBytesMax / block_bytes, 16u, ReceiveWindow::kSegmentsMax);
}

// Not the node's generator: that one follows from the epoch, which every peer is told, and whoever
// can guess an id can pretend to have received our packets.
uint64_t DrawId(Loop& loop) {
  uint64_t id = 0;
  while (id == 0) {
    if (getrandom(&id, sizeof id, 0) != sizeof id) id = loop.NextRandom();
  }
  return id;
}

}  // namespace

ReliableDriver::ReliableDriver(Loop& loop, const ReliableSettings& settings,
                               std::unique_ptr<LinkDriver> inner, const LinkTraits& inner_traits)
    : loop_(loop),
      inner_(loop, std::move(inner), inner_traits),
      packet_bytes_max_(std::min(inner_traits.caps.frame_bytes_max, kPacketBytesMax)),
      send_(inner_.memory(), packet_bytes_max_, kSendBytesMax),
      receive_(inner_.memory(), WindowSegments(packet_bytes_max_)),
      timer_([](Timer& timer) { static_cast<ReliableDriver*>(timer.user)->outer_->Wake(); }, this),
      id_(DrawId(loop)),
      own_idle_ns_(settings.idle_ns),
      idle_ns_(own_idle_ns_) {
  inner_.SetOwner(this);
}

ReliableDriver::~ReliableDriver() { loop_.timers().Cancel(timer_); }

void ReliableDriver::Pump(Link& link) {
  outer_ = &link;
  inner_.SetOuter(&link);
  if (closed_) return;
  const int64_t before_ns = std::exchange(now_ns_, loop_.clock().NowNs());
  standing_pumps_ = state_ == State::kClosing && now_ns_ == before_ns ? standing_pumps_ + 1 : 0;
  progress_ = wrote_ = false;
  retry_ns_ = 0;
  if (state_ == State::kOpen) NotePause(before_ns);
  if (!link.has_rx()) receive_.FreeDelivered();
  inner_.Turn(link.resting());  // OnFrames, OnClosed
  if (!std::exchange(started_, true)) {
    last_heard_ns_ = open_again_ns_ = now_ns_;
    open_until_ns_ = now_ns_ + kOpenMostNs;
    initiator_ = !heard_any_;
  }
  LookAtTime();
  if (!link.closing()) receive_.Deliver(link);
  if (state_ != State::kEnded && !inner_closed_) {
    Send(link);
    if (wrote_) inner_.Turn(link.resting());
    LookAtClosing(link);
  }
  // What came before the end is delivered before the end is told.
  if (inner_closed_ && (receive_.delivered_all() || link.closing())) {
    closed_ = true;
    loop_.timers().Cancel(timer_);
    return link.Closed(why_);
  }
  if (link.resting()) {
    if (send_.all_acknowledged() && send_.packets_under_way() == 0) send_.Rest();
    if (receive_.empty()) receive_.Rest();
    inner_.Rest();
  }
  ArmTimer(link);
  if (progress_) link.NoteProgress();
}

// The timer sees to it that an open link is pumped more often: the process was stopped, or a
// handler was long. What the peer said meanwhile lies below, or it is asked before its silence
// counts.
void ReliableDriver::NotePause(int64_t since_ns) {
  const int64_t pause_ns = now_ns_ - since_ns;
  if (pause_ns <= 2 * ask_after_ns()) return;
  last_heard_ns_ = std::min(now_ns_, last_heard_ns_ + pause_ns);
  paused_ns_ += pause_ns;
  ping_wanted_ = true;
}

void ReliableDriver::LookAtTime() {
  if (state_ == State::kEnded || inner_closed_) return;
  if (state_ == State::kOpening) {
    if (now_ns_ >= open_until_ns_) {
      End(MakeStatus(
          Outcome::kFailed, Reason::kUnreachable,
          Text(inner_.traits().description, ": no answer within ", FormatDurationNs(kOpenMostNs),
               "; does the other end have reliable+ in its address, too?")));
    }
    return;
  }
  if (now_ns_ - last_heard_ns_ >= idle_ns_)
    return End(Lost(Text("not heard for ", FormatDurationNs(idle_ns_), " (?idle=)")));
  if (probes_ == 0 && send_.due_ns(probe_gap_max_ns()) <= now_ns_) {
    probes_ = static_cast<uint8_t>(send_.OnTimer(now_ns_));
    close_wanted_ |= state_ == State::kClosing && probes_ > 0;
  }
  if (unacknowledged_ > 0 && now_ns_ >= ack_due_ns_) ack_now_ = true;
  if (now_ns_ - last_heard_ns_ >= ask_after_ns() && send_.packets_under_way() == 0)
    ping_wanted_ = true;
}

// After Send: is our own closing, or the peer's, complete?
void ReliableDriver::LookAtClosing(Link& link) {
  if (state_ == State::kClosing) {
    const bool done =
        send_.all_acknowledged() && close_packet_ != 0 && send_.arrived(close_packet_);
    if (done || now_ns_ >= linger_until_ns_ || standing_pumps_ >= kStandingPumpsMax)
      return End(why_);
    // A clock that stands still fires no timer.
    if (standing_pumps_ > 0) link.Wake();
  } else if (state_ == State::kOpen && peer_end_ != 0 && receive_.next() == peer_end_ &&
             receive_.delivered_all() && !ack_now_ && unacknowledged_ == 0) {
    End(Lost("the other end has closed"));
  }
}

absl::Status ReliableDriver::Lost(std::string_view how) const {
  return MakeStatus(Outcome::kFailed, Reason::kPeerDied,
                    Text(inner_.traits().description, ": ", how));
}

// The other end has answered by a Reset.
absl::Status ReliableDriver::Forgotten() const {
  return Lost(Text(
      "the other end knows nothing of this connection: it has started anew, or has not "
      "heard this end for ",
      FormatDurationNs(idle_ns_), " (?idle=)",
      paused_ns_ == 0 ? "" : Text("; this end stood still for ", FormatDurationNs(paused_ns_))));
}

void ReliableDriver::End(absl::Status why) {
  if (state_ == State::kEnded) return;
  state_ = State::kEnded;
  why_ = std::move(why);
  inner_.StartClose();
  progress_ = true;
}

void ReliableDriver::OnClosed(Link&, const absl::Status& why) {
  inner_closed_ = true;
  progress_ = true;
  if (state_ == State::kEnded || state_ == State::kClosing) return;
  // "Nobody is there" of a peer that has answered before means that it has died.
  why_ = state_ == State::kOpen && ReasonOf(why) == Reason::kUnreachable
             ? Lost(std::string(why.message()))
             : why;
}

void ReliableDriver::Close(Link& link) {
  outer_ = &link;
  inner_.SetOuter(&link);
  const absl::Status closed =
      MakeStatus(Outcome::kRefused, Reason::kClosed, Text(link.traits().description, ": closed"));
  link.Wake();
  if (state_ != State::kOpen || peer_end_ != 0) return End(closed);
  state_ = State::kClosing;
  why_ = closed;
  close_wanted_ = true;
  const int64_t linger_ns = kProbeTimeoutsToLinger * send_.round_trip().probe_timeout_ns();
  linger_until_ns_ = loop_.clock().NowNs() + std::clamp(linger_ns, kLingerLeastNs, kLingerMostNs);
}

void ReliableDriver::ArmTimer(Link& link) {
  if (state_ == State::kEnded || inner_closed_) return loop_.timers().Cancel(timer_);
  int64_t next_ns = Timers::kNever;
  if (state_ == State::kOpening) {
    next_ns = initiator_ ? std::min(open_again_ns_, open_until_ns_) : open_until_ns_;
  } else {
    next_ns = std::min(last_heard_ns_ + idle_ns_, send_.due_ns(probe_gap_max_ns()));
    if (send_.packets_under_way() == 0)
      next_ns = std::min(next_ns, std::max(last_heard_ns_ + ask_after_ns(), now_ns_ + 1));
    if (unacknowledged_ > 0) next_ns = std::min(next_ns, ack_due_ns_);
    if (state_ == State::kClosing) next_ns = std::min(next_ns, linger_until_ns_);
    // The receiver's window is closed, and the word that opens it may be lost: it is asked for
    // (RFC 9293 §3.8.6.1).
    if (link.has_tx() && send_.limited_by_receiver() && send_.packets_under_way() == 0) {
      if (window_probe_ns_ == 0) window_probe_ns_ = now_ns_ + kWindowProbeNs;
      next_ns = std::min(next_ns, window_probe_ns_);
    } else {
      window_probe_ns_ = 0;
    }
  }
  if (retry_ns_ != 0) next_ns = std::min(next_ns, now_ns_ + kMemoryRetryNs);
  // What was due and is still not done found no room below; that there is some will be told.
  if (next_ns <= now_ns_) next_ns = now_ns_ + kMemoryRetryNs;
  // A timer that is early costs one pump; moving it with every packet would cost more.
  if (!timer_.armed() || next_ns < timer_.due_ns()) loop_.timers().Arm(timer_, next_ns);
}

}  // namespace jackfield
