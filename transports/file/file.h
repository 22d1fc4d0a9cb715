// file: — a recording: what is sent is appended to a file, and whoever reads it receives all of it.
// Any number of writers and readers at once, or one after the other. One way: there are no calls
// over it (docs/decisions/0006).
//
//   file:/srv/batch/today    the file, by its whole path. A channel appends, a port reads. Whoever
//                            comes first makes it
//   file:                    a server gets a file in the runtime directory that goes with it
//   ?from=start|end          a reader begins with the first message (the default), or with what is
//                            written from now on; it keeps no cursor (mmap: does)
//
//   ?ack=written|synced      when a message counts as delivered: when it survives the death of the
//                            writer (the default; of mmap: it is the other), or a power cut
//
// Both ends may be given the same address; each takes its own of the parameters.
#ifndef JACKFIELD_TRANSPORTS_FILE_FILE_H_
#define JACKFIELD_TRANSPORTS_FILE_FILE_H_

#include <memory>

#include "kernel/transport.h"

namespace jackfield {

std::unique_ptr<Transport> MakeFileTransport();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_FILE_FILE_H_
