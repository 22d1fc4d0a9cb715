#include "tools/bench/measure.h"

#include <iterator>
#include <memory>
#include <set>
#include <utility>

#include "kernel/base/text.h"
#include "tools/bench/bus.h"
#include "tools/bench/floor.h"
#include "tools/bench/run.h"
#include "tools/bench/stop_signals.h"

namespace jackfield::bench {
namespace {

constexpr double kCountedSeconds = 0.1;  // some hundred calls, each stopped a dozen times

// One measurement, and what its sides leave under a name when they are killed.
template <class Measuring>
absl::Status MeasureAndTidy(const ResourcesList& resources, Run& run, Measuring measure) {
  const int64_t began_ns = NowNs();
  absl::Status status = measure(run);
  if (status.ok()) return status;
  std::set<int> processes(std::begin(run.processes), std::end(run.processes));
  for (const int none : {0, -1}) processes.erase(none);
  RemoveWhatTheyLeft(resources, processes, (NowNs() - began_ns) / 1'000'000'000 + 1);
  return status;
}

// Both ends asleep between messages: one that spins looks by system calls, and how often depends on
// how long each takes, which counting changes.
absl::Status CountSystemCalls(const Options& options, const Address& address,
                              const Registry& registry, const ResourcesList& resources, Row& row) {
  Options counted = options;
  counted.seconds = kCountedSeconds;
  SharedRun run;
  absl::Status status = MeasureAndTidy(resources, *run, [&](Run& run) {
    return MeasureBus(counted, address.With("spin", "0"), registry, run, Counting::kSystemCalls);
  });
  if (status.ok() && run->use_count > 0) {
    row.system_calls = static_cast<double>(run->system_calls) / static_cast<double>(run->use_count);
  }
  return status;
}

}  // namespace

Measured Measure(const Options& options, const Target& target, const Registry& registry,
                 const ResourcesList& resources) {
  const Address& address = target.address;
  const std::string name = address.ToString();
  Measured measured{Row(name), absl::OkStatus(), {}};
  Row& row = measured.row;
  row.lacks = target.lacks;
  if (!row.lacks.empty()) return measured;
  StopSignals stop;
  const Floor floor = options.floor ? FloorOf(options, address) : Floor();
  if (options.floor && floor.name.empty())
    measured.notes.push_back(Text("no floor for ", name, ": ", floor.why));
  if (!floor.name.empty()) {
    row.floor = std::make_unique<Series>(floor.name);
    row.floor_kind = floor.kind;
  }
  const auto one_of = [&](Series& series, auto measure) {
    SharedRun run;
    measured.status = MeasureAndTidy(resources, *run, measure);
    if (measured.status.ok() && stop.Heard()) measured.status = absl::CancelledError("interrupted");
    row.interrupted = absl::IsCancelled(measured.status);
    if (measured.status.ok() || (row.interrupted && run->Salvage())) series.Add(options, *run);
    return measured.status.ok();
  };
  for (uint32_t round = 0; round < options.rounds; ++round) {
    if (!one_of(row.bus, [&](Run& run) { return MeasureBus(options, address, registry, run); }))
      return measured;
    if (row.floor == nullptr) continue;
    if (one_of(*row.floor, [&](Run& run) { return MeasureFloor(options, floor, run); })) continue;
    if (!row.interrupted) {
      measured.status =
          absl::Status(measured.status.code(),
                       Text("floor ", floor.name, ": ", std::string(measured.status.message())));
    }
    return measured;
  }
  if (!options.counts) return measured;
  const absl::Status counted = CountSystemCalls(options, address, registry, resources, row);
  if (absl::IsCancelled(counted)) {
    row.interrupted = true;
    measured.status = counted;
  } else if (!counted.ok()) {
    measured.notes.push_back(
        Text("system calls of ", name, " not counted: ", std::string(counted.message())));
  }
  return measured;
}

}  // namespace jackfield::bench
