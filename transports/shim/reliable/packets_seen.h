// Which packets have arrived: the highest number, and one bit for each of the 256 before it. What
// an acknowledgement reports. (What is older is covered by segments_before, or is sent again.)
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_SHIM_RELIABLE_PACKETS_SEEN_H_
#define JACKFIELD_TRANSPORTS_SHIM_RELIABLE_PACKETS_SEEN_H_

#include <array>
#include <cstdint>

#include "kernel/frame.h"
#include "transports/shim/reliable/packet.h"

namespace jackfield {

class PacketsSeen {
 public:
  static constexpr uint32_t kBits = 64 * Packet::kAckWordsMax;

  enum class Arrival : uint8_t {
    kNext,    // the one after the highest so far
    kOdd,     // out of order: a gap before it, or late
    kRepeat,  // seen before, or too old to tell
  };
  Arrival Note(uint32_t number) {
    if (largest_ == 0 || After(number, largest_)) {
      const uint32_t ahead = number - largest_;
      Shift(ahead);
      // Before the first packet there is nothing whose bit could be set.
      if (largest_ != 0 && ahead <= kBits) Set(ahead - 1);
      const bool next = largest_ == 0 ? number == 1 : ahead == 1;
      largest_ = number;
      return next ? Arrival::kNext : Arrival::kOdd;
    }
    const uint32_t behind = largest_ - number;
    if (behind == 0 || behind > kBits || Has(behind - 1)) return Arrival::kRepeat;
    Set(behind - 1);
    return Arrival::kOdd;
  }
  uint32_t largest() const { return largest_; }  // 0: none
  const std::array<uint64_t, Packet::kAckWordsMax>& bits() const { return bits_; }

 private:
  bool Has(uint32_t bit) const { return (bits_[bit / 64] >> (bit % 64) & 1) != 0; }
  void Set(uint32_t bit) { bits_[bit / 64] |= uint64_t{1} << (bit % 64); }
  void Shift(uint32_t by) {
    if (by >= kBits) {
      bits_ = {};
      return;
    }
    const uint32_t words = by / 64, rest = by % 64;
    for (uint32_t i = Packet::kAckWordsMax; i-- > 0;) {
      uint64_t word = i >= words ? bits_[i - words] << rest : 0;
      if (rest != 0 && i > words) word |= bits_[i - words - 1] >> (64 - rest);
      bits_[i] = word;
    }
  }

  uint32_t largest_ = 0;
  std::array<uint64_t, Packet::kAckWordsMax> bits_{};
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_RELIABLE_PACKETS_SEEN_H_
