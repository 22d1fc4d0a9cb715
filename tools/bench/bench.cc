#include "tools/bench/bench.h"

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/text.h"
#include "tools/bench/bus.h"
#include "tools/bench/floor.h"
#include "tools/bench/options.h"
#include "tools/bench/report.h"

namespace jackfield::bench {
namespace {

void Say(std::string_view line) {
  std::fprintf(stderr, "jackfield: bench: %.*s\n", static_cast<int>(line.size()), line.data());
}

void Print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

// All rounds at one address, bus and floor in turns: what else the machine does meets both alike.
absl::StatusOr<Row> Measure(const Options& options, const Address& address,
                            const Registry& registry) {
  const std::string name = address.ToString();
  Row row{Series(options.json ? Text("jackfield ", name) : name), nullptr};
  const Floor floor = options.floor ? FloorOf(options, address) : Floor();
  if (options.floor && floor.name.empty()) Say(Text("no floor for ", name, ": ", floor.why));
  if (!floor.name.empty())
    row.floor = std::make_unique<Series>(options.json ? Text("floor ", floor.name) : floor.name);
  for (uint32_t round = 0; round < options.rounds; ++round) {
    SharedRun bus_run;
    if (absl::Status status = MeasureBus(options, address, registry, *bus_run); !status.ok())
      return status;
    row.bus.Add(options.mode, *bus_run);
    if (row.floor == nullptr) continue;
    SharedRun floor_run;
    if (absl::Status status = MeasureFloor(options, floor, *floor_run); !status.ok()) {
      return absl::Status(status.code(),
                          Text("floor ", floor.name, ": ", std::string(status.message())));
    }
    row.floor->Add(options.mode, *floor_run);
  }
  return row;
}

}  // namespace

int Bench(const Arguments& arguments, const Registry& registry) {
  absl::StatusOr<Options> options = Options::Read(arguments, registry);
  if (!options.ok()) {
    Say(std::string(options.status().message()));
    return 2;
  }
  if (!options->json) Print(TableHead(*options));
  int exit_status = 0;
  for (const Address& address : options->over) {
    absl::StatusOr<Row> row = Measure(*options, address, registry);
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
