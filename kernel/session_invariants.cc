// What is true of a Session between two pieces of work, for tests. Each rule has its sentence here;
// the three that explain the others stand in session.h.
#include "kernel/base/check.h"
#include "kernel/loop/loop.h"
#include "kernel/session.h"
#include "kernel/session_queued.h"

namespace jackfield {

struct Session::Invariants {
  static absl::Status OfOutbox(const Session& s);
  static absl::Status OfLedger(const Session& s);
  static absl::Status OfSending(const Session& s);
  static absl::Status OfHandling(const Session& s);
  static absl::Status OfGoodbyes(const Session& s);
};

absl::Status Session::CheckInvariants() const {
  for (const auto check : {Invariants::OfOutbox, Invariants::OfLedger, Invariants::OfSending,
                           Invariants::OfHandling, Invariants::OfGoodbyes}) {
    if (absl::Status status = check(*this); !status.ok()) return status;
  }
  return link_ != nullptr ? link_->CheckInvariants() : absl::OkStatus();
}

absl::Status Session::Invariants::OfOutbox(const Session& s) {
  uint32_t frames = 0;
  for (uint8_t priority = 0; priority < kPriorityLevels; ++priority) {
    const Queued* last = nullptr;
    for (const Queued* q = s.outbox_[priority].first; q != nullptr; last = q, q = q->next) {
      ++frames;
      JF_RULE(q->outgoing.priority == priority, "a queued frame lies in the list of its priority");
      JF_RULE(q->frame_bytes >= kHeaderBytes && q->frame_offset >= sizeof(Queued) &&
                  q->frame_offset + uint64_t{q->frame_bytes} <= q->self.size(),
              "a queued frame lies in its block, behind the head of it");
      JF_RULE(q->outgoing.fds.empty(), "a message with descriptors does not wait in a queue");
    }
    JF_RULE(last == s.outbox_[priority].last, "a list of the outbox ends where it says");
    JF_RULE(s.anyone_waits_ || s.waiters_[priority].empty(), "who waits for room is remembered");
    JF_RULE(s.state_ != State::kEnded || s.waiters_[priority].empty(),
            "nobody waits for room of a session that has ended");
  }
  JF_RULE(frames == s.outbox_frames_, "outbox_frames_ is how many frames are queued");
  JF_RULE(s.state_ != State::kEnded || frames == 0, "the outbox of an ended session is empty");
  return absl::OkStatus();
}

absl::Status Session::Invariants::OfLedger(const Session& s) {
  const Ledger& ledger = s.ledger_;
  JF_RULE(ledger.sent >= ledger.delivered + ledger.failed + ledger.in_doubt,
          "what was sent is at least what is known of it");
  JF_RULE(ledger.received >= ledger.handled, "what was handled was received");
  JF_RULE(static_cast<uint32_t>(ledger.delivered) == s.tx_acked_,
          "what is acknowledged has been delivered");
  JF_RULE(s.last_one_way_ <= ledger.sent, "the last one-way message has been sent");
  JF_RULE(s.peer_received_ <= ledger.sent, "a receipt is for no more than was sent");
  if (s.state_ == State::kEnded) {
    JF_RULE(ledger.queued() == 0, "an ended session knows of each frame how it ended");
    return absl::OkStatus();
  }
  JF_RULE(ledger.failed == 0 && ledger.in_doubt == 0,
          "nothing fails and nothing is in doubt before the end");
  JF_RULE(static_cast<uint32_t>(ledger.sent) == s.tx_sequence_,
          "the sequence counts what was sent");
  return absl::OkStatus();
}

absl::Status Session::Invariants::OfSending(const Session& s) {
  JF_RULE(!s.hello_timer_.armed() || (s.state_ == State::kHello && s.link_ != nullptr),
          "a hello is waited for only on a link without one");
  JF_RULE(s.state_ != State::kOpen || s.link_ != nullptr, "an open session has a link");
  JF_RULE(s.state_ != State::kEnded || !s.ack_timer_.armed(),
          "an ended session has nothing to acknowledge");
  if (s.state_ == State::kHello) {
    JF_RULE(s.tx_sequence_ == 0 && s.rx_sequence_ == 0, "nothing is sent before the hello");
    JF_RULE(s.peer_epoch_ == 0, "a peer that has said no hello has no epoch");
  }
  if (s.state_ != State::kOpen || s.link_ == nullptr) return absl::OkStatus();
  JF_RULE(!s.flushing_, "a flush ends in the piece of work that began it");
  uint32_t sequenced = 0;
  for (uint32_t i = 0; i < s.link_->tx_frames(); ++i)
    sequenced += IsSequenced(CopyHeader(s.link_->NextTx(i).data).kind()) ? 1 : 0;
  JF_RULE(sequenced <= s.tx_sequence_ - s.tx_acked_,
          "what lies in the link's queue is not acknowledged");
  if (s.one_way()) return absl::OkStatus();
  JF_RULE(!After(s.tx_units_, s.peer_grant_ - 1 + UnitsOf(s.frame_bytes_max_)),
          "the credit of the peer is exceeded by one frame at most");
  return absl::OkStatus();
}

absl::Status Session::Invariants::OfHandling(const Session& s) {
  uint32_t kept = 0, units = 0, before = 0;
  for (Unhandled* u = s.unhandled_.front(); u != nullptr; u = s.unhandled_.next(u)) {
    JF_RULE(kept == 0 || s.one_way() || After(u->sequence, before),
            "what is not handled is in the order of its arrival");
    before = u->sequence;
    units += u->units;
    ++kept;
  }
  if (s.state_ != State::kOpen) return absl::OkStatus();
  JF_RULE(s.ledger_.received - s.ledger_.handled == kept,
          "what was received is handled, or in the list of what is not");
  if (s.one_way()) return absl::OkStatus();
  JF_RULE(s.rx_units_ - s.rx_units_handled_ == units,
          "the units that a peer has used are handled, or in that list");
  const uint32_t grant = s.rx_units_handled_ + s.limits_.window_units;
  JF_RULE(!After(s.told_grant_, grant), "no more is granted than the window");
  JF_RULE(!After(s.told_ack_, s.HandledUpTo()), "only what is handled is acknowledged");
  JF_RULE(!After(s.HandledUpTo(), s.rx_sequence_), "only what has come is handled");
  JF_RULE((s.told_ack_ == s.HandledUpTo() && s.told_grant_ == grant) || s.ack_timer_.armed(),
          "what the peer has not been told yet it will be");
  return absl::OkStatus();
}

absl::Status Session::Invariants::OfGoodbyes(const Session& s) {
  JF_RULE(s.peer_goodbye_ != Goodbye::kWanted, "what a peer wants is not known before it says so");
  if (s.state_ != State::kOpen || s.one_way()) return absl::OkStatus();
  JF_RULE(s.goodbye_ != Goodbye::kWanted || s.outbox_frames_ > 0 || s.link_->has_tx(),
          "a goodbye waits for what was queued before it, or for room");
  JF_RULE(s.peer_goodbye_ != Goodbye::kSaid || s.outbox_frames_ > 0 || !s.unhandled_.empty() ||
              s.user_->AwaitsAnswers(s) || s.ack_timer_.armed() || s.link_->has_tx(),
          "a goodbye is answered when nothing holds the answer up");
  return absl::OkStatus();
}

}  // namespace jackfield
