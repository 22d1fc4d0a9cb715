// How often each duration occurred, to three digits, in memory of a fixed size: log-linear, as in
// HdrHistogram.
//
// Durations below 2,048 ns have a bucket each; above, every power of two is cut into 1,024 equal
// buckets, so a bucket is at most 0.1 % of the value wide (LogHistogram: 2^kHalfBits of them).
// Durations of 2^41 ns (36 minutes) and more count as the longest one.
//
// A plain value without pointers: a run keeps one in memory that two processes share. All zero
// bytes is an empty one. Thread: one at a time.
#ifndef JACKFIELD_TOOLS_FIGURES_HISTOGRAM_H_
#define JACKFIELD_TOOLS_FIGURES_HISTOGRAM_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace jackfield::figures {

template <int kHalfBits, class Count>
class LogHistogram {
 public:
  static constexpr uint64_t kValueNsMax = (uint64_t{1} << 41) - 1;

  void Add(uint64_t value_ns) {
    ++buckets_[BucketOf(std::min(value_ns, kValueNsMax))];
    ++count_;
    max_ns_ = std::max(max_ns_, value_ns);
  }
  void Merge(const LogHistogram& other) {
    if (other.count_ == 0) return;  // memory that was never touched is not
    const size_t last = BucketOf(std::min(other.max_ns_, kValueNsMax));
    for (size_t i = 0; i <= last; ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    max_ns_ = std::max(max_ns_, other.max_ns_);
  }
  void Clear() { *this = LogHistogram(); }

  uint64_t count() const { return count_; }
  uint64_t max_ns() const { return max_ns_; }  // exact
  // The value that a share of `quantile` (0..1) of all does not exceed: the middle of its bucket. 0
  // when empty.
  uint64_t Quantile(double quantile) const;
  // Calls take(value_ns, count) for each bucket that is not empty, from the least.
  template <class Take>
  void ForEach(Take take) const {
    for (size_t i = 0; i < kBuckets; ++i) {
      if (buckets_[i] != 0) take(std::min(MiddleOf(i), max_ns_), uint64_t{buckets_[i]});
    }
  }

 private:
  static constexpr size_t kHalf = size_t{1} << kHalfBits;  // a power of two has so many buckets

  // [0, 2·kHalf) one each; then, for each further shift, the upper half of [0, 2·kHalf) << shift.
  static size_t BucketOf(uint64_t value) {
    if (value < 2 * kHalf) return static_cast<size_t>(value);
    const int shift = std::bit_width(value) - kHalfBits - 1;
    return (static_cast<size_t>(shift) << kHalfBits) + static_cast<size_t>(value >> shift);
  }
  static uint64_t MiddleOf(size_t bucket) {
    if (bucket < 2 * kHalf) return bucket;
    const size_t shift = (bucket >> kHalfBits) - 1;
    const uint64_t lowest = (kHalf + (bucket & (kHalf - 1))) << shift;
    return lowest + (uint64_t{1} << shift) / 2;
  }

  static constexpr size_t kBuckets = (41 - kHalfBits + 1) * kHalf;
  uint64_t count_ = 0;
  uint64_t max_ns_ = 0;
  std::array<Count, kBuckets> buckets_{};
};

using Histogram = LogHistogram<10, uint64_t>;

// Implementation.

template <int kHalfBits, class Count>
uint64_t LogHistogram<kHalfBits, Count>::Quantile(double quantile) const {
  if (count_ == 0) return 0;
  // The rank of the wanted value among all, counted from 1.
  const double exact = std::clamp(quantile, 0.0, 1.0) * static_cast<double>(count_);
  uint64_t rank = static_cast<uint64_t>(exact);
  if (static_cast<double>(rank) < exact || rank == 0) ++rank;
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::min(MiddleOf(i), max_ns_);
  }
  return max_ns_;
}

}  // namespace jackfield::figures

#endif  // JACKFIELD_TOOLS_FIGURES_HISTOGRAM_H_
