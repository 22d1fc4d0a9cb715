// pipe: — two anonymous pipes between processes that inherited their ends from a common parent.
//
//   pipe:fd=3,4     reads from descriptor 3, writes to 4; both are taken over
//   pipe:           only describes: whoever starts both ends (jackfield up) makes the pipes
//   ?pid=4121       the other end's process: its death is noticed even if someone else holds its
//                   descriptors
//
// SIGPIPE: see engine/stream/pipe_fds.h.
#ifndef JACKFIELD_TRANSPORTS_PIPE_PIPE_H_
#define JACKFIELD_TRANSPORTS_PIPE_PIPE_H_

#include <memory>

#include "kernel/transport.h"

namespace jackfield {

std::unique_ptr<Transport> MakePipeTransport();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_PIPE_PIPE_H_
