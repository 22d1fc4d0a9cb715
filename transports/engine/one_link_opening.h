// An opening that has its one link ready when it is made: for media without connections. It hands
// it over in a later turn, as the sink must not be called from inside Open.
//
// Thread: the node's. Owns: the driver, until it is handed over.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_ONE_LINK_OPENING_H_
#define JACKFIELD_TRANSPORTS_ENGINE_ONE_LINK_OPENING_H_

#include <functional>
#include <memory>

#include "kernel/loop/loop.h"
#include "kernel/transport.h"

namespace jackfield {

// actual: what a server reports. after: called when the opening goes; to remove what was made for
// it.
std::unique_ptr<Opening> MakeOneLinkOpening(
    Loop& loop, LinkSink& sink, Address actual, Role role, std::unique_ptr<LinkDriver> driver,
    LinkTraits traits, std::function<void()> after = [] {});

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_ONE_LINK_OPENING_H_
