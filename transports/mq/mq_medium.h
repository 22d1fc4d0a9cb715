// The two ends of mq: for the hub.
//
//   client                                                    server
//   owns /jackfield.NAME.PID.START.N
//   greeting: its process, that name ──▶ /jackfield.NAME      opens it, removes its name, watches
//                                                             the process
//              ◀── welcome: the server's process ────────
//   removes the name, watches the process
//   frames, goodbye ──▶ /jackfield.NAME
//              ◀── frames, goodbye ── the client's queue
//
// Once admitted a client has no name in the system: a crash of both ends leaves the server's queue
// only, which the next server removes. Where the process of the other end is not to be seen
// (another pid namespace, no /proc) its death is noticed by the lock on its queue, looked at every
// 0.1 s.
#ifndef JACKFIELD_TRANSPORTS_MQ_MQ_MEDIUM_H_
#define JACKFIELD_TRANSPORTS_MQ_MQ_MEDIUM_H_

#include <memory>
#include <string>

#include "kernel/address.h"
#include "transports/engine/hub/hub_medium.h"
#include "transports/mq/queue.h"

namespace jackfield {

class Loop;

struct MqSettings {
  std::string queue;  // "/jackfield.kv"; empty: a server chooses
  QueueSize size;
  unsigned queue_priority = 1;  // of everything that this client sends: 3 is the most urgent
};

Caps CapsOf(const MqSettings& settings);

// On a queue that it owns.
std::unique_ptr<HubMedium> MakeMqServer(Loop& loop, const MqSettings& settings, Queue queue,
                                        std::string description);
// From a queue of its own to the server's.
std::unique_ptr<HubMedium> MakeMqClient(Loop& loop, const MqSettings& settings, Queue own,
                                        std::string own_name, Queue server,
                                        std::string description);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_MQ_MQ_MEDIUM_H_
