// Sessions over a link that cannot answer: the one-way half of session.cc.
#include <algorithm>

#include "kernel/frame_log.h"
#include "kernel/loop/loop.h"
#include "kernel/session.h"

namespace jackfield {

void Session::OpenOneWay() {
  senders_ = std::make_unique<Senders>();
  // What frames bear: here the sender's own, drawn for this session, since the sequence begins anew
  // with it. By the node's, its second channel to a medium would look like a repeat of the first.
  peer_epoch_ = loop_.NextRandom();
  peer_grant_ = 1;  // never charged
  passes_fds_ = false;
  state_ = State::kOpen;
  if (FrameLog* log = loop_.frame_log()) log->OnOpen(*this);
  user_->OnOpen(*this);
  Flush();  // who sends before the link is there waits; no frame of the other end will wake them
}

// On a medium that anyone can write to, what cannot be read is nobody's fault that a session could
// end for; on one that claims to be reliable it is.
void Session::OnOneWayFrame(const FrameHeader& header, FrameRef frame) {
  const char* fault = HeaderFault(header, frame.bytes);
  if (fault == nullptr && header.kind() != FrameKind::OneWay)
    fault = "a frame that wants an answer";
  if (fault != nullptr) {
    if (link_->caps().reliable) return Corrupt(header, fault);
    ++ledger_.stale;
    return;
  }
  if (!IsInOrder(header)) {
    ++ledger_.stale;
    return;
  }
  ++ledger_.received;
  Deliver(header, frame, true);
}

bool Session::IsInOrder(const FrameHeader& header) {
  if (!link_->caps().ordered) return true;
  for (Senders::Sender& sender : senders_->senders) {
    if (sender.epoch != header.epoch()) continue;
    const uint32_t expected = sender.sequence + 1;
    if (!After(header.sequence(), sender.sequence)) return false;  // it came already
    const uint64_t gap = header.sequence() - expected;
    const uint64_t told = std::min(gap, lost_told_);  // what the link said is not counted twice
    lost_told_ -= told;
    ledger_.lost += gap - told;
    sender.sequence = header.sequence();
    return true;
  }
  senders_->senders[senders_->next++ % Senders::kCount] = {header.epoch(), header.sequence()};
  return true;
}

void Session::OnLost(Link&, uint64_t frames) {
  ledger_.lost += frames;
  if (one_way() && link_->caps().ordered) lost_told_ += frames;
}

// What is no longer in the link's queue, the medium has.
void Session::NoteTaken() {
  if (link_ == nullptr) return;
  const uint32_t taken = tx_sequence_ - link_->tx_frames();
  ledger_.delivered += taken - tx_acked_;
  tx_acked_ = taken;
  if (goodbye_ == Goodbye::kSaid && link_->tx_frames() == 0) {
    goodbye_ = Goodbye::kAnswered;
    user_->OnReceipt(*this);
  }
}

}  // namespace jackfield
