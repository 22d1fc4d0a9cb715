// What travels, typed: MessageOf<T> is a message that came and was verified to be a table T;
// PayloadOf<T> is what a T that goes can be made from.
//
//   echo.Say([&](auto& fbb) { return CreateSayRequestDirect(fbb, "hello"); })   built in the frame
//   echo.Say(std::span<const std::byte>(finished))                              copied into it
//
// A build function may run more than once (when the first frame was too small, or there was no
// room), so it must not change what it captures. Finished bytes are not looked at here: who
// receives them verifies them.
//
// Thread: the node's. Ownership: a MessageOf owns its bytes and must not outlive the node.
#ifndef JACKFIELD_STUBS_MESSAGE_OF_H_
#define JACKFIELD_STUBS_MESSAGE_OF_H_

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "flatbuffers/flatbuffers.h"
#include "kernel/interface.h"
#include "kernel/message.h"
#include "kernel/outcome.h"
#include "kernel/payload.h"
#include "kernel/text.h"

namespace jackfield {

template <class T>
class MessageOf {
 public:
  // nullopt: the bytes are not a T, or have more tables than tables_max.
  // Requires: message.kept().
  static std::optional<MessageOf> Verified(Message message, int tables_max) {
    const T* table = RootOf<T>(message.payload(), tables_max);
    if (table == nullptr) return std::nullopt;
    return MessageOf(std::move(message), table);
  }

  const T* operator->() const { return table_; }
  const T& operator*() const { return *table_; }
  Message& message() { return message_; }  // its bytes and descriptors

 private:
  MessageOf(Message message, const T* table) : message_(std::move(message)), table_(table) {}
  Message message_;  // kept: its bytes stay where they are when it is moved
  const T* table_;
};

template <class P, class T>
concept BuildsA =
    std::is_invocable_r_v<flatbuffers::Offset<T>, P&, flatbuffers::FlatBufferBuilder&>;

template <class P, class T>
concept PayloadOf =
    BuildsA<P, T> || std::same_as<P, std::span<const std::byte>> || std::same_as<P, Bytes>;

// Implementation.

namespace stubs_internal {

template <class T, class Builder>
struct FinishWith {
  void operator()(flatbuffers::FlatBufferBuilder& fbb) {
    const flatbuffers::Offset<T> root = build(fbb);
    fbb.Finish(root);
  }
  Builder build;
};

template <class T, PayloadOf<T> P>
auto ToPayload(P payload) {
  if constexpr (BuildsA<P, T>)
    return Build(FinishWith<T, P>{std::move(payload)});
  else
    return Bytes(payload);
}

template <class T, class P>
using CarrierOf = decltype(ToPayload<T>(std::declval<P>()));

// The answer to a call. Errors: the call's; DATA_LOSS for one that is not a T.
template <class T>
absl::StatusOr<MessageOf<T>> Typed(const Method& method, absl::StatusOr<Message> reply) {
  if (!reply.ok()) return reply.status();
  const size_t bytes = reply->payload().size();
  std::optional<MessageOf<T>> typed = MessageOf<T>::Verified(*std::move(reply), method.tables_max);
  if (typed.has_value()) return *std::move(typed);
  return MakeStatus(
      Outcome::kOk, Reason::kCorrupt,
      Text(method.name, ": the answer of ", bytes,
           " bytes is not what the schema says, or has more than ", method.tables_max, " tables"));
}

// co_await stream.Read(), or .Wait(): an item, nullopt after the last one. `on_invalid(bytes)` is
// told of an item that is not a T, which ends the reading too.
template <class T, class Stream, class OnInvalid>
class [[nodiscard]] ItemRead {
 public:
  ItemRead(const Method& method, Stream& stream, OnInvalid on_invalid)
      : method_(method), on_invalid_(std::move(on_invalid)), read_(stream.Read()) {}
  bool await_ready() const { return read_.await_ready(); }
  void await_suspend(std::coroutine_handle<> waiting) { read_.await_suspend(waiting); }
  std::optional<MessageOf<T>> await_resume() { return Check(read_.await_resume()); }
  std::optional<MessageOf<T>> Wait() { return Check(read_.Wait()); }

 private:
  std::optional<MessageOf<T>> Check(std::optional<Message> item) {
    if (!item.has_value()) return std::nullopt;
    const size_t bytes = item->payload().size();
    std::optional<MessageOf<T>> typed =
        MessageOf<T>::Verified(*std::move(item), method_.tables_max);
    if (!typed.has_value()) on_invalid_(bytes);
    return typed;
  }
  const Method& method_;
  OnInvalid on_invalid_;
  decltype(std::declval<Stream&>().Read()) read_;
};

}  // namespace stubs_internal
}  // namespace jackfield

#endif  // JACKFIELD_STUBS_MESSAGE_OF_H_
