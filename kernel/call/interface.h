// What a schema's `rpc_service` says, as plain data: the methods of an interface and the schema
// itself. The stub generator (tools/stubs/) writes one Interface for each rpc_service; a Port is
// told which of them it serves, so that it can name methods in its answers and the process can
// serve its schemas (services/schema/).
//
// Ownership: views only; what they refer to is constant data of the program.
#ifndef JACKFIELD_KERNEL_CALL_INTERFACE_H_
#define JACKFIELD_KERNEL_CALL_INTERFACE_H_

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "kernel/base/duration.h"

namespace jackfield {

struct Interface;

struct Method {
  enum class Kind : uint8_t { kCall, kOneWay, kServerStream, kClientStream, kBothStreams };

  std::string_view name;  // of the interface and the method: "jackfield.echo.Echo/Say"
  uint32_t type = 0;      // MessageType(name)
  Kind kind = Kind::kCall;
  nanoseconds timeout = 0s;  // of a call that names none; 0: the channel's
  bool idempotent = false;   // running it twice does no harm
  int tables_max = 1000;     // the verifier's limit for one message, buffers inside it included
  // Where its messages want more than FlatBuffers' verifier and a medium give:
  uint32_t alignment = 8;  // bytes: the largest of a struct or list in them (force_align)
  bool walked = false;     // they are checked by the schema, too: nested_flatbuffer, or alignment
  const Interface* interface = nullptr;  // whose method it is

  std::string_view short_name() const { return name.substr(name.rfind('/') + 1); }  // "Say"
};

struct Interface {
  std::string_view name;  // "jackfield.echo.Echo"
  std::span<const Method> methods = {};
  std::string_view schema = {};  // the .bfbs
  uint64_t schema_hash = 0;      // FNV-1a, 64 bits, of it
};

// An interface that clients in this program call: each hello names them all, so that a service can
// say which it serves by another schema. Generated code has one, of static life, for each client.
// Thread: any.
class CalledInterface {
 public:
  explicit CalledInterface(const Interface& interface) : interface_(interface) {
    next_ = first_.load();
    while (!first_.compare_exchange_weak(next_, this)) {
    }
  }
  CalledInterface(const CalledInterface&) = delete;
  const Interface& interface() const { return interface_; }
  const CalledInterface* next() const { return next_; }
  static const CalledInterface* first() { return first_.load(); }

 private:
  const Interface& interface_;
  CalledInterface* next_;
  static inline constinit std::atomic<CalledInterface*> first_ = nullptr;
};

// The method of that name, with or without "interface/" in front.
// Errors: UNIMPLEMENTED (REFUSED), which names the nearest: `kv has no method "Gett"; did you mean
// "Get"?`
absl::StatusOr<const Method*> FindMethod(const Interface& interface, std::string_view name);

// For the answer to a request of a type that nobody handles: only a hash of its name has come.
std::string UnknownMethodText(std::string_view service, uint32_t type,
                              std::span<const Interface* const> interfaces);

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_CALL_INTERFACE_H_
