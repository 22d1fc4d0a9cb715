// fifo: — named pipes of one machine, for programs of one user.
//
//   fifo:/run/user/1000/kv/hello   the well-known FIFO, by its whole path. In its directory, this
//                                  user's or root's, nobody else may write, or each may remove but
//                                  his own (as in /tmp); the server makes the FIFO, and removes it
//                                  when it ends
//   fifo:                          a server chooses a place in the runtime directory (see
//                                  engine/private_directory.h) and reports it
//
// Peers meet in meeting.h's way: a client says hello over the well-known FIFO, and has a pair of
// FIFOs of its own from then on, whose names are gone as soon as both ends have opened them.
//
// SIGPIPE is treated as pipe: does (engine/stream/pipe_fds.h).
#ifndef JACKFIELD_TRANSPORTS_FIFO_FIFO_H_
#define JACKFIELD_TRANSPORTS_FIFO_FIFO_H_

#include <memory>

#include "kernel/transport.h"

namespace jackfield {

std::unique_ptr<Transport> MakeFifoTransport();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_FIFO_FIFO_H_
