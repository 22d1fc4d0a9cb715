#include "tools/load/options.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/load/generator.h"
#include "tools/load/report.h"
#include "tools/load/requests.h"
#include "tools/load/result.h"
#include "tools/load/run.h"

namespace jackfield::load {
namespace {

absl::Status Bad(std::string_view text) { return absl::InvalidArgumentError(std::string(text)); }

absl::Status Of(std::string_view flag, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), Text("--", flag, ": ", std::string(status.message())));
}

// Reads flags one after the other; the first that is wrong is kept.
class Reader {
 public:
  explicit Reader(const Arguments& arguments) : arguments_(arguments) {}

  bool Has(std::string_view flag) const { return arguments_.Has(flag); }
  template <class Number>
  void Count(std::string_view flag, uint64_t least, uint64_t most, Number* value) {
    const std::optional<std::string_view> text = arguments_.Find(flag);
    if (!text.has_value()) return;
    const std::optional<uint64_t> number = NumberOf(*text);
    if (number.has_value() && *number >= least && *number <= most)
      *value = static_cast<Number>(*number);
    else
      Fail(Bad(Text("--", flag, " is a number of ", least, " to ", most, ", not \"", Escaped(*text),
                    "\"")));
  }
  void Duration(std::string_view flag, int64_t least_ns, int64_t* value_ns) {
    const std::optional<std::string_view> text = arguments_.Find(flag);
    if (!text.has_value()) return;
    const absl::StatusOr<int64_t> ns = ParseDurationNs(*text);
    if (!ns.ok()) return Fail(Of(flag, ns.status()));
    if (*ns < least_ns || *ns > kLengthNsMax) {
      return Fail(Bad(Text("--", flag, " is ", FormatDurationNs(least_ns), " to ",
                           FormatDurationNs(kLengthNsMax), ", not ", *text)));
    }
    *value_ns = *ns;
  }
  std::optional<std::string> String(std::string_view flag) const {
    const std::optional<std::string_view> text = arguments_.Find(flag);
    if (!text.has_value()) return std::nullopt;
    return std::string(*text);
  }
  void Fail(absl::Status status) {
    if (status_.ok()) status_ = std::move(status);
  }
  const absl::Status& status() const { return status_; }

 private:
  const Arguments& arguments_;
  absl::Status status_;
};

constexpr int64_t kLengthNsLeast = 100'000'000;  // of a run and of a step

void ReadSchedule(Reader& reader, const ReadFile& read, Options& options) {
  int given = 0;
  for (const std::string_view flag : {"rate", "steps", "ramp", "times"}) given += reader.Has(flag);
  if (given > 1) return reader.Fail(Bad("--rate, --steps, --ramp and --times exclude each other"));
  if (given == 0 && !reader.Has("find"))
    return reader.Fail(Bad("how many calls a second?  try: --rate 1000"));
  int64_t step_ns = kStepNs;
  reader.Duration("step-time", kLengthNsLeast, &step_ns);
  options.duration_ns = reader.Has("against") ? kPairDurationNs : kDurationNs;
  reader.Duration("duration", kLengthNsLeast, &options.duration_ns);
  if (reader.Has("duration") && (reader.Has("steps") || reader.Has("times"))) {
    return reader.Fail(Bad(reader.Has("steps") ? "of --steps each lasts --step-time; --duration is "
                                                 "for --rate and --ramp"
                                               : "--times says itself how long it lasts; "
                                                 "--duration is for --rate and --ramp"));
  }
  if (reader.Has("step-time") && !reader.Has("steps"))
    return reader.Fail(Bad("--step-time is for --steps"));
  if (const auto text = reader.String("rate")) {
    const absl::StatusOr<double> rate = ParseRate(*text);
    if (!rate.ok()) return reader.Fail(Of("rate", rate.status()));
    options.profile = Profile::Constant(*rate, options.duration_ns);
  } else if (const auto steps = reader.String("steps")) {
    absl::StatusOr<Profile> profile = ParseSteps(*steps, step_ns);
    if (!profile.ok()) return reader.Fail(Of("steps", profile.status()));
    options.profile = *std::move(profile);
  } else if (const auto ramp = reader.String("ramp")) {
    absl::StatusOr<Profile> profile = ParseRamp(*ramp, options.duration_ns);
    if (!profile.ok()) return reader.Fail(Of("ramp", profile.status()));
    options.profile = *std::move(profile);
  } else if (const auto file = reader.String("times")) {
    const absl::StatusOr<std::string> content = read(*file);
    if (!content.ok()) return reader.Fail(Of("times", content.status()));
    absl::StatusOr<std::vector<int64_t>> moments = ParseMoments(*content);
    if (!moments.ok()) {
      return reader.Fail(
          Bad(Text("--times ", Escaped(*file), ", ", std::string(moments.status().message()))));
    }
    options.moments_ns = *std::move(moments);
  }
  if (options.profile.has_value() && options.profile->total() < 1)
    reader.Fail(Bad("not one call is due in so short a time"));
}

