#include "tools/bench/bench.h"

#include <cstdio>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "tools/bench/bus.h"
#include "tools/bench/floor.h"
#include "tools/bench/options.h"
#include "tools/bench/report.h"
#include "tools/bench/run.h"
#include "tools/cli/clean_first.h"

namespace jackfield::bench {
namespace {

void Say(std::string_view line) {
  std::fprintf(stderr, "jackfield: bench: %.*s\n", static_cast<int>(line.size()), line.data());
}

void Print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

constexpr int kExitInterrupted = 130;  // as tools/cli/program.h has it

// One measurement, and what its sides leave under a name when they are killed.
template <class Measuring>
absl::Status MeasureAndTidy(const ResourcesList& resources, Run& run, Measuring measure) {
  const StopSignals heard_later;  // not halfway through
  const int64_t began_ns = NowNs();
  absl::Status status = measure(run);
  if (status.ok()) return status;
  std::set<int> processes(std::begin(run.processes), std::end(run.processes));
  for (const int none : {0, -1}) processes.erase(none);
  RemoveWhatTheyLeft(resources, processes, (NowNs() - began_ns) / 1'000'000'000 + 1);
  return status;
}

// All rounds at one address, bus and floor in turns: what else the machine does meets both alike.
absl::StatusOr<Row> Measure(const Options& options, const Address& address,
                            const Registry& registry, const ResourcesList& resources) {
  const std::string name = address.ToString();
  Row row{Series(options.json ? Text("jackfield ", name) : name), nullptr};
  const Floor floor = options.floor ? FloorOf(options, address) : Floor();
  if (options.floor && floor.name.empty()) Say(Text("no floor for ", name, ": ", floor.why));
  if (!floor.name.empty())
    row.floor = std::make_unique<Series>(options.json ? Text("floor ", floor.name) : floor.name);
  for (uint32_t round = 0; round < options.rounds; ++round) {
    SharedRun bus_run;
    absl::Status status = MeasureAndTidy(
        resources, *bus_run, [&](Run& run) { return MeasureBus(options, address, registry, run); });
    if (!status.ok()) return status;
    row.bus.Add(options.mode, *bus_run);
    if (row.floor == nullptr) continue;
    SharedRun floor_run;
    status = MeasureAndTidy(resources, *floor_run,
                            [&](Run& run) { return MeasureFloor(options, floor, run); });
    if (!status.ok()) {
      return absl::Status(status.code(),
                          Text("floor ", floor.name, ": ", std::string(status.message())));
    }
    row.floor->Add(options.mode, *floor_run);
  }
  return row;
}

}  // namespace

int Bench(const Arguments& arguments, const Registry& registry, const ResourcesList& resources) {
  absl::StatusOr<Options> options = Options::Read(arguments, registry);
  if (!options.ok()) {
    Say(std::string(options.status().message()));
    return 2;
  }
  CleanFirst(resources, arguments);
  if (!options->json) Print(TableHead(*options));
  int exit_status = 0;
  for (const Address& address : options->over) {
    absl::StatusOr<Row> row = Measure(*options, address, registry, resources);
    if (absl::IsCancelled(row.status())) {
      Say(Text("interrupted while ", address.ToString(), " was measured, which is not shown"));
      return kExitInterrupted;
    }
    if (!row.ok()) {
      Say(Text(address.ToString(), ": ", std::string(row.status().message())));
      exit_status = 1;
      continue;  // the others are still worth knowing
    }
    Print(options->json ? Json(*options, *row) : TableLines(*options, *row));
  }
  return exit_status;
}

}  // namespace jackfield::bench
