// What a user claims of a run: "p99<1ms", "lag.p99<200us", "errors==0", "rate>=1900".
//
//   METRIC   p50, p99.9, max (latency from the moment a call was due); sent.p99, lag.p99,
//            queue.p99 and their like; errors (a count, or a share: "errors<0.1%"); rate (of ends,
//            a second)
//   OP       < <= > >= == !=
//
// Thread: any; plain values.
#ifndef JACKFIELD_TOOLS_LOAD_ASSERTION_H_
#define JACKFIELD_TOOLS_LOAD_ASSERTION_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tools/load/result.h"

namespace jackfield::load {

class Assertion {
 public:
  // Errors: INVALID_ARGUMENT: what it should look like.
  static absl::StatusOr<Assertion> Parse(std::string_view text);

  enum class Kind { kQuantile, kMax, kErrors, kErrorShare, kRate };
  Kind kind() const { return kind_; }
  double quantile() const { return quantile_; }  // of kQuantile
  bool of_latency() const { return part_ == Part::kLatency; }
  bool upper_bound() const { return op_ == Op::kLess || op_ == Op::kLessOrEqual; }
  double limit() const { return limit_; }  // ns, calls, a share, or calls a second
  const std::string& text() const { return text_; }

  // Does it hold? Errors: FAILED_PRECONDITION: the stage cannot tell, and why.
  absl::StatusOr<bool> Holds(const StageResult& stage) const;
  // What it is there, for people: "2.4ms". Requires: Holds told.
  std::string Found(const StageResult& stage) const;

 private:
  enum class Op { kLess, kLessOrEqual, kMore, kMoreOrEqual, kEqual, kNotEqual };
  enum class Part { kLatency, kSent, kLag, kQueue };
  const Histogram& HistogramOf(const StageResult& stage) const;
  absl::Status ReadMetric(std::string_view metric);
  absl::Status ReadLimit(std::string_view limit);
  double ValueOf(const StageResult& stage) const;

  std::string text_;
  Kind kind_ = Kind::kMax;
  Part part_ = Part::kLatency;
  Op op_ = Op::kLess;
  double quantile_ = 0;
  double limit_ = 0;
};

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_ASSERTION_H_
