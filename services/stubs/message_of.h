// What travels, typed: MessageOf<T> is a message that came and was verified to be a table T;
// PayloadOf<T> is what a T that goes can be made from.
//
//   echo.Say([&](auto& fbb) { return CreateSayRequestDirect(fbb, "hello"); })   built in the frame
//   echo.Say(std::span<const std::byte>(finished))                              copied into it
//
// A build function may run more than once (when the first frame was too small, or there was no
// room), so it must not change what it captures. What it throws is the send's or the call's status
// (INTERNAL). Finished bytes are not looked at here: who receives them verifies them.
//
// Structs lie as their schema wants it (force_align), in what is built and in what came.
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
#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/call/interface.h"
#include "kernel/message.h"
#include "kernel/node.h"
#include "kernel/payload.h"
#include "services/stubs/message_fault.h"

namespace jackfield {

template <class T>
class MessageOf {
 public:
  // As the request or the reply of `method`. Errors: RESOURCE_EXHAUSTED (no memory to align it),
  // DATA_LOSS: it is not what the schema says, or has too many tables; the first fault is named.
  // Requires: message.kept().
  static absl::StatusOr<MessageOf> Verified(Message&& message, const Method& method, Way way,
                                            Node& node);

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

constexpr uint32_t kSizeHint = 512;  // bytes

template <class T, PayloadOf<T> P>
auto ToPayload(const Method& method, P payload) {
  if constexpr (BuildsA<P, T>)
    return Build(FinishWith<T, P>{std::move(payload)}, kSizeHint, method.alignment);
  else
    return Bytes(payload);
}

template <class T, class P>
using CarrierOf = decltype(ToPayload<T>(std::declval<const Method&>(), std::declval<P>()));

// DATA_LOSS: "shop.Stock/Get: the answer of 96 bytes is not what the schema says: …"
absl::Status NotSound(const Method& method, Way way, std::span<const std::byte> payload);
absl::Status NoMemoryToAlign(const Method& method);
// A refusal because of the method's number, with its name.
absl::Status Named(const Method& method, absl::Status status);

// A T in bytes that lie as the method wants it; nullptr: they are none.
template <class T>
const T* SoundRoot(const Method& method, Way way, std::span<const std::byte> payload) {
  const T* root = RootOf<T>(payload, method.tables_max);
  if (method.walked && !IsSound(method, way, payload)) [[unlikely]]
    return nullptr;
  return root;
}

// The answer to a call. Errors: the call's; those of MessageOf::Verified.
template <class T>
absl::StatusOr<MessageOf<T>> Typed(const Method& method, absl::StatusOr<Message> reply,
                                   Node& node) {
  if (!reply.ok()) return Named(method, reply.status());
  return MessageOf<T>::Verified(*std::move(reply), method, Way::kReply, node);
}

// co_await stream.Read(), or .Wait(): an item, nullopt after the last one. `on_invalid(status)` is
// told of an item that is not a T, which ends the reading too.
template <class T, class Stream, class OnInvalid>
class [[nodiscard]] ItemRead {
 public:
  ItemRead(const Method& method, Way way, Stream& stream, Node& node, OnInvalid on_invalid)
      : method_(method),
        way_(way),
        node_(node),
        on_invalid_(std::move(on_invalid)),
        read_(stream.Read()) {}
  bool await_ready() const { return read_.await_ready(); }
  void await_suspend(std::coroutine_handle<> waiting) { read_.await_suspend(waiting); }
  std::optional<MessageOf<T>> await_resume() { return Check(read_.await_resume()); }
  std::optional<MessageOf<T>> Wait() { return Check(read_.Wait()); }

 private:
  std::optional<MessageOf<T>> Check(std::optional<Message> item) {
    if (!item.has_value()) return std::nullopt;
    absl::StatusOr<MessageOf<T>> typed =
        MessageOf<T>::Verified(*std::move(item), method_, way_, node_);
    if (typed.ok()) return *std::move(typed);
    on_invalid_(typed.status());
    return std::nullopt;
  }
  const Method& method_;
  const Way way_;
  Node& node_;
  OnInvalid on_invalid_;
  decltype(std::declval<Stream&>().Read()) read_;
};

}  // namespace stubs_internal

template <class T>
absl::StatusOr<MessageOf<T>> MessageOf<T>::Verified(Message&& message, const Method& method,
                                                    Way way, Node& node) {
  if (method.walked && !message.Align(method.alignment, MemoryOf(node))) [[unlikely]]
    return stubs_internal::NoMemoryToAlign(method);
  const T* table = stubs_internal::SoundRoot<T>(method, way, message.payload());
  if (table == nullptr) [[unlikely]]
    return stubs_internal::NotSound(method, way, message.payload());
  return MessageOf(std::move(message), table);
}

}  // namespace jackfield

#endif  // JACKFIELD_STUBS_MESSAGE_OF_H_
