// The measurements of the bus: whole calls through Channel and Port, as a program would make them,
// every payload checked by who receives it.
//
//   mode         client                                       server
//   latency      Call(…).Wait(), one at a time                checks, replies with the payload
//   throughput   TrySend until refused, then waits; asks for  checks and counts
//                the count at the end
//   fanin        CallAsync on many channels of a node, each   as latency
//                answer starts the next call
//
#ifndef JACKFIELD_TOOLS_BENCH_BUS_H_
#define JACKFIELD_TOOLS_BENCH_BUS_H_

#include "absl/status/status.h"
#include "kernel/address.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/registry.h"
#include "tools/bench/run.h"

namespace jackfield::bench {

// Measures `address` once. Errors: those of RunProcesses, and DATA_LOSS where a payload was not
// what was sent. Blocks: for a little more than --seconds.
absl::Status MeasureBus(const Options& options, const Address& address, const Registry& registry,
                        Run& run, Counting counting = Counting::kNo);

// The methods of the measured service.
inline constexpr uint32_t kEcho = 1;   // a call: answered with its own payload
inline constexpr uint32_t kTake = 2;   // one-way: counted
inline constexpr uint32_t kCount = 3;  // a call: answered with a Taken
inline constexpr uint32_t kStop = 4;   // a call: the server ends once it has answered

// What the receiver of one-way messages found.
struct Taken {
  uint64_t messages = 0;  // all
  uint64_t measured = 0;  // after the warm-up
  int64_t measured_ns = 0;
};

// Gives `port` the handlers of the measured service; what they count stays with the port.
// Requires: `node` drives `port`; it is stopped by kStop, or by the first payload that is wrong
// (`fault` says so). Both outlive the port.
void ServeMeasured(Node& node, Port& port, const Options& options, absl::Status& fault);

// The client of each mode, on channels that are open. They end the measurement, and leave the
// server running.
absl::Status MeasureLatency(Context& context, Channel& channel);
absl::Status MeasureThroughput(Context& context, Channel& channel);
absl::Status MeasureFanin(Context& context, Node& node,
                          std::span<const std::unique_ptr<Channel>> channels);

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_BUS_H_
