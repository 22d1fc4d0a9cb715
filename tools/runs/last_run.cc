#include "tools/runs/last_run.h"

#include <algorithm>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/running/wirings.h"
#include "tools/wiring/instance_name.h"

namespace jackfield {
namespace {

// It did not end because it was done, or was told to.
bool HasFailed(const PastRun& run) {
  constexpr int kInterrupted = 130;  // tools/cli/program.h
  return !run.end || (run.end->exit_status != 0 && run.end->exit_status != kInterrupted);
}

std::string NameOf(const PastRun& run) {
  return run.directory.substr(run.directory.rfind('/') + 1);
}

// A clock that was set back makes no negative times.
std::string Span(int64_t from_ns, int64_t to_ns) {
  return FormatDurationNs(std::max<int64_t>(0, to_ns - from_ns));
}

}  // namespace

bool IsOf(const PastRun& run, std::string_view wanted) {
  return run.wiring == NameInAddress(wanted) || Text(run.wiring, "@", run.pid) == wanted;
}

std::optional<PastRun> LastRunIn(const std::vector<PastRun>& runs, std::string_view wanted) {
  for (const PastRun& run : runs) {
    if (run.is_up || !run.recorded) continue;
    if (wanted.empty() ? HasFailed(run) : IsOf(run, wanted)) return run;
  }
  return std::nullopt;
}

std::optional<PastRun> LastRun(std::string_view wanted) { return LastRunIn(PastRuns(""), wanted); }

std::optional<PastRun> LastRunWith(std::string_view service) {
  std::optional<PastRun> run = LastRun("");
  if (run && std::none_of(run->services.begin(), run->services.end(),
                          [service](const std::string& name) { return Means(service, name); }))
    return std::nullopt;
  return run;
}

absl::StatusOr<PastRun> EndedRun(std::string_view wiring, std::string_view wanted) {
  if (wanted != "last" && wanted.find('@') == wanted.npos)
    return absl::InvalidArgumentError(
        Text("--run is last, the run before the one that is up, or a run's name, not \"",
             Escaped(wanted), "\""));
  std::string kept;
  for (PastRun& run : PastRuns("")) {
    if (!wiring.empty() && !IsOf(run, wiring)) continue;
    if (run.is_up && NameOf(run) == wanted)
      return absl::NotFoundError(Text(Escaped(wanted), " is up; leave --run out"));
    if (run.is_up) continue;
    if (wanted == "last" || NameOf(run) == wanted) return std::move(run);
    kept += Text(kept.empty() ? "" : ", ", Escaped(NameOf(run)));
  }
  const std::string of = wiring.empty() ? std::string() : Text(" of ", Escaped(wiring));
  if (kept.empty()) return absl::NotFoundError(Text("no run", of, " that has ended is kept"));
  return absl::NotFoundError(
      Text("no run \"", Escaped(wanted), "\"", of, " is kept; there are: ", kept));
}

std::string HowItEnded(const PastRun& run, int64_t now_ns) {
  const std::string name = Escaped(run.wiring);
  std::string text;
  if (!run.end) {
    text = Text(name, " is not up: its supervisor (pid ", run.pid,
                ") was killed, or the machine went down; it had begun ", Span(run.began_ns, now_ns),
                " ago");
  } else {
    text = Text(name, " is not up: it ended ", Span(run.ended_ns, now_ns), " ago, after ",
                Span(run.began_ns, run.ended_ns), ", with exit status ", run.end->exit_status);
    if (!run.end->how.empty()) text += Text("\n  ", Escaped(run.end->how));
    for (const std::string& line : run.end->lines)
      text += Text("\n  ", Escaped(run.end->service), " | ", Escaped(line));
  }
  text += Text("\n  try: jackfield logs -w ", name, " --run last");
  if (!run.file.empty()) text += Text("\n  try: jackfield up ", Escaped(run.file));
  return text;
}

}  // namespace jackfield
