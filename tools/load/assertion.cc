#include "tools/load/assertion.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/load/schedule.h"

namespace jackfield::load {
namespace {

absl::Status Bad(std::string_view text, std::string_view what) {
  return absl::InvalidArgumentError(Text("\"", Escaped(text), "\": ", what));
}

std::string_view Trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

}  // namespace

absl::StatusOr<Assertion> Assertion::Parse(std::string_view text) {
  constexpr std::pair<std::string_view, Op> kOps[] = {
      {"<=", Op::kLessOrEqual}, {">=", Op::kMoreOrEqual}, {"==", Op::kEqual},
      {"!=", Op::kNotEqual},    {"<", Op::kLess},         {">", Op::kMore}};
  Assertion assertion;
  assertion.text_ = std::string(text);
  const size_t at = text.find_first_of("<>=!");
  for (const auto& [sign, op] : kOps) {
    if (at == std::string_view::npos || !text.substr(at).starts_with(sign)) continue;
    assertion.op_ = op;
    absl::Status status = assertion.ReadMetric(Trimmed(text.substr(0, at)));
    if (status.ok()) status = assertion.ReadLimit(Trimmed(text.substr(at + sign.size())));
    if (!status.ok()) return Bad(text, std::string(status.message()));
    return assertion;
  }
  return Bad(text,
             "write METRIC OP LIMIT, such as p99<1ms or errors==0; OP is one of < <= > >= == "
             "!=");
}

absl::Status Assertion::ReadMetric(std::string_view metric) {
  const std::string_view whole = metric;
  if (metric == "errors" || metric == "rate") {
    kind_ = metric == "rate" ? Kind::kRate : Kind::kErrors;
    return absl::OkStatus();
  }
  constexpr std::pair<std::string_view, Part> kParts[] = {
      {"sent.", Part::kSent}, {"lag.", Part::kLag}, {"queue.", Part::kQueue}};
  for (const auto& [name, part] : kParts) {
    if (!metric.starts_with(name)) continue;
    part_ = part;
    metric.remove_prefix(name.size());
    break;
  }
  if (metric == "max") {
    kind_ = Kind::kMax;
    return absl::OkStatus();
  }
  double percent = 0;
  if (metric.starts_with('p')) {
    const auto [end, error] =
        std::from_chars(metric.data() + 1, metric.data() + metric.size(), percent);
    if (error == std::errc() && end == metric.data() + metric.size() && percent > 0 &&
        percent < 100) {
      kind_ = Kind::kQuantile;
      quantile_ = percent / 100;
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(
      Text("there is no metric \"", Escaped(whole),
           "\"; there are p50, p99.9 and their like, max, sent.p99, lag.p99, queue.p99, errors and "
           "rate"));
}

absl::Status Assertion::ReadLimit(std::string_view limit) {
  if (kind_ == Kind::kQuantile || kind_ == Kind::kMax) {
    const absl::StatusOr<int64_t> ns = ParseDurationNs(limit);
    if (!ns.ok()) return ns.status();
    limit_ = static_cast<double>(*ns);
    return absl::OkStatus();
  }
  if (kind_ == Kind::kErrors && limit.ends_with('%')) {
    const absl::StatusOr<double> share = ParseShare(limit);
    if (!share.ok()) return share.status();
    kind_ = Kind::kErrorShare;
    limit_ = *share;
    return absl::OkStatus();
  }
  if (kind_ == Kind::kErrors && limit == "0") return absl::OkStatus();
  const absl::StatusOr<double> number = ParseRate(limit);
  if (!number.ok()) {
    return absl::InvalidArgumentError(
        kind_ == Kind::kRate ? std::string(number.status().message())
                             : Text("\"", Escaped(limit),
                                    "\" is neither a number of calls nor a share, such "
                                    "as 0.1%"));
  }
  limit_ = *number;
  return absl::OkStatus();
}

const Histogram& Assertion::HistogramOf(const StageResult& stage) const {
  switch (part_) {
    case Part::kSent:
      return stage.sent;
    case Part::kLag:
      return stage.lag;
    case Part::kQueue:
      return stage.queue;
    case Part::kLatency:
      break;
  }
  return stage.latency;
}

double Assertion::ValueOf(const StageResult& stage) const {
  switch (kind_) {
    case Kind::kQuantile:
      return static_cast<double>(HistogramOf(stage).Quantile(quantile_));
    case Kind::kMax:
      return static_cast<double>(HistogramOf(stage).max_ns());
    case Kind::kErrors:
      return static_cast<double>(stage.errors);
    case Kind::kErrorShare:
      return static_cast<double>(stage.errors) /
             static_cast<double>(std::max<uint64_t>(1, stage.ended));
    case Kind::kRate:
      break;
  }
  return stage.ended_per_second;
}

absl::StatusOr<bool> Assertion::Holds(const StageResult& stage) const {
  if (kind_ == Kind::kQuantile && HistogramOf(stage).count() < SamplesFor(quantile_)) {
    return absl::FailedPreconditionError(Text(text_, " cannot be told: it needs ",
                                              SamplesFor(quantile_),
                                              " calls after the warm-up, and "
                                              "there were ",
                                              HistogramOf(stage).count()));
  }
  const double value = ValueOf(stage);
  switch (op_) {
    case Op::kLess:
      return value < limit_;
    case Op::kLessOrEqual:
      return value <= limit_;
    case Op::kMore:
      return value > limit_;
    case Op::kMoreOrEqual:
      return value >= limit_;
    case Op::kEqual:
      return value == limit_;
    case Op::kNotEqual:
      break;
  }
  return value != limit_;
}

std::string Assertion::Found(const StageResult& stage) const {
  const double value = ValueOf(stage);
  if (kind_ == Kind::kQuantile || kind_ == Kind::kMax)
    return FormatDurationNs(static_cast<int64_t>(value));
  if (kind_ == Kind::kErrorShare) return Text(Number(value * 100), "%");
  return Text(Number(value), kind_ == Kind::kRate ? "/s" : "");
}

}  // namespace jackfield::load
