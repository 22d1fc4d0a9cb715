// The connecting end of the rendezvous: makes the memory of the connection, hands it to the server
// and waits to be welcome.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_SHM_SHM_CLIENT_H_
#define JACKFIELD_TRANSPORTS_SHM_SHM_CLIENT_H_

#include <memory>
#include <string>

#include "kernel/loop/loop.h"
#include "kernel/transport.h"
#include "transports/shm/shm_settings.h"

namespace jackfield {

// Errors, by the sink: UNAVAILABLE (nobody serves there, or it went away, or it does not answer),
// PERMISSION_DENIED (served by another uid, or refused), RESOURCE_EXHAUSTED (memory, descriptors,
// quota), FAILED_PRECONDITION (version).
std::unique_ptr<Opening> MakeShmClient(Loop& loop, LinkSink& sink, const ShmSettings& settings,
                                       std::string description);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHM_SHM_CLIENT_H_
