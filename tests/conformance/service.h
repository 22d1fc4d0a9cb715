// The service at the other end of every conformance test: in this thread, in another, or in another
// process. What a test wants to know of it, it asks by a call, so the same test runs in every
// place.
#ifndef JACKFIELD_TESTS_CONFORMANCE_SERVICE_H_
#define JACKFIELD_TESTS_CONFORMANCE_SERVICE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/call/channel.h"
#include "kernel/call/port.h"

namespace jackfield::conformance {

enum Method : uint32_t {
  kEcho = 1,  // answers with the payload
  kNote,      // one-way: remembers the number that the payload begins with, and checks the rest
  kNotes,     // answers with the numbers, each followed by a space; "corrupt" in place of a bad one
  kGate,      // a stream: occupies its handler until the client ends its side
  kWho,       // "known uid pid": what the system says of the caller
  kRemaining,      // microseconds left of the call's deadline
  kFds,            // the count of descriptors, a space, and what can be read from all of them
  kDown,           // a stream: "items bytes" asks for so many items of so many bytes; "done"
  kUp,             // a stream: answers with the count of items that came in order and unchanged
  kBoth,           // a stream: sends each item back; "done"
  kWaitForCancel,  // answers only once it is cancelled
  kCancels,        // how many were
  kLinger,         // waits so many microseconds, cancelled or not, and echoes
  kKeep,           // answers, cancelled or not, only when kRelease asks for it
  kRelease,        // has every kKeep that is under way answered first; how many
  kPeak,           // the largest number of kLinger that were under way at once
  kLedger,         // "received handled expired stale late"
  kFail,           // NOT_FOUND, with the payload as text
  kNoAnswer,       // returns without an answer
  kRelay,          // calls on behalf of its caller (Onward) and passes the answer or the failure on
  kTell,           // as kRelay, but sends it one-way; answers once it is on its way
  kBlock,          // tries to block, as Onward says, inside its handler; answers how that ended
  kPriority,       // the priority of the call
  kUnknown,        // has no handler
};

// `bytes` that depend on `number`, which they begin with if there is room.
std::string Pattern(uint32_t number, size_t bytes);
bool IsPattern(uint32_t number, std::span<const std::byte> bytes);
uint32_t NumberOf(std::span<const std::byte> bytes);

// What kRelay, kTell and kBlock do: wait, then call `type` at `address`. As text, so that it nests.
struct Onward {
  std::string address;
  uint32_t type = kEcho;
  std::string payload;
  int64_t timeout_us = 60'000'000;
  uint32_t linger_us = 0;  // before it calls
  uint32_t detached = 0;   // 1: the call inherits nothing

  std::string ToText() const;
  static Onward FromText(std::string_view text);
};

// How a test wants its server; travels to another process as arguments "key=value".
struct ServerSetup {
  uint32_t handlers_max = 1024;
  uint32_t sessions_max = 16'384;
  uint32_t window_units = 1024;
  uint32_t stream_items = 64;
  uint32_t frame_bytes_max = kFrameBytesMaxDefault;
  uint32_t reentrant = 0;
  uint32_t pull = 0;  // 1: no handlers; receives an Echo before any Note, answers with what waits

  std::vector<std::string> ToArgs() const;
  static ServerSetup FromArgs(std::span<char* const> args);
  PortOptions ToPortOptions() const;
};

// Destroy it after its port, whose calls may use its channels, and before the node.
class TestService {
 public:
  TestService(Port& port, const ServerSetup& setup);

 private:
  void TakeNote(ServerCall& call);
  Task<absl::Status> Down(ServerCall& call);
  Task<absl::Status> Up(ServerCall& call);
  Task<absl::Status> Both(ServerCall& call);
  Task<absl::Status> Gate(ServerCall& call);
  Task<absl::Status> Linger(ServerCall& call);
  Task<absl::Status> Relay(ServerCall& call);
  Task<absl::Status> Tell(ServerCall& call);
  void Block(ServerCall& call);
  Task<void> Pull(Node& node);
  // The channel to that address, opened at its first use. nullptr: `call` has been answered so.
  Channel* ChannelTo(ServerCall& call, const std::string& address);

  Port& port_;
  std::map<std::string, std::unique_ptr<Channel>> onward_;
  std::vector<std::string> notes_;
  std::vector<ServerCall*> kept_;
  int cancels_ = 0, lingering_ = 0, peak_ = 0;
};

}  // namespace jackfield::conformance

#endif  // JACKFIELD_TESTS_CONFORMANCE_SERVICE_H_
