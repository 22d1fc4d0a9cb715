// What passes from a Session whose peer has gone to the next one (docs/decisions/0020).
#include <array>
#include <cstring>
#include <new>
#include <utility>

#include "kernel/session.h"
#include "kernel/session_queued.h"

namespace jackfield {

void Session::PassWaiters(Session& next) {
  for (uint8_t priority = 0; priority < kPriorityLevels; ++priority) {
    for (RoomWaiter* waiter = waiters_[priority].front(); waiter != nullptr;) {
      RoomWaiter* after = waiters_[priority].next(waiter);
      if (waiter->kind != FrameKind::Item) {  // an item belongs to a call of this session
        waiter->Unlink();
        next.AwaitRoom(*waiter, priority);
      }
      waiter = after;
    }
  }
}

// What has not left goes in front of what is queued there: the last `unsent` of the `queued_there`
// sequenced frames in the link's queue, then the outbox. It is neither sent nor failed then, but
// waits again. The frames may lie in memory that the peer can write to.
void Session::HandOver(Session& next, uint32_t queued_there, uint32_t unsent) {
  std::array<Outbox, kPriorityLevels> given;
  uint32_t count = 0;
  const uint64_t sent = ledger_.sent;
  uint64_t sequence = sent - queued_there;  // of the frame before
  for (uint32_t i = link_ == nullptr ? 0 : link_->tx_given(); sequence < sent; ++i) {
    if (i >= link_->tx_frames()) break;
    const FrameRef& frame = link_->NextTx(i);
    const FrameHeader header = CopyHeader(frame.data);
    if (!IsSequenced(header.kind()) || ++sequence <= sent - unsent) continue;
    const bool request = header.kind() == FrameKind::Request;
    if (!request && header.kind() != FrameKind::OneWay) continue;
    if (header.fd_count() != 0 || HeaderFault(header, frame.bytes) != nullptr) {
      one_way_queued_at_end_ |= !request;  // it stays behind, and has failed
      continue;
    }
    int64_t deadline_ns = Timers::kNever;
    if (request) {
      const std::optional<int64_t> wanted = user_->TakesBack(header.call_id(), sequence);
      if (!wanted.has_value()) continue;
      deadline_ns = *wanted;
    }
    Block block = next.memory().Get(Queued::kBytes + frame.bytes);
    if (!block) {
      one_way_queued_at_end_ |= !request;
      if (request) user_->OnQueuedRefused(header.call_id(), NoMemory());
      continue;
    }
    std::byte* const data = block.data();
    std::memcpy(data + Queued::kBytes, frame.data, frame.bytes);
    auto* queued = new (data) Queued;
    queued->self = std::move(block);
    queued->outgoing = {
        .kind = header.kind(),
        .flags = header.flags(),
        .priority = header.priority(),
        .message_type = header.message_type(),
        .call_id = header.call_id(),
        .deadline_ns = deadline_ns,
        .extension = {data + Queued::kBytes + kHeaderBytes, 8u * header.extension_words()}};
    queued->frame_offset = Queued::kBytes;
    queued->frame_bytes = frame.bytes;
    given[header.priority()].Append(*queued);
    ++count;
  }
  ledger_.sent -= count;
  ledger_.failed -= count;
  last_one_way_ = std::min(last_one_way_, sent - unsent);
  for (uint8_t priority = 0; priority < kPriorityLevels; ++priority) {
    Outbox& mine = outbox_[priority];
    while (Queued* queued = mine.first) {
      const FrameKind kind = queued->outgoing.kind;
      if (kind != FrameKind::Request && kind != FrameKind::OneWay && kind != FrameKind::ItemsEnd) {
        ++ledger_.dropped;  // a word on a call that has ended with this session
        DropQueued(priority);
        continue;
      }
      mine.first = std::exchange(queued->next, nullptr);
      --outbox_frames_;
      given[priority].Append(*queued);
      ++count;
    }
    mine.last = nullptr;
    if (given[priority].first == nullptr) continue;
    given[priority].last->next = next.outbox_[priority].first;
    if (next.outbox_[priority].last == nullptr) next.outbox_[priority].last = given[priority].last;
    next.outbox_[priority].first = given[priority].first;
  }
  next.outbox_frames_ += count;
  PassWaiters(next);
}

}  // namespace jackfield