void ReadArrivals(Reader& reader, Options& options) {
  const std::string arrivals = reader.String("arrivals").value_or("even");
  options.poisson = arrivals == "poisson";
  if (!options.poisson && arrivals != "even")
    reader.Fail(Bad(Text("--arrivals is even or poisson, not \"", Escaped(arrivals), "\"")));
  if (options.poisson && reader.Has("times"))
    reader.Fail(Bad("--times says itself when calls are due; --arrivals is for rates"));
  reader.Count("seed", 0, UINT64_MAX, &options.seed);
}

void ReadGenerator(Reader& reader, Options& options) {
  reader.Count("processes", 1, kProcessesMax, &options.processes);
  options.connections = options.processes;
  reader.Count("connections", 1, kConnectionsMost, &options.connections);
  options.out_max = std::min(kOutMost, options.connections * kOutOfChannelMost);
  reader.Count("out", 1, kOutMost, &options.out_max);
  if (std::min(options.connections, options.out_max) < options.processes) {
    reader.Fail(Bad(Text("each of ", options.processes,
                         " processes needs a connection and one of the calls of --out")));
  }
  reader.Count("queue-max", 0, 100 * kWaitingMax, &options.waiting_max);
  reader.Duration("drain", 0, &options.drain_ns);
  options.pool = kPool;
  reader.Count("pool", 1, kPoolMax, &options.pool);
  options.lag_share_most = kLagShareMost;
  const std::optional<std::string> share = reader.String("lag-max");
  if (!share.has_value()) return;
  options.lag_share_most.reset();
  if (*share == "off") return;
  const absl::StatusOr<double> read = ParseShare(*share);
  if (!read.ok()) return reader.Fail(Of("lag-max", read.status()));
  options.lag_share_most = *read;
}

void ReadClaims(Reader& reader, const Arguments& arguments, Options& options) {
  for (const std::string& text : arguments.All("assert")) {
    absl::StatusOr<Assertion> assertion = Assertion::Parse(text);
    if (!assertion.ok()) return reader.Fail(Of("assert", assertion.status()));
    options.assertions.push_back(*std::move(assertion));
  }
  if (const auto text = reader.String("find")) {
    absl::StatusOr<Assertion> goal = Assertion::Parse(*text);
    if (!goal.ok()) return reader.Fail(Of("find", goal.status()));
    if (goal->kind() != Assertion::Kind::kQuantile || !goal->of_latency() || !goal->upper_bound())
      return reader.Fail(Bad("--find takes an upper bound of a quantile, such as p99<20ms"));
    options.find = *std::move(goal);
  }
  options.against = reader.String("against");
  reader.Count("pairs", kPairsLeast, kPairsMost, &options.pairs);
  const bool one_rate = options.moments_ns.empty() &&
                        (!options.profile.has_value() || (options.profile->stages().size() == 1 &&
                                                          options.profile->stages()[0].constant()));
  for (const std::string_view flag : {"find", "against"}) {
    if (!reader.Has(flag)) continue;
    if (!one_rate) reader.Fail(Bad(Text("--", flag, " goes with --rate only")));
    for (const std::string_view other : {"assert", "csv", "hgrm", "html"}) {
      if (reader.Has(other))
        reader.Fail(Bad(Text("--", other, " is for a single run, not for --", flag)));
    }
  }
  if (reader.Has("find") && reader.Has("against"))
    reader.Fail(Bad("--find and --against exclude each other"));
  if (reader.Has("pairs") && !reader.Has("against")) reader.Fail(Bad("--pairs is for --against"));
}

}  // namespace

