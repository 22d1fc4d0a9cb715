#include "tools/bench/floor.h"

#include <memory>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/bench/floor_lines.h"
#include "tools/bench/floor_memory.h"
#include "tools/bench/floor_posts.h"

namespace jackfield::bench {
namespace {

// The fan-in floor writes without waiting for room: what is outstanding must fit into the medium.
constexpr uint64_t kFaninBytesMax = 32 << 10;
// A packet goes as a whole: net.core.wmem_default holds it.
constexpr uint64_t kPacketBytesMax = 128 << 10;

}  // namespace

Floor FloorOf(const Options& options, const Address& address) {
  const MediumOfScheme& row = FindMedium(address);
  Floor floor;
  floor.medium = row.medium;
  if (!address.shims().empty() || row.medium == Medium::kNone) {
    floor.why = "the bench knows no plain program over this medium";
    return floor;
  }
  if (options.one_cpu) floor.waiting = Waiting::kBlocking;
  if (const auto spin = address.Find("spin")) {
    const absl::StatusOr<int64_t> ns = ParseDurationNs(*spin);
    if (ns.ok() && *ns == 0) floor.waiting = Waiting::kBlocking;
  }
  if (IsPosts(row.medium)) {
    if (options.mode != Mode::kLatency) {
      floor.why = "over the bare medium the bench knows round trips only";
      return floor;
    }
    if (const uint64_t most = PostBytesMax(row.medium); options.size_bytes > most) {
      floor.why = Text("one message of the bare medium has at most ", most, " bytes");
      return floor;
    }
  }
  if (row.medium == Medium::kUnixPackets && options.size_bytes > kPacketBytesMax) {
    floor.why = Text("one packet of the bare medium has at most ", kPacketBytesMax, " bytes");
    return floor;
  }
  const bool memory = row.medium == Medium::kMemory || row.medium == Medium::kSharedMemory;
  std::string_view variant;
  if (options.mode != Mode::kLatency) {
    // What does not spin for a message does not spin for many; memory has nothing to sleep on then,
    // unless one CPU forces it to.
    floor.waiting = memory && !options.one_cpu ? Waiting::kSpin : Waiting::kBlocking;
    if (!memory) variant = options.mode == Mode::kFanin ? ", epoll, batched" : ", coalesced";
  }
  if (options.mode == Mode::kFanin) {
    if (options.depth * options.size_bytes > kFaninBytesMax) {
      floor.why = Text("depth × size is over ", kFaninBytesMax >> 10,
                       " KiB, which the plain loop cannot keep in the medium");
      return floor;
    }
  }
  floor.kind = floor.waiting == Waiting::kSpin ? "spinning" : "blocking";
  floor.name = Text(row.name, ", ", floor.kind, variant);
  return floor;
}

absl::Status MeasureFloor(const Options& options, const Floor& floor, Run& run) {
  if (floor.medium == Medium::kMemory || floor.medium == Medium::kSharedMemory)
    return MeasureMemoryFloor(options, floor.medium, floor.waiting, run);
  if (IsPosts(floor.medium)) return MeasurePostsFloor(options, floor, run);
  absl::StatusOr<std::unique_ptr<Lines>> made = Lines::Make(floor.medium, options.connections);
  if (!made.ok()) return made.status();
  Lines& lines = **made;
  Sides sides;
  sides.server = [&](Context& context) {
    context.PinThread();
    switch (options.mode) {
      case Mode::kLatency:
        return ServeLatencyFloor(context, lines, floor.waiting);
      case Mode::kThroughput:
        return TakeThroughputFloor(context, lines);
      case Mode::kFanin:
        return ServeFaninFloor(context, lines);
    }
    return absl::OkStatus();
  };
  sides.client = [&](Context& context) {
    context.PinThread();
    switch (options.mode) {
      case Mode::kLatency:
        return MeasureLatencyFloor(context, lines, floor.waiting);
      case Mode::kThroughput:
        return SendThroughputFloor(context, lines);
      case Mode::kFanin:
        return MeasureFaninFloor(context, lines);
    }
    return absl::OkStatus();
  };
  sides.close_all = [&] { lines.CloseAll(); };
  sides.close_other = [&](Side side) { lines.CloseOther(side); };
  return RunProcesses(options, sides, run);
}

}  // namespace jackfield::bench
