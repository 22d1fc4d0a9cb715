// How often each duration occurred, to three digits, in memory of a fixed size: log-linear, as in
// HdrHistogram.
//
// Durations below 2,048 ns have a bucket each; above, every power of two is cut into 1,024 equal
// buckets, so a bucket is at most 0.1 % of the value wide. Durations of 2^41 ns (36 minutes) and
// more count as the longest one.
//
// A plain value without pointers: a run keeps one in memory that two processes share. All zero
// bytes is an empty one. Thread: one at a time.
#ifndef JACKFIELD_TOOLS_BENCH_HISTOGRAM_H_
#define JACKFIELD_TOOLS_BENCH_HISTOGRAM_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace jackfield::bench {

class Histogram {
 public:
  static constexpr uint64_t kValueNsMax = (uint64_t{1} << 41) - 1;

  void Add(uint64_t value_ns) {
    ++buckets_[BucketOf(std::min(value_ns, kValueNsMax))];
    ++count_;
    max_ns_ = std::max(max_ns_, value_ns);
  }
  void Merge(const Histogram& other);
  void Clear() { *this = Histogram(); }

  uint64_t count() const { return count_; }
  uint64_t max_ns() const { return max_ns_; }  // exact
  // The value that a share of `quantile` (0..1) of all does not exceed: the middle of its bucket. 0
  // when empty.
  uint64_t Quantile(double quantile) const;

 private:
  static constexpr int kHalfBits = 10;  // a power of two has 2^kHalfBits buckets
  static constexpr size_t kHalf = size_t{1} << kHalfBits;

  // [0, 2·kHalf) one each; then, for each further shift, the upper half of [0, 2·kHalf) << shift.
  static size_t BucketOf(uint64_t value) {
    if (value < 2 * kHalf) return static_cast<size_t>(value);
    const int shift = std::bit_width(value) - kHalfBits - 1;
    return (static_cast<size_t>(shift) << kHalfBits) + static_cast<size_t>(value >> shift);
  }
  static uint64_t MiddleOf(size_t bucket);

  static constexpr size_t kBuckets = (41 - kHalfBits + 1) * kHalf;
  uint64_t count_ = 0;
  uint64_t max_ns_ = 0;
  std::array<uint64_t, kBuckets> buckets_{};
};

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_HISTOGRAM_H_
