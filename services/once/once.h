// A deed that is done once, though its call is made again: both ends of it.
//
// The schema: a request with the field `key: jackfield.once.Key`, and include
// "services/once/once.fbs".
//
// The server: a handler that hands what it does to a window (window.h), one for all its methods.
//
//   Handling Buy(CallOf<Order, Bill> call) override {
//     return DoOnce(window_, call, call->key(), [this, call](FlatBufferBuilder& fbb) {
//       return absl::StatusOr<Offset<Bill>>(CreateBill(fbb, Take(*call)));   or a Task of that
//     });
//   }
//
// A call of a key that is in the window gets the answer of the first one, when that has it, and
// nothing is done.
//
// The client: a call that is made again by itself when its service goes away (tries.h).
//
//   absl::StatusOr<MessageOf<Bill>> bill = co_await CallOnce(*channel, keys, {},
//       [&](const Key& key, const CallOptions& options) {
//         return OrdersClient(*channel).Buy(
//             [&](FlatBufferBuilder& fbb) { return CreateOrder(fbb, &key, …); }, options);
//       });
//
// What does not survive: the window is in the memory of one process. When that was started again,
// the call is refused there (ABORTED) and ends IN_DOUBT for its caller. So it does at another
// server of a pool, which is why a channel is asked for.
//
// Thread: the node's.
#ifndef JACKFIELD_SERVICES_ONCE_ONCE_H_
#define JACKFIELD_SERVICES_ONCE_ONCE_H_

#include <coroutine>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "jackfield/channel.h"
#include "jackfield/client.h"
#include "jackfield/outcome.h"
#include "jackfield/server.h"
#include "kernel/base/text.h"
#include "services/once/window.h"

namespace jackfield::once {

// The keys of one client.
class Keys {
 public:
  Keys();  // draws its number
  Key Next() { return Key(client_, ++number_, false); }

 private:
  uint64_t client_;
  uint64_t number_ = 0;
};

// ---- Implementation.

namespace once_internal {

absl::Status Keyless();
// How a call ends whose last try ended so.
absl::Status Sum(const Tries& tries, bool again, const absl::Status& last);

// co_await it: until the deed has ended, or the call is cancelled.
class EndOfDeed final : public Window::Waiter {
 public:
  EndOfDeed(Window& window, const Key& key, ServerCall& call) : call_(call) {
    window.Await(key, *this);
    call.OnCancel([this] { waiting_.Resume(call_.node()); });
  }
  void OnEnd(const Window::End& end) override {
    end_ = end;
    waiting_.Resume(call_.node());
  }
  bool await_ready() const { return end_.has_value() || call_.cancelled(); }
  void await_suspend(std::coroutine_handle<> waiting) { waiting_.Suspend(call_.node(), waiting); }
  Window::End await_resume() {
    return end_.has_value() ? *std::move(end_)
                            : Window::End{absl::CancelledError("the caller no longer waits")};
  }

 private:
  ServerCall& call_;
  Suspended waiting_;
  std::optional<Window::End> end_;
};

template <class Table>
Window::End EndOf(absl::StatusOr<flatbuffers::Offset<Table>> built,
                  flatbuffers::FlatBufferBuilder& fbb) {
  if (!built.ok()) return {built.status()};
  fbb.Finish(*built);
  return {absl::OkStatus(),
          std::string(reinterpret_cast<const char*>(fbb.GetBufferPointer()), fbb.GetSize())};
}

}  // namespace once_internal

// The window outlives the call. work(FlatBufferBuilder&) does it and builds the answer: it returns
// an absl::StatusOr<flatbuffers::Offset<Answer>>, or a Task of one. Errors: INVALID_ARGUMENT (no
// key), ABORTED (nobody knows whether it was done before, and it was not done now), ALREADY_EXISTS
// (it was done, but its answer was too long to be kept), RESOURCE_EXHAUSTED (keys_max are under
// way).
template <class Request, class Answer, class Work>
Handling DoOnce(Window& window, CallOf<Request, Answer> call, const Key* key, Work work) {
  if (key == nullptr || key->client() == 0) co_return once_internal::Keyless();
  Node& node = call.node();
  Window::Deed deed;
  Window::End end;
  switch (window.Begin(*key, node.clock().NowNs(), deed, end)) {
    case Window::Begun::kNow: {
      flatbuffers::FlatBufferBuilder fbb;
      if constexpr (std::is_same_v<decltype(work(fbb)),
                                   absl::StatusOr<flatbuffers::Offset<Answer>>>)
        end = once_internal::EndOf(work(fbb), fbb);
      else
        end = once_internal::EndOf(co_await work(fbb), fbb);
      deed.End(end, node.clock().NowNs());
      break;
    }
    case Window::Begun::kRuns: {
      once_internal::EndOfDeed waits(window, *key, call.call());
      end = co_await waits;
      break;
    }
    case Window::Begun::kEnded:
    case Window::Begun::kRefused:
      break;
  }
  if (!end.status.ok()) co_return end.status;
  co_return call.Reply(std::as_bytes(std::span<const char>(end.answer)));
}

// make(key, options) is a call of a generated client that has not begun; it is asked for each try,
// and `key` is to be in its request. Again as Tries does it, and for at most kAgainWithin. Errors:
// the call's; IN_DOUBT with ABORTED: the service was started again in between, or has forgotten.
template <class Make>
auto CallOnce(Channel& channel, Keys& keys, CallOptions options, Make make)
    -> Task<decltype(make(std::declval<const Key&>(), options).await_resume())> {
  Key key = keys.Next();
  Tries tries(channel, options);
  const int64_t until_ns = channel.node().clock().NowNs() + nanoseconds(kAgainWithin).count();
  while (true) {
    const CallOptions terms = tries.Begin();
    auto call = make(std::as_const(key), terms);
    auto reply = co_await call;
    if (reply.ok()) co_return reply;
    if (channel.node().clock().NowNs() >= until_ns || !tries.Again(reply.status()))
      co_return once_internal::Sum(tries, key.again(), reply.status());
    // Of what is known not to have run it is the first call still.
    key = Key(key.client(), key.number(),
              key.again() || OutcomeOf(reply.status()) == Outcome::kInDoubt);
  }
}

}  // namespace jackfield::once

#endif  // JACKFIELD_SERVICES_ONCE_ONCE_H_
