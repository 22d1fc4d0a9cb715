#include "tools/bench/bench.h"

#include <sys/resource.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "tools/bench/data.h"
#include "tools/bench/measure.h"
#include "tools/bench/options.h"
#include "tools/bench/page.h"
#include "tools/bench/stop_signals.h"
#include "tools/bench/table.h"
#include "tools/cli/clean_first.h"
#include "tools/cli/out_file.h"

namespace jackfield::bench {
namespace {

void Say(std::string_view line) {
  std::fprintf(stderr, "jackfield: bench: %.*s\n", static_cast<int>(line.size()), line.data());
}

void Print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

// As many connections as the machine allows need as many descriptors.
void RaiseDescriptors() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);  // else it stays, and whoever needs more says so
}

class Benchmark {
 public:
  Benchmark(const Program& program, const Options& options)
      : program_(program), options_(options), table_(options) {}

  // Opened before anything is measured. Errors: NOT_FOUND.
  absl::Status OpenFiles() {
    if (absl::Status status = csv_.Open(options_.csv_file); !status.ok()) return status;
    return html_.Open(options_.html_file);
  }

  int Run() {
    const StopSignals heard_later;  // not between two addresses either
    if (!options_.json) Print(table_.Head());
    int exit_status = kExitOk;
    for (const Target& target : options_.over) {
      const int one = RunOne(target);
      if (one != kExitOk) exit_status = one;
      if (one == kExitInterrupted) break;  // else the others are still worth knowing
    }
    if (!options_.json) Print(table_.Foot());
    absl::Status written;
    if (csv_.open()) written.Update(csv_.Write(Csv(options_, rows_)));
    if (html_.open()) written.Update(html_.Write(PageOf(options_, rows_)));
    if (written.ok()) return exit_status;
    Say(std::string(written.message()));
    return exit_status == kExitOk ? kExitFailed : exit_status;
  }

 private:
  int RunOne(const Target& target) {
    Measured measured = Measure(options_, target, *program_.registry, program_.resources);
    for (const std::string& note : measured.notes) Say(note);
    const bool any = !measured.row.lacks.empty() || !measured.row.bus.figures().empty();
    if (any) {
      Print(options_.json ? Json(options_, measured.row) : table_.Lines(measured.row));
      rows_.push_back(std::move(measured.row));
    }
    if (measured.status.ok()) return kExitOk;
    const std::string name = target.address.ToString();
    if (absl::IsCancelled(measured.status)) {
      Say(Text("interrupted while ", name, " was measured",
               any ? "" : ", of which there is nothing to show"));
      return kExitInterrupted;
    }
    Say(Text(name, ": ", std::string(measured.status.message())));
    return kExitFailed;
  }

  const Program& program_;
  const Options& options_;
  BenchTable table_;
  OutFile csv_, html_;
  std::vector<Row> rows_;
};

}  // namespace

int Bench(const Program& program, const Arguments& arguments) {
  absl::StatusOr<Options> options = Options::Read(arguments, *program.registry, program.machine);
  if (!options.ok()) {
    Say(std::string(options.status().message()));
    return kExitUsage;
  }
  RaiseDescriptors();
  Benchmark benchmark(program, *options);
  if (const absl::Status status = benchmark.OpenFiles(); !status.ok()) {
    Say(std::string(status.message()));
    return kExitFailed;
  }
  CleanFirst(program.resources, arguments);
  return benchmark.Run();
}

}  // namespace jackfield::bench
