#include "tools/load/find.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/figures/interval.h"
#include "tools/load/knee.h"
#include "tools/load/report.h"

namespace jackfield::load {
namespace {

constexpr double kCallsOfProbe = 1.25;  // times what the quantile needs

std::string_view Word(Verdict verdict) {
  return verdict == Verdict::kHolds ? "holds" : verdict == Verdict::kFails ? "fails" : "undecided";
}

// Long enough for the quantile to be told.
Profile ProbeAt(double rate, const Options& options) {
  const double calls = kCallsOfProbe * static_cast<double>(SamplesFor(options.find->quantile()));
  const auto needed_ns = static_cast<int64_t>(calls / rate * 1e9);
  return Profile::Constant(rate, std::min(kLengthNsMax, std::max(options.duration_ns, needed_ns)));
}

}  // namespace

Verdict VerdictOf(const Sheet& sheet, const Result& result, const Assertion& claim) {
  const StageResult& stage = *result.stages[0];
  if (!stage.told() || stage.errors > 0 || result.counts.not_sent > 0) return Verdict::kFails;
  const size_t warmup = stage.steadiness.warmup_batches;
  std::vector<double> groups;
  for (size_t group = 0; group < kGroups; ++group) {
    const auto all = std::make_unique<Histogram>();
    for (size_t i = group * kBatches / kGroups; i < (group + 1) * kBatches / kGroups; ++i) {
      if (i >= warmup) all->Merge(sheet.batch(i).latency);
    }
    if (all->count() > 0) groups.push_back(static_cast<double>(all->Quantile(claim.quantile())));
  }
  if (groups.size() < 2) return Verdict::kUndecided;
  const auto value = static_cast<double>(stage.latency.Quantile(claim.quantile()));
  const double half = figures::IntervalOf(groups).half;
  if (value + half < claim.limit()) return Verdict::kHolds;
  return value - half > claim.limit() ? Verdict::kFails : Verdict::kUndecided;
}

absl::StatusOr<Found> FindRate(Conductor& conductor, const Job& job, bool quiet) {
  const Options& options = conductor.options();
  const Assertion& claim = *options.find;
  Knee knee(options.profile.has_value() ? options.profile->stages()[0].rate_begin : kRateToBegin);
  Found found;
  while (!knee.done()) {
    Verdict verdict = Verdict::kUndecided;
    std::vector<double> values;
    for (int i = 0; i < kTriesMost && verdict == Verdict::kUndecided; ++i) {
      Options probe = options;
      probe.seed = options.seed + static_cast<uint64_t>(found.probes++);
      const Arrivals arrivals = probe.ArrivalsOf(ProbeAt(knee.rate(), options));
      const absl::StatusOr<Conductor::Conducted> run = conductor.Conduct(job, arrivals);
      if (!run.ok()) return run.status();
      if (conductor.interrupted()) return absl::CancelledError("interrupted");
      verdict = VerdictOf(run->run->sheet(), run->result, claim);
      const StageResult& stage = *run->result.stages[0];
      values.push_back(static_cast<double>(stage.latency.Quantile(claim.quantile())));
      const bool drowned = stage.told() && !run->result.faults.empty();
      if (drowned && found.fault.empty())
        found.fault = Text("at ", RateText(knee.rate()), ": ", run->result.faults[0]);
      if (!quiet) {
        std::fprintf(stderr, "# %s  %s  %s%s\n", RateText(knee.rate()).c_str(),
                     stage.told() ? claim.Found(stage).c_str()
                                  : std::string(Name(stage.steadiness.kind)).c_str(),
                     std::string(Word(verdict)).c_str(), drowned ? "  (not valid)" : "");
      }
    }
    if (verdict == Verdict::kUndecided) {
      verdict = figures::MedianOf(values) < claim.limit() ? Verdict::kHolds : Verdict::kFails;
    }
    knee.Tell(verdict == Verdict::kHolds);
  }
  found.holds = knee.holds();
  found.fails = knee.fails();
  return found;
}

}  // namespace jackfield::load
