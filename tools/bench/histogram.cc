#include "tools/bench/histogram.h"

namespace jackfield::bench {

void Histogram::Merge(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

uint64_t Histogram::MiddleOf(size_t bucket) {
  if (bucket < 2 * kHalf) return bucket;
  const size_t shift = (bucket >> kHalfBits) - 1;
  const uint64_t lowest = (kHalf + (bucket & (kHalf - 1))) << shift;
  return lowest + (uint64_t{1} << shift) / 2;
}

uint64_t Histogram::Quantile(double quantile) const {
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

}  // namespace jackfield::bench
