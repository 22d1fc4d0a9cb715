// inproc: — between nodes of one process (threads), or within one node: frames in two shared rings.
//
//   inproc:kv       a name, known to this transport object: share one registry between the nodes
//   inproc:         a server gets a name and reports it
//   ?size=4MiB      of each direction's ring, a power of two, 64 KiB … 1 GiB; a frame that is
//   larger
//                   than half of it goes in pieces
#ifndef JACKFIELD_TRANSPORTS_INPROC_INPROC_H_
#define JACKFIELD_TRANSPORTS_INPROC_INPROC_H_

#include <memory>

#include "kernel/transport.h"

namespace jackfield {

std::unique_ptr<Transport> MakeInprocTransport();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_INPROC_INPROC_H_
