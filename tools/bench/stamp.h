// What a measured message contains, so that its receiver can tell that it is the right one and
// whole.
//
//   bytes [0, 8)          the sequence: which connection, and the how-manieth of it
//   every 4,096 bytes     the sequence plus that block's number: a block of another message shows
//   all others            a pattern fixed by their place
//
// A payload of up to 1 KiB is checked whole. Of a larger one every stamp is checked, and 256 bytes
// of the pattern at a place that moves on with the sequence, so that size/256 messages check every
// byte: reading all of each message would measure the checking. Payloads under 8 bytes hold the low
// bytes of the sequence.
//
// Thread: a Stamp is constant after it is made.
#ifndef JACKFIELD_TOOLS_BENCH_STAMP_H_
#define JACKFIELD_TOOLS_BENCH_STAMP_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace jackfield::bench {

class Stamp {
 public:
  static constexpr size_t kBlockBytes = 4096;
  static constexpr size_t kWholeBytesMax = 1024;
  static constexpr size_t kWindowBytes = 256;

  explicit Stamp(size_t payload_bytes);

  // A payload to stamp and send again and again.
  std::vector<std::byte> MakePayload() const { return pattern_; }
  // Requires: `payload` came from MakePayload.
  void Put(uint64_t sequence, std::span<std::byte> payload) const;
  // Is this the payload that Put made with `sequence`?
  bool Check(uint64_t sequence, std::span<const std::byte> payload) const;
  // The sequence that a payload claims to have; 0 when it is too short for one.
  static uint64_t SequenceOf(std::span<const std::byte> payload);

  size_t payload_bytes() const { return pattern_.size(); }

 private:
  std::vector<std::byte> pattern_;
};

// Sequences of many connections to one server: 16 bits of connection, 48 of number.
constexpr uint64_t MakeSequence(uint64_t connection, uint64_t number) {
  return connection << 48 | number;
}
constexpr uint64_t ConnectionOf(uint64_t sequence) { return sequence >> 48; }

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_STAMP_H_
