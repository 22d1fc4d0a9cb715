// How a server turns a client away at its door: in words, also when it has no descriptor left.
//
// Thread: any; plain functions.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_TURN_AWAY_H_
#define JACKFIELD_TRANSPORTS_ENGINE_TURN_AWAY_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "kernel/base/owned_fd.h"

namespace jackfield {

// A descriptor that a server has only to give it up: in its place comes a client that cannot stay,
// to be told so.
class SpareFd {
 public:
  SpareFd() { Keep(); }
  // Takes one if it has none. False: there is none to be had.
  bool Keep();
  void Spend() { fd_.Close(); }
  bool kept() const { return fd_.ok(); }

 private:
  OwnedFd fd_;
};

// Tells the client at the other end of a connected socket why it is not let in, with a bare Refuse
// frame (kernel/refusal.h), and hangs up. A client that does not listen is not waited for.
void TurnAway(OwnedFd socket, const absl::Status& why);

// RESOURCE_EXHAUSTED: the service has no descriptor for another client. error: EMFILE or ENFILE.
absl::Status NoDescriptorLeft(int error);
// PERMISSION_DENIED: the client's user may not call.
absl::Status TakesNoClientOf(uint32_t uid);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_TURN_AWAY_H_
