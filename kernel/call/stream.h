// One end of a stream: the items that come, in order, and the items that go, each bounded by what
// its reader has taken.
//
//   while (std::optional<Message> item = co_await stream.Read()) { … }   until the other side ends
//   absl::Status sent = co_await stream.Write(Bytes(data));
//
// In place of co_await, .Wait() blocks: outside handlers only, on the thread of the node.
// A stream may be destroyed while a coroutine waits on it: that one goes on in a later part of the
// turn, with nullopt or with the reason. Who blocks in Wait() keeps it.
// Thread: the node's. One reader and one writer at a time.
#ifndef JACKFIELD_KERNEL_CALL_STREAM_H_
#define JACKFIELD_KERNEL_CALL_STREAM_H_

#include <coroutine>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "kernel/call/awaiter.h"
#include "kernel/node.h"
#include "kernel/session.h"

namespace jackfield {

class StreamEnd {
 public:
  StreamEnd() = default;
  ~StreamEnd();
  StreamEnd(const StreamEnd&) = delete;

  // The next item; nullopt when no more will come: the other side ended it, or the call is over.
  class ReadAwaiter;
  ReadAwaiter Read();

  // Sends one item, when there is room for it. Errors: REFUSED (closed, too large), FAILED or
  // IN_DOUBT (the call ended).
  class WriteBase;
  template <class P>
  using WriteAwaiter = Holding<WriteBase, P>;
  template <class P>
  WriteAwaiter<P> Write(P payload);

  // The same without waiting. Errors: REFUSED (back-pressure: its reader, or the connection, is
  // slower; nothing was sent). For who would rather drop an item than wait for a slow reader.
  absl::Status TryWrite(Payload& payload);

  // Is there an item, or the end, so that Read would not wait?
  bool readable() const { return first_ != nullptr || reads_ended_; }

  // ---- For Channel and Port.
  void Bind(Session& session, uint64_t call_id, uint8_t priority);
  bool bound() const { return session_ != nullptr; }
  void PassTo(Session& next);  // its request is queued there now
  // An item came. False: no memory to keep it.
  bool Deliver(Session::Received& received);
  void EndReads();                       // no more items will come; those here can be read
  void OnGrant(uint32_t total);          // the other side takes items up to this number
  void Detach(const absl::Status& why);  // the call or the session is over: nothing can be written
  absl::Status EndWrites();              // sends ItemsEnd

 private:
  struct Item;
  absl::Status WriteNow(Payload& payload);
  bool HasItemGrant() const;
  std::optional<Message> Take();

  Session* session_ = nullptr;
  Loop* loop_ = nullptr;
  uint64_t call_id_ = 0;
  uint8_t priority_ = kPriorityDefault;
  Item* first_ = nullptr;
  Item* last_ = nullptr;
  bool reads_ended_ = false, writes_ended_ = false;
  uint32_t items_read_ = 0, items_granted_ = 0;       // of the other side
  uint32_t items_sent_ = 0, peer_items_granted_ = 0;  // of this side
  absl::Status ended_why_;
  ReadAwaiter* reader_ = nullptr;
  WriteBase* writer_ = nullptr;
};

// Implementation.

class StreamEnd::ReadAwaiter : public Awaiter<ReadAwaiter> {
 public:
  explicit ReadAwaiter(StreamEnd& stream) : stream_(&stream) {}
  ~ReadAwaiter() {
    if (stream_ != nullptr && stream_->reader_ == this) stream_->reader_ = nullptr;
  }
  bool done() const { return stream_->readable(); }
  void await_suspend(std::coroutine_handle<> waiting) {
    stream_->reader_ = this;
    Awaiter::await_suspend(waiting);
  }
  std::optional<Message> await_resume() {
    return stream_ == nullptr ? std::nullopt : stream_->Take();
  }
  // nullopt as well inside a handler, in another thread, and when the program is asked to stop.
  std::optional<Message> Wait() { return loop().usable() ? Awaiter::Wait() : std::nullopt; }
  Loop& loop() const { return *stream_->loop_; }

 private:
  friend class StreamEnd;
  StreamEnd* stream_;  // null: it was destroyed
};

inline StreamEnd::ReadAwaiter StreamEnd::Read() { return ReadAwaiter(*this); }

class StreamEnd::WriteBase : public SendAwaiter<WriteBase> {
 public:
  ~WriteBase() override {
    if (!done_ && stream_.writer_ == this) stream_.writer_ = nullptr;  // done: it may be gone
  }
  bool await_ready() { return Try(); }
  absl::Status await_resume() { return std::move(status_); }
  Loop& loop() const { return *stream_.loop_; }

 protected:
  explicit WriteBase(StreamEnd& stream) : SendAwaiter(FrameKind::Item), stream_(stream) {}

 private:
  friend class StreamEnd;
  friend class SendAwaiter<WriteBase>;
  bool Try();  // true: done; else it waits for a grant of the stream or for room of the session
  bool OnRoom() override;
  StreamEnd& stream_;
  absl::Status status_;
};

template <class P>
StreamEnd::WriteAwaiter<P> StreamEnd::Write(P payload) {
  return WriteAwaiter<P>(std::move(payload), *this);
}

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_CALL_STREAM_H_
