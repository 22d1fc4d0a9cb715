// Who may call: a port that has a gate asks it about each client that says hello, and about each
// message that begins a call.
//
// A client is known by what the bus found out itself: the system's word for its process, and the
// badge in its hello, which only who was given it can show (services/allow). The name that a
// client says of itself counts for nothing.
//
// A client that is not admitted is refused (PERMISSION_DENIED), and does not try again. So is a
// message of one that is; a one-way message is dropped, and counted. The service's own people find
// the first of each kind on its stderr.
//
// Thread: the node's of the port. Ownership: whoever made it, who keeps it longer than the port.
#ifndef JACKFIELD_KERNEL_CALL_GATE_H_
#define JACKFIELD_KERNEL_CALL_GATE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "kernel/link.h"

namespace jackfield {

class Port;

class Gate {
 public:
  struct Client {
    const PeerIdentity& peer;
    std::string_view badge;  // "": it has shown none, or its medium brings no hello
    std::string_view name;   // by its own word, escaped, for people
  };
  // What became of a client's hello; its port keeps it for as long as the session lives.
  struct Admission {
    absl::Status status;  // not OK: refused
    std::string caller;   // the name that its badge proves; "": none
    uint64_t rights = 0;  // what the gate wants to know of it again
  };

  virtual ~Gate() = default;
  virtual Admission Admit(const Client& client) const = 0;
  // May it send a message of that type to `port`? For each message: it should cost little.
  virtual bool MayCall(const Admission& admitted, uint32_t type, const Port& port) const = 0;
  // Why not, for the caller. REFUSED (permission)
  virtual absl::Status WhyNot(const Admission& admitted, uint32_t type, const Port& port) const = 0;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_CALL_GATE_H_
