// An opening at a place on the Internet, whose host may be a name: it is looked up on a thread of
// its own, for the system's resolver may take as long as it likes, and the node has others to
// serve.
//
// Thread: the node's. The lookup's thread owns all that it uses, and is detached: whoever destroys
// the opening, or its node, or ends the process, does not wait for it.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_RESOLVED_OPENING_H_
#define JACKFIELD_TRANSPORTS_ENGINE_RESOLVED_OPENING_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "kernel/loop/loop.h"
#include "kernel/transport.h"
#include "transports/engine/internet_name.h"

namespace jackfield {

// So many lookups are under way in a process at most, those included that nobody waits for any
// more. One more is UNAVAILABLE, which a channel tries again.
inline constexpr int kLookupsMax = 64;

// What a host stands for: runs on another thread if the host is a name, so it refers to nothing.
using ResolveHost = std::function<absl::StatusOr<InternetNames>()>;
// Opens at one of the places; runs on the node's thread. Errors: as Transport::Open.
using OpenAtNames = std::function<absl::StatusOr<std::unique_ptr<Opening>>(
    const InternetNames& names, LinkSink& sink)>;

// Of a number `open` is called at once, and its result is returned. Of a name it is called in a
// later turn, and an error goes to the sink. Errors: those of both; RESOURCE_EXHAUSTED (no thread).
absl::StatusOr<std::unique_ptr<Opening>> OpenResolved(Loop& loop, LinkSink& sink,
                                                      const Address& address, const HostPort& where,
                                                      ResolveHost resolve, OpenAtNames open);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_RESOLVED_OPENING_H_
