// `chaos+X:?…` — a bad day for any transport X, the same one for the same seed.
//
//   chaos+unix:@kv?seed=7&drop=1%&dup=1%&reorder=5%&delay=1ms..5ms&corrupt=0.1%&cut=0.01%&stall=1%:5ms
//
//   seed=N          which day; links are told apart by the order in which they are made
//   drop=SHARE      the frame never arrives
//   dup=SHARE       it arrives twice
//   reorder=SHARE   frames behind it may arrive first: it is held back for kReorderNs
//   delay=D|D1..D2  it arrives so much later; the order is kept
//   corrupt=SHARE   one bit of it is turned over
//   cut=SHARE       the link breaks instead: both ends see the loss of their peer
//   stall=SHARE:D   nothing in its direction moves for so long
//
// Each frame meets its fate once where it leaves and once where it arrives through this shim, so a
// connection with the shim at one end has it in both directions. The effect on Caps: drop, dup and
// corrupt take away reliable, reorder takes away ordered; delay, stall and cut take away nothing
// (the loss of a peer is not a lost frame). Descriptors go with their frame; a duplicate has its
// own. What waits here is in this process's memory, so that nothing behind it is durable.
//
// Thread: as the inner transport.
#ifndef JACKFIELD_TRANSPORTS_SHIM_CHAOS_CHAOS_H_
#define JACKFIELD_TRANSPORTS_SHIM_CHAOS_CHAOS_H_

#include <cstdint>
#include <memory>

#include "kernel/transport.h"
#include "transports/engine/seeded.h"

namespace jackfield {

struct ChaosSettings {
  uint64_t seed = 1;
  double drop = 0, dup = 0, reorder = 0, corrupt = 0, cut = 0, stall = 0;  // shares, 0..1
  DurationRange delay;
  int64_t stall_ns = 0;
};

std::unique_ptr<Shim> MakeChaosShim();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_CHAOS_CHAOS_H_
