// mmap: — a memory-mapped log file: what is sent is appended to it, and each of any number of
// readers receives all of it, in order, when it comes to it. One way: there are no calls over it
// (docs/decisions/0006).
//
//   mmap:/var/lib/kv/log     the file, by its whole path. A channel appends: one at a time; a port
//                            reads: as many as have names. Whoever comes first makes it
//   mmap:                    a server gets a log in the runtime directory that goes with it
//   ?ack=synced|written      when a message counts as delivered: when it survives a power cut (the
//                            default), or the death of the writer
//   ?reader=NAME             whose cursor (default: "default"); two readers have two names
//   ?from=start|end          where a new cursor begins (default start)
//   ?mode=log|ring           log (the default) grows. A ring is a file of a fixed size: what is
//                            oldest is written over, and a reader that is too slow misses it,
//                            which is counted (Ledger::lost). The writer does not wait for readers
//   ?size=32MiB              of a ring that is made now: 128KiB..4GiB; a message is smaller than an
//                            eighth of it (or 64KiB)
//   ?segment=32MiB           how much a new log grows at once: 64KiB..4GiB; a message is smaller
//
// Both ends may be given the same address; each takes its own of the parameters.
#ifndef JACKFIELD_TRANSPORTS_MMAP_MMAP_H_
#define JACKFIELD_TRANSPORTS_MMAP_MMAP_H_

#include <memory>

#include "kernel/transport.h"

namespace jackfield {

std::unique_ptr<Transport> MakeMmapTransport();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_MMAP_MMAP_H_
