// `fragment+X:` — messages of any size over a transport X with small frames.
//
//   fragment+mq:/kv?message=16MiB
//
//   message=BYTES   the largest frame that is carried, 4KiB..16MiB (the default), header included
//
// A frame that fits into one of X's, with 24 bytes in front, goes whole and is delivered where it
// arrived; a larger one goes in pieces and is put together in a block of the node's pool. Both ends
// must be behind the shim; one that is not is told so.
//
// Order: the frames of a session carry consecutive sequence numbers, across all priorities, and are
// delivered in that order; so an urgent request cannot pass the pieces of a large one that is under
// way. (It passes everything that has not entered the link yet: the session's queues are by
// priority.) What can pass is the acknowledgement, which has no sequence: it goes between the
// pieces, so that a large message one way does not hold up the credit of the other.
//
// Memory: one unfinished frame for each link, at most `message` bytes, and at most 1 MiB until so
// much of it has really come. Descriptors go with the first piece.
//
// The effect on Caps: frame_bytes_max is `message`. Without order below, pieces are lost, so the
// shim is then not reliable. Thread: as the inner transport.
#ifndef JACKFIELD_TRANSPORTS_SHIM_FRAGMENT_FRAGMENT_H_
#define JACKFIELD_TRANSPORTS_SHIM_FRAGMENT_FRAGMENT_H_

#include <cstdint>
#include <memory>

#include "kernel/transport.h"

namespace jackfield {

std::unique_ptr<Shim> MakeFragmentShim();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_FRAGMENT_FRAGMENT_H_
