// The two ends of sysv: for the hub.
//
//   client                                                       server
//   owns a queue of a drawn key
//   greeting: its process, that queue's number, the name ──▶     watches the process
//              ◀── welcome: the server's process ──────────
//   frames, goodbye ──▶ the queue of the name's key
//              ◀── frames, goodbye ── the client's queue
//
// The type of a message is 30 bits of its link's key: a look from outside can select by link. Our
// own ends take messages in order; selective receive by message type is the session's, as
// everywhere.
#ifndef JACKFIELD_TRANSPORTS_SYSV_SYSV_MEDIUM_H_
#define JACKFIELD_TRANSPORTS_SYSV_SYSV_MEDIUM_H_

#include <memory>
#include <string>

#include "transports/engine/hub/hub_medium.h"
#include "transports/sysv/queue.h"
#include "transports/sysv/waiter.h"

namespace jackfield {

class Loop;

struct SysvSettings {
  std::string name;               // as the address has it; empty: a server chooses
  uint32_t message_bytes = 8192;  // of the text: envelope and frame
};

Caps CapsOf(const SysvSettings& settings);

// waiter: of `queue`, which it removes in the end.
std::unique_ptr<HubMedium> MakeSysvServer(Loop& loop, const SysvSettings& settings, int queue,
                                          std::unique_ptr<sysv::Waiter> waiter,
                                          std::string description);
std::unique_ptr<HubMedium> MakeSysvClient(Loop& loop, const SysvSettings& settings, int queue,
                                          std::unique_ptr<sysv::Waiter> waiter, int server,
                                          std::string description);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SYSV_SYSV_MEDIUM_H_
