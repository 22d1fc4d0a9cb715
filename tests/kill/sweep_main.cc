// sweep [--scheme=shm] [--role=client|server] [--phase=N] [--stop] [--every=N] [--first=N]
//       [--points=N] [--seconds=N] [--seed=N] [--skip-alike] [--jobs=N]
//
// Without --role and --phase: all of them. --stop: stops and goes on instead of killing. --every=1
// kills after every single instruction; without it, --points of them at random in each phase, at
// most --seconds long in each. --skip-alike: one point of those that nobody outside can tell apart
// (sweep.h). --jobs: in so many processes at once. Prints a line for each phase; 1 if a rule was
// broken.
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/kill/roles.h"
#include "tests/kill/sweep.h"
#include "tests/kill/sweep_jobs.h"

namespace jackfield::kill_test {
namespace {

std::string KilledAt(const SweepReport& report) {
  uint64_t killed_at = 0;
  for (const uint64_t address : report.addresses)
    killed_at += std::binary_search(report.killed_at.begin(), report.killed_at.end(), address);
  return killed_at == report.addresses.size() ? "all" : std::to_string(killed_at);
}

int Main(int argc, char** argv) {
#ifdef __SANITIZE_THREAD__
  std::printf("sweep: not with ThreadSanitizer, whose runtime does not bear it\n");
  return 0;
#endif
  std::string scheme = "shm", role;
  int phase = -1;
  uint64_t jobs = 1;
  SweepOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const size_t equals = argument.find('=');
    const std::string_view key = argument.substr(0, equals);
    const std::string value(equals == argument.npos ? "" : argument.substr(equals + 1));
    const uint64_t number = std::strtoull(value.c_str(), nullptr, 10);
    if (key == "--scheme") {
      scheme = value;
    } else if (key == "--role" && (value == "client" || value == "server")) {
      role = value;
    } else if (key == "--phase") {
      phase = static_cast<int>(number);
    } else if (key == "--every") {
      options.every = number;
    } else if (key == "--first") {
      options.first = number;
    } else if (key == "--points") {
      options.points = number;
    } else if (key == "--stop") {
      options.stop = true;
    } else if (key == "--skip-alike") {
      options.skip_alike = true;
    } else if (key == "--jobs" && number >= 1 && number <= kJobsMax) {
      jobs = number;
    } else if (key == "--seconds") {
      options.seconds_max = static_cast<double>(number);
    } else if (key == "--seed") {
      options.seed = number;
    } else {
      std::fprintf(stderr, "sweep: %s is not a flag of it; see the head of sweep_main.cc\n",
                   argv[i]);
      return 2;
    }
  }
  uint64_t points = 0, kept = 0;
  bool faults = false;
  for (const Role each : {Role::kClient, Role::kServer}) {
    const bool client = each == Role::kClient;
    if (!role.empty() && role != (client ? "client" : "server")) continue;
    for (int p = 0; p < (client ? kClientPhases : kServerPhases); ++p) {
      if (phase >= 0 && p != phase) continue;
      options.role = each;
      options.phase = p;
      options.name = "jackfield-kill-" + std::to_string(getpid()) + "-" + std::to_string(p);
      options.address = scheme + (scheme == "unix" ? ":@" : ":") + options.name;
      const SweepReport report = SweepInJobs(options, jobs);
      const SweepReport::Counts& counts = report.counts;
      const char* const done = options.stop ? "stopped" : "killed";
      std::printf("%s %d: %" PRIu64 " instructions, %s at %" PRIu64 " points%s, %" PRIu64
                  " alike, %" PRIu64 " not come to, kept at %" PRIu64
                  ", slowest end %.0f ms; %zu different instructions, %s at %s%s%s\n",
                  client ? "client" : "server", p, counts.instructions, done, counts.points,
                  counts.whole ? " (to the end)" : "", counts.alike, counts.missed, counts.kept,
                  counts.slowest_ms, report.addresses.size(), done, KilledAt(report).c_str(),
                  report.first_fault.empty() ? "" : "; ", report.first_fault.c_str());
      std::fflush(stdout);
      points += counts.points;
      kept += counts.kept;
      faults |= !report.first_fault.empty();  // a phase that did not begin has no points
    }
  }
  std::printf("%" PRIu64 " of %" PRIu64 " points keep every rule\n", kept, points);
  return points > 0 && !faults ? 0 : 1;
}

}  // namespace
}  // namespace jackfield::kill_test

int main(int argc, char** argv) { return jackfield::kill_test::Main(argc, argv); }