std::vector<Flag> Options::Flags() {
  return {
      {'r', "rate", "RATE", "calls a second: 500, 20k, 1.5M/s"},
      {'\0', "duration", "DURATION", "of the run (else 10s; of each of --against 1s)"},
      {'\0', "steps", "RATE,RATE…", "one rate after the other, at most 16"},
      {'\0', "step-time", "DURATION", "of each of them (else 5s)"},
      {'\0', "ramp", "RATE..RATE", "from one rate evenly to another"},
      {'\0', "times", "FILE", "when each call is due: a duration from the start on each line"},
      {'\0', "arrivals", "even|poisson", "how calls of a rate are spread (else even)"},
      {'\0', "seed", "N", "of all that is random (else 1)"},
      {'\0', "out", "N", "calls out at once, at most (else 4096 a connection); others wait"},
      {'\0', "queue-max", "N", "calls that wait, at most (else 1000000); others are not sent"},
      {'\0', "drain", "DURATION", "to send what waits at the end (else 5s)"},
      {'\0', "connections", "N", "of all processes (else one each)"},
      {'\0', "processes", "N", "that make the calls (else 1, at most 64)"},
      {'\0', "requests", "FILE", "requests, a JSON object a line, sent in turn"},
      {'\0', "pool", "N", "requests made of a template before the start (else 4096)"},
      {'\0', "lag-max", "SHARE|off", "p99 of the generator's lag, as a share of p50 (else 10%)"},
      {'\0', "assert", "CLAIM", "such as p99<1ms, errors==0, lag.p99<200us; else exit 99", true},
      {'\0', "csv", "FILE", "rows over time, one for each 100ms"},
      {'\0', "hgrm", "FILE", "the distribution, for HdrHistogram's plotters"},
      {'\0', "html", "FILE", "a page with plots, complete in itself"},
      {'\0', "find", "CLAIM", "the highest rate at which it holds, such as p99<20ms, to 5%"},
      {'\0', "against", "TARGET", "another service: which of the two is faster?"},
      {'\0', "pairs", "N", "of runs of --against (else 10)"},
  };
}

absl::StatusOr<Options> Options::Parse(const Arguments& arguments, const ReadFile& read) {
  Options options;
  Reader reader(arguments);
  ReadSchedule(reader, read, options);
  ReadArrivals(reader, options);
  ReadGenerator(reader, options);
  ReadClaims(reader, arguments, options);
  options.requests_file = reader.String("requests");
  if (reader.Has("pool") && reader.Has("requests"))
    reader.Fail(Bad("--pool is for a template; --requests has the requests themselves"));
  options.csv_file = reader.String("csv");
  options.hgrm_file = reader.String("hgrm");
  options.html_file = reader.String("html");
  if (!reader.status().ok()) return reader.status();
  return options;
}

std::string Options::ScheduleText(const Profile& profile) const {
  if (!moments_ns.empty())
    return Text(moments_ns.size(), " moments in ", FormatDurationNs(profile.length_ns()));
  std::string text;
  for (const Stage& stage : profile.stages()) {
    text += Text(text.empty() ? "" : ", ", RateText(stage.rate_begin));
    if (!stage.constant()) text += Text("..", RateText(stage.rate_end));
  }
  const size_t stages = profile.stages().size();
  text += Text(" for ", FormatDurationNs(profile.length_ns() / static_cast<int64_t>(stages)),
               stages > 1 ? " each" : "");
  return text + (poisson ? Text(", poisson by seed ", seed) : ", evenly");
}

}  // namespace jackfield::load
