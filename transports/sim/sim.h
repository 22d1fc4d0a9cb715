// `sim:name` — frames between nodes of one thread, with delays and faults that a seed decides.
//
// Keys: delay=1us or 1us..50us (until a frame arrives), depth=256 (frames under way in one
// direction, 1..1024), seed=N (delays of this connection; else of the medium's own course).
//
// Two ways to have one:
//   SimWorld (sim_world.h)   a virtual clock and a medium of its own, for simulation: nothing
//                            waits, all is repeatable
//   the builtin `sim:`       the real clock; delays are real. One thread at a time drives all nodes
//                            that use it
//
// Thread: Describe any; Open the one that drives the node, and no second one while ends live
// (FAILED_PRECONDITION).
#ifndef JACKFIELD_TRANSPORTS_SIM_SIM_H_
#define JACKFIELD_TRANSPORTS_SIM_SIM_H_

#include <memory>

#include "kernel/transport.h"
#include "transports/sim/sim_medium.h"

namespace jackfield {

// With a medium of its own, seeded alike in every process.
std::unique_ptr<Transport> MakeSimTransport();
// Over `medium`, which outlives it and everything opened with it.
std::unique_ptr<Transport> MakeSimTransport(SimMedium& medium);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SIM_SIM_H_
