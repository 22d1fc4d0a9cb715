#include "tools/load/schedule.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/load/random.h"

namespace jackfield::load {
namespace {

double SecondsOf(int64_t ns) { return static_cast<double>(ns) / 1e9; }

double DueIn(const Stage& stage) {
  return (stage.rate_begin + stage.rate_end) / 2 * SecondsOf(stage.length_ns);
}

// When `due` calls of a stage are due, in seconds from its beginning.
double TimeIn(const Stage& stage, double due) {
  if (stage.constant()) return due / stage.rate_begin;
  // due = begin·t + slope·t²/2, solved so that nothing cancels.
  const double slope = (stage.rate_end - stage.rate_begin) / SecondsOf(stage.length_ns);
  const double root =
      std::sqrt(std::max(0.0, stage.rate_begin * stage.rate_begin + 2 * slope * due));
  return 2 * due / (stage.rate_begin + root);
}

absl::Status Bad(std::string_view text) { return absl::InvalidArgumentError(std::string(text)); }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

}  // namespace

Profile::Profile(std::vector<Stage> stages) : stages_(std::move(stages)) {
  for (const Stage& stage : stages_) {
    length_ns_ += stage.length_ns;
    total_ += DueIn(stage);
  }
}

int64_t Profile::TimeNs(double due) const {
  int64_t begin_ns = 0;
  for (const Stage& stage : stages_) {
    const double here = DueIn(stage);
    if (due < here || &stage == &stages_.back()) {
      const double seconds = due <= 0 ? 0 : TimeIn(stage, due);
      return begin_ns + std::min<int64_t>(stage.length_ns, std::llround(seconds * 1e9));
    }
    due -= here;
    begin_ns += stage.length_ns;
  }
  return begin_ns;
}

size_t Profile::StageAt(int64_t ns, int64_t* begin_ns) const {
  *begin_ns = 0;
  size_t stage = 0;
  while (stage + 1 < stages_.size() && ns >= *begin_ns + stages_[stage].length_ns)
    *begin_ns += stages_[stage++].length_ns;
  return stage;
}

Arrivals Arrivals::Evenly(Profile profile) {
  Arrivals arrivals(Kind::kEvenly, std::move(profile));
  arrivals.Look();
  return arrivals;
}

Arrivals Arrivals::Poisson(Profile profile, uint64_t seed) {
  Arrivals arrivals(Kind::kPoisson, std::move(profile));
  arrivals.random_ = seed;
  arrivals.due_ = arrivals.NextGap();
  arrivals.Look();
  return arrivals;
}

Arrivals Arrivals::At(std::vector<int64_t> moments_ns) {
  const int64_t length_ns = moments_ns.empty() ? 1 : std::max<int64_t>(1, moments_ns.back());
  const double rate = static_cast<double>(moments_ns.size()) / SecondsOf(length_ns);
  Arrivals arrivals(Kind::kAt, Profile::Constant(rate, length_ns));
  arrivals.moments_ns_ = std::move(moments_ns);
  arrivals.Look();
  return arrivals;
}

double Arrivals::NextGap() { return -std::log1p(-UniformOf(random_)); }

void Arrivals::Advance(uint32_t by) {
  number_ += by;
  if (kind_ == Kind::kPoisson) {
    for (uint32_t i = 0; i < by; ++i) due_ += NextGap();
  }
  Look();
}

uint64_t Arrivals::Left() const {
  Arrivals rest = *this;
  uint64_t count = 0;
  for (; !rest.done(); rest.Advance(1)) ++count;
  return count;
}

void Arrivals::Look() {
  if (kind_ == Kind::kAt) {
    done_ = number_ >= moments_ns_.size();
    if (!done_) next_ns_ = moments_ns_[number_];
    return;
  }
  if (kind_ == Kind::kEvenly) due_ = static_cast<double>(number_);
  done_ = due_ >= profile_.total() - 1e-6;  // sums of fractions: the call at the end is of the next
  if (!done_) next_ns_ = profile_.TimeNs(due_);
}

absl::StatusOr<double> ParseRate(std::string_view text) {
  std::string_view number = text.ends_with("/s") ? text.substr(0, text.size() - 2) : text;
  double factor = 1;
  if (number.ends_with('k') || number.ends_with('M')) {
    factor = number.back() == 'k' ? 1e3 : 1e6;
    number.remove_suffix(1);
  }
  double rate = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), rate);
  if (error != std::errc() || end != number.data() + number.size() || !(rate > 0) ||
      rate * factor > kRateMost) {
    return Bad(Text("\"", Escaped(text),
                    "\" is not a rate; write calls a second, such as 500, 20k or 1.5M/s, at most "
                    "100M"));
  }
  return rate * factor;
}

absl::StatusOr<Profile> ParseSteps(std::string_view text, int64_t step_ns) {
  std::vector<Stage> stages;
  while (true) {
    const size_t comma = text.find(',');
    const absl::StatusOr<double> rate = ParseRate(Trimmed(text.substr(0, comma)));
    if (!rate.ok()) return rate.status();
    stages.push_back({*rate, *rate, step_ns});
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  if (stages.size() > kStagesMax)
    return Bad(Text("there are ", stages.size(), " steps; ", kStagesMax, " are the limit"));
  return Profile(std::move(stages));
}

absl::StatusOr<Profile> ParseRamp(std::string_view text, int64_t length_ns) {
  const size_t dots = text.find("..");
  if (dots == std::string_view::npos)
    return Bad(Text("\"", Escaped(text), "\" is not a ramp; write FROM..TO, such as 100..5000"));
  const absl::StatusOr<double> from = ParseRate(text.substr(0, dots));
  if (!from.ok()) return from.status();
  const absl::StatusOr<double> to = ParseRate(text.substr(dots + 2));
  if (!to.ok()) return to.status();
  return Profile({{*from, *to, length_ns}});
}

absl::StatusOr<std::vector<int64_t>> ParseMoments(std::string_view text) {
  std::vector<int64_t> moments;
  for (size_t line = 1; !text.empty(); ++line) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view word = Trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty() || word.starts_with('#')) continue;
    const absl::StatusOr<int64_t> ns = ParseDurationNs(word);
    if (!ns.ok()) return Bad(Text("line ", line, ": ", std::string(ns.status().message())));
    if (!moments.empty() && *ns < moments.back())
      return Bad(Text("line ", line, ": ", word, " is before the moment above it"));
    if (*ns > kLengthNsMax)
      return Bad(Text("line ", line, ": ", word, " is beyond ", FormatDurationNs(kLengthNsMax)));
    moments.push_back(*ns);
  }
  if (moments.empty()) return Bad("there is no moment in it");
  return moments;
}

}  // namespace jackfield::load
