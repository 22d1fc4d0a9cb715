#include "kernel/call/stream.h"

#include <new>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

// Refusals for want of room are said often, to those who will try again: each is made once.
const absl::Status& WriteWaits() {
  static const absl::Status* const status =
      new absl::Status(Refused(Reason::kBackPressure, "an earlier write waits for room"));
  return *status;
}
const absl::Status& SlowReader() {
  static const absl::Status* const status = new absl::Status(
      Refused(Reason::kBackPressure, "the stream's reader is slower than its writer"));
  return *status;
}

}  // namespace

struct StreamEnd::Item {
  Block self;
  Item* next = nullptr;
  Message message;
  Unhandled unhandled;
};

StreamEnd::~StreamEnd() {
  while (first_ != nullptr) Take();
  if (reader_ != nullptr) reader_->stream_ = nullptr;
}

void StreamEnd::Bind(Session& session, uint64_t call_id, uint8_t priority) {
  session_ = &session;
  loop_ = &session.loop();
  call_id_ = call_id;
  priority_ = priority;
  items_granted_ = session.stream_items();
}

void StreamEnd::PassTo(Session& next) {
  session_ = &next;
  items_granted_ = next.stream_items();
  if (writer_ == nullptr) return;
  writer_->Unlink();
  next.AwaitRoom(*writer_, priority_);
}

bool StreamEnd::Deliver(Session::Received& received) {
  if (reads_ended_) return true;  // of a call that is over: dropped, and counted as handled
  Block block = session_->memory().Get(sizeof(Item));
  if (!block) return false;
  void* at = block.data();
  auto* item = new (at) Item;
  if (!received.message.KeepAs(item->message, session_->memory())) {
    item->~Item();
    return false;
  }
  item->self = std::move(block);
  session_->KeepUnhandled(received, item->unhandled);
  (last_ == nullptr ? first_ : last_->next) = item;
  last_ = item;
  if (reader_ != nullptr) reader_->Resume();
  return true;
}

std::optional<Message> StreamEnd::Take() {
  if (first_ == nullptr) return std::nullopt;
  Item* item = first_;
  first_ = item->next;
  if (first_ == nullptr) last_ = nullptr;
  Message message = std::move(item->message);
  if (session_ != nullptr) session_->MarkHandled(item->unhandled);
  const Block freed = std::move(item->self);
  item->~Item();
  ++items_read_;
  if (session_ != nullptr && !reads_ended_ &&
      items_granted_ - items_read_ <= session_->stream_items() / 2) {
    Bytes nothing;
    const uint32_t total = items_read_ + session_->stream_items();
    const Session::Outgoing grant{
        .kind = FrameKind::StreamGrant, .priority = 0, .message_type = total, .call_id = call_id_};
    if (session_->SendOrQueue(grant, nothing).ok())
      items_granted_ = total;  // else the next item tries again
  }
  return message;
}

void StreamEnd::EndReads() {
  reads_ended_ = true;
  if (reader_ != nullptr) reader_->Resume();
}

void StreamEnd::OnGrant(uint32_t total) {
  if (After(total, peer_items_granted_)) peer_items_granted_ = total;
  if (writer_ != nullptr && !writer_->linked()) writer_->OnRoom();
}

void StreamEnd::Detach(const absl::Status& why) {
  if (session_ == nullptr) return;
  for (Item* item = first_; item != nullptr; item = item->next)
    session_->MarkHandled(item->unhandled);
  session_ = nullptr;
  ended_why_ = why;
  if (WriteBase* writer = std::exchange(writer_, nullptr)) {
    writer->Unlink();
    writer->status_ = why;
    writer->done_ = true;
    writer->Resume();
  }
  EndReads();
}

// A stream may be opened before the other side has said how many items it takes: then its first
// grant counts, once the session is open. Until then a writer waits for the session.
bool StreamEnd::HasItemGrant() const {
  if (session_->state() == Session::State::kHello) return true;
  return After(peer_items_granted_ != 0 ? peer_items_granted_ : session_->peer_stream_items(),
               items_sent_);
}

absl::Status StreamEnd::TryWrite(Payload& payload) {
  if (writer_ != nullptr) return WriteWaits();
  return WriteNow(payload);
}

absl::Status StreamEnd::WriteNow(Payload& payload) {
  if (session_ == nullptr) return ended_why_;
  if (writes_ended_) return Refused(Reason::kMisuse, "a write after the end of the writes");
  if (!HasItemGrant()) return SlowReader();
  if (!session_->outbox_empty(priority_))
    return Session::GoesFirst();  // perhaps the stream's own request
  const Session::Outgoing item{.kind = FrameKind::Item, .priority = priority_, .call_id = call_id_};
  absl::Status status = session_->Send(item, payload);
  if (status.ok()) ++items_sent_;
  return status;
}

absl::Status StreamEnd::EndWrites() {
  if (session_ == nullptr) return ended_why_;
  if (std::exchange(writes_ended_, true)) return absl::OkStatus();
  Bytes nothing;
  return session_->SendOrQueue(
      {.kind = FrameKind::ItemsEnd, .priority = priority_, .call_id = call_id_}, nothing);
}

bool StreamEnd::WriteBase::Try() {
  status_ = stream_.WriteNow(payload());
  done_ = status_.ok() || ReasonOf(status_) != Reason::kBackPressure;
  if (done_) {
    if (stream_.writer_ == this) stream_.writer_ = nullptr;
    return true;
  }
  stream_.writer_ = this;
  // With grants left it is the session that is full; without, OnGrant comes.
  if (stream_.HasItemGrant() && !linked()) {
    stream_.session_->AwaitRoom(*this, stream_.priority_);
  }
  return false;
}

bool StreamEnd::WriteBase::OnRoom() {
  if (SendAwaiter::OnRoom()) return true;
  if (stream_.HasItemGrant()) return false;  // stays in the session's queue
  Unlink();                                  // OnGrant comes
  return true;
}

}  // namespace jackfield
