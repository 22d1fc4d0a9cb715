// What every function of the C ABI does first and last: it looks at its arguments, refuses what is
// wrong with them, and lets no exception out.
//
// Thread: any.
#ifndef JACKFIELD_BINDINGS_C_GUARD_H_
#define JACKFIELD_BINDINGS_C_GUARD_H_

#include <cstring>
#include <exception>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "bindings/c/error.h"
#include "bindings/c/objects.h"
#include "kernel/base/text.h"

namespace jackfield::c {

// "node", "channel", …
std::string_view NameOf(Kind kind);
absl::Status NotOpen(const char* function, const Handle* handle, Kind wanted);

inline const jf_node* NodeHandleOf(const jf_node* node) { return node; }
template <class T>
const jf_node* NodeHandleOf(const T* handle) {
  return handle->node;
}

// Is it an open handle of its kind, in the thread of its node? Errors: as jackfield.h says.
template <class T>
absl::Status CheckHandle(const char* function, const T* handle) {
  if (handle == nullptr || handle->kind.load(std::memory_order_relaxed) != T::kKind) [[unlikely]]
    return NotOpen(function, handle, T::kKind);
  if constexpr (T::kKind == Kind::kSchema)  // no node's
    return absl::OkStatus();
  else
    return NodeHandleOf(handle)->node->Usable();
}

// Where nothing may wait, and nothing under the feet of who calls may go.
inline absl::Status CheckOutside(const char* function, const jf_node& node) {
  if (!node.node->in_turn()) [[likely]]
    return absl::OkStatus();
  return Misuse(function, "it is called inside a callback, where it cannot wait");
}

inline absl::Status CheckOut(const char* function, const void* out) {
  return out != nullptr ? absl::OkStatus() : Wrong(function, "there is no place for its result");
}
inline absl::Status CheckBytes(const char* function, const void* data, size_t bytes) {
  if (data != nullptr || bytes == 0) [[likely]]
    return absl::OkStatus();
  return Wrong(function, Text("data is NULL, of ", bytes, " bytes"));
}
template <class F>
absl::Status CheckFunction(const char* function, F fn) {
  return fn != nullptr ? absl::OkStatus() : Wrong(function, "there is no function to call back");
}
// The first of them that is an error.
template <class... More>
absl::Status FirstOf(absl::Status first, More... more) {
  if constexpr (sizeof...(more) > 0) {
    if (first.ok()) return FirstOf(std::move(more)...);
  }
  return first;
}

// A struct that begins with its size, for what comes out.
template <class S>
absl::Status CheckSize(const char* function, const S* given) {
  if (given == nullptr) return Wrong(function, "there is no place for its result");
  if (given->size >= sizeof(S)) return absl::OkStatus();
  return Wrong(function, Text("its struct has the size ", given->size, ", and not ", sizeof(S),
                              ": set .size to the sizeof of it"));
}

// And for options, which may be missing. What a later version has behind the fields that are known
// here must be 0.
template <class S>
absl::Status ReadSized(const char* function, const S* given, S& known) {
  known = S{};
  if (given == nullptr) return absl::OkStatus();
  if (absl::Status status = CheckSize(function, given); !status.ok()) return status;
  std::memcpy(static_cast<void*>(&known), given, sizeof(S));
  constexpr uint32_t kSizeMax = 4096;  // none has so much
  if (given->size > kSizeMax)
    return Wrong(function, Text("its options have the size ", given->size, ": set .size"));
  const char* const begin = reinterpret_cast<const char*>(given);
  for (const char* at = begin + sizeof(S); at < begin + given->size; ++at) {
    if (*at != 0)
      return Wrong(function, "an option is set that this library is too old for (jf_abi)");
  }
  return absl::OkStatus();
}

// `body`: returns a status; called if `handle` may be used.
template <class T, class Body>
int Guarded(const char* function, const T* handle, Body body) noexcept {
  try {
    absl::Status status = CheckHandle(function, handle);
    if (status.ok()) [[likely]]
      status = body();
    return status.ok() ? JF_OK : Say(status);
  } catch (...) {
    return SayThrown(function, std::current_exception());
  }
}

inline nanoseconds Microseconds(int64_t us) {
  constexpr int64_t kMost = INT64_MAX / 1000;
  return nanoseconds((us > kMost ? kMost : us < -kMost ? -kMost : us) * 1000);
}

inline Bytes BytesOf(const void* data, size_t bytes) {
  return Bytes(std::span(static_cast<const std::byte*>(data), bytes));
}

}  // namespace jackfield::c

#endif  // JACKFIELD_BINDINGS_C_GUARD_H_
