#include "tools/bench/stamp.h"

#include <algorithm>
#include <cstring>

namespace jackfield::bench {
namespace {

// Differs between neighbours, blocks and windows, so that moved bytes show.
std::byte PatternAt(size_t place) {
  return static_cast<std::byte>((place * 167 + (place >> 8) * 13 + 29) & 0xff);
}

}  // namespace

Stamp::Stamp(size_t payload_bytes) : pattern_(payload_bytes) {
  for (size_t i = 0; i < payload_bytes; ++i) pattern_[i] = PatternAt(i);
}

uint64_t Stamp::SequenceOf(std::span<const std::byte> payload) {
  uint64_t sequence = 0;
  if (!payload.empty())
    std::memcpy(&sequence, payload.data(), std::min(payload.size(), sizeof sequence));
  return sequence;
}

void Stamp::Put(uint64_t sequence, std::span<std::byte> payload) const {
  for (size_t at = 0; at < payload.size(); at += kBlockBytes, ++sequence) {
    std::memcpy(payload.data() + at, &sequence, std::min(payload.size() - at, sizeof sequence));
  }
}

bool Stamp::Check(uint64_t sequence, std::span<const std::byte> payload) const {
  constexpr size_t kStampBytes = sizeof sequence;
  const size_t size = pattern_.size();
  if (payload.size() != size) return false;
  uint64_t block = sequence;
  for (size_t at = 0; at < size; at += kBlockBytes, ++block) {
    if (std::memcmp(payload.data() + at, &block, std::min(size - at, kStampBytes)) != 0)
      return false;
  }
  if (size <= kStampBytes) return true;
  if (size <= kWholeBytesMax) {
    return std::memcmp(payload.data() + kStampBytes, pattern_.data() + kStampBytes,
                       size - kStampBytes) == 0;
  }
  const size_t windows = (size + kWindowBytes - 1) / kWindowBytes;
  size_t begin = sequence % windows * kWindowBytes;
  const size_t end = std::min(begin + kWindowBytes, size);
  if (begin % kBlockBytes == 0)
    begin = std::min(begin + kStampBytes, end);  // that stamp is checked already
  return std::memcmp(payload.data() + begin, pattern_.data() + begin, end - begin) == 0;
}

}  // namespace jackfield::bench
