#include "tools/load/conduct.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "kernel/base/units.h"
#include "tools/load/report.h"

namespace jackfield::load {
namespace {

constexpr int64_t kBeforeNs = 2'000'000;  // how often it looks before the start,
constexpr int64_t kLookNs = 100'000'000;  // and then

}  // namespace

Conductor::Conductor(dynamic::Remote& remote, const Options& options, bool quiet)
    : remote_(remote), options_(options), live_(!quiet && isatty(STDERR_FILENO) != 0) {}

void Conductor::Show(const Run::Glance& glance) {
  if (glance.at_ns < 0) return;
  std::fprintf(stderr,
               "\r%6.1fs  %s  lag p99 %s  p50 %s  p99 %s  out %llu  queue %llu  errors "
               "%llu\x1b[K",
               static_cast<double>(glance.at_ns) / 1e9, RateText(glance.due_per_second).c_str(),
               FormatDurationNs(glance.lag_p99_ns).c_str(), FormatDurationNs(glance.p50_ns).c_str(),
               FormatDurationNs(glance.p99_ns).c_str(), static_cast<unsigned long long>(glance.out),
               static_cast<unsigned long long>(glance.waiting),
               static_cast<unsigned long long>(glance.errors));
  std::fflush(stderr);
}

absl::StatusOr<Conductor::Conducted> Conductor::Conduct(const Job& job, const Arrivals& arrivals) {
  Conducted conducted{std::make_unique<Run>(job, arrivals), {}};
  Run& run = *conducted.run;
  if (absl::Status status = run.Start(); !status.ok()) return status;
  Node& node = remote_.node();
  bool over = false;
  while (!over) {
    const bool begun = run.Now().at_ns >= 0;
    const int64_t until_ns = node.clock().NowNs() + (begun ? kLookNs : kBeforeNs);
    // A child that ends is heard, too, and is no reason to wait.
    node.RunUntil([&] { return over = !run.Look(); }, until_ns);
    if (remote_.interrupted()) run.Stop();
    if (live_ && !over) Show(run.Now());
  }
  if (live_) std::fputs("\r\x1b[K", stderr);
  if (!run.status().ok()) return run.status();
  conducted.result = JudgeRun(run.sheet(), {.judges_steadiness = options_.moments_ns.empty(),
                                            .lag_share_most = options_.lag_share_most,
                                            .asked = arrivals.Left(),
                                            .interrupted = remote_.interrupted()});
  return conducted;
}

}  // namespace jackfield::load
