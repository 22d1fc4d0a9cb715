// A call of an idempotent method, which is made again by the rules of tries.h. It is awaited, or
// waited for with Wait(); callbacks and futures are told of one try, for what builds their request
// may be gone by then.
//
// Thread: the node's. Memory: the coroutine that goes from try to try lies in a block of the node.
#ifndef JACKFIELD_SERVICES_STUBS_RETRIED_CALL_H_
#define JACKFIELD_SERVICES_STUBS_RETRIED_CALL_H_

#include <coroutine>
#include <utility>

#include "absl/status/statusor.h"
#include "kernel/call/channel.h"
#include "kernel/loop/task.h"
#include "services/stubs/message_of.h"
#include "services/stubs/tries.h"

namespace jackfield {

template <class Reply, class Carrier>
class [[nodiscard]] RetriedCall {
 public:
  using Answer = absl::StatusOr<MessageOf<Reply>>;

  RetriedCall(const Route& route, const Method& method, Carrier request, const CallOptions& options)
      : method_(method), tries_(route, options), request_(std::move(request)) {}
  RetriedCall(const RetriedCall&) = delete;

  bool await_ready() const { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) {
    task_ = Run();
    return task_.await_suspend(waiting);
  }
  Answer await_resume() { return task_.await_resume(); }
  // Blocks; outside handlers only.
  Answer Wait() {
    for (;;) {
      Try call(Lent(request_), tries_.channel(), method_.type, tries_.Begin());
      absl::StatusOr<Message> reply = call.Wait();
      if (!tries_.Again(reply.status())) return Ended(std::move(reply));
    }
  }
  Node& node() const { return tries_.channel().node(); }

 private:
  // The request, for one try.
  class Lent final : public Payload {
   public:
    explicit Lent(Payload& request) : request_(request) {}
    uint32_t size_hint() const override { return request_.size_hint(); }
    bool Write(FrameSpace& space, std::span<std::byte>* written) override {
      return request_.Write(space, written);
    }

   private:
    Payload& request_;
  };
  using Try = Channel::PendingCall<Lent>;

  Task<Answer> Run() {
    for (;;) {
      Try call(Lent(request_), tries_.channel(), method_.type, tries_.Begin());
      absl::StatusOr<Message> reply = co_await call;
      if (!tries_.Again(reply.status())) co_return Ended(std::move(reply));
    }
  }
  Answer Ended(absl::StatusOr<Message> reply) {
    if (!reply.ok()) reply = tries_.Sum(reply.status());
    return stubs_internal::Typed<Reply>(method_, std::move(reply), node());
  }

  const Method& method_;
  Tries tries_;
  Carrier request_;
  Task<Answer> task_;
};

}  // namespace jackfield

#endif  // JACKFIELD_SERVICES_STUBS_RETRIED_CALL_H_
