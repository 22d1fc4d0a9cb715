// The floors: what the bare medium does when two plain programs use it for just this, without
// header, session or dispatch. The same payload sizes, the same loop, the same clock, the sequence
// checked on both sides, and of messages over 1 KiB as much as the bus checks (floor_content.h); so
// the ratio of bus and floor says what the bus adds, and 1.0 is the medium.
//
// - latency: read and write of one message; "spinning": non-blocking and tried again and again,
// else
//   "blocking"; messages without a connection (datagrams, queues) in this mode only;
// - throughput: many messages in one large write, large reads ("coalesced"); of packets many in one
//   system call;
// - fanin: one epoll loop on each side: read all there is, answer all, write once ("batched");
// - memory: two threads, or processes for shared memory, and a ring of slots for each direction.
//
// Where both sides have one CPU every floor blocks: there spinning only keeps the other from
// running.
#ifndef JACKFIELD_TOOLS_BENCH_FLOOR_H_
#define JACKFIELD_TOOLS_BENCH_FLOOR_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "kernel/address.h"
#include "tools/bench/medium.h"
#include "tools/bench/run.h"

namespace jackfield::bench {

enum class Waiting { kBlocking, kSpin };

struct Floor {
  std::string name;  // "unix stream, spinning"; "" where there is none, and then:
  std::string why;
  std::string_view kind;  // "spinning" or "blocking"
  Medium medium = Medium::kNone;
  Waiting waiting = Waiting::kSpin;
};

// The floor that `address` is measured against: in mode latency the spinning one, or with ?spin=0,
// and where both sides have one CPU, the blocking one.
Floor FloorOf(const Options& options, const Address& address);

// Measures it once. Requires: !floor.name.empty(). Blocks and errors as MeasureBus.
absl::Status MeasureFloor(const Options& options, const Floor& floor, Run& run);

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_FLOOR_H_
