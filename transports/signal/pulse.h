// What one queued real-time signal carries, and how a one-way frame is packed into it.
//
// A siginfo_t leaves a sender 96 bits that signalfd(2) hands on unchanged for si_code SI_QUEUE: the
// value (si_value, 64 bits) and si_errno (32). Of a frame there travel:
//
//   value   bits 32..63  message_type
//           bits  0..31  the payload, 0 to 4 bytes, little-endian
//   errno   bits  0..2   payload bytes
//           bits  3..4   priority
//           bits  5..15  the sender's channel: tells channels of one process apart
//           bits 16..31  the low half of the sequence
//
// The receiver makes the rest anew: the epoch from who sent it, the sequence from the one before.
// What would be lost on the way (an extension, a fifth byte) is refused by the channel, as
// frame_bytes_max leaves no room for it; a deadline does not travel.
//
// Thread: any; plain values.
#ifndef JACKFIELD_TRANSPORTS_SIGNAL_PULSE_H_
#define JACKFIELD_TRANSPORTS_SIGNAL_PULSE_H_

#include <cstddef>
#include <cstdint>

#include "kernel/frame.h"

namespace jackfield {

struct Pulse {
  static constexpr uint32_t kPayloadBytesMax = 4;
  static constexpr uint32_t kFrameBytesMax = kHeaderBytes + kPayloadBytesMax;
  static constexpr uint32_t kChannels = 1 << 11;

  uint64_t value = 0;
  uint32_t errno_word = 0;

  uint32_t message_type() const { return static_cast<uint32_t>(value >> 32); }
  uint32_t payload_bytes() const { return errno_word & 7; }
  uint8_t priority() const { return static_cast<uint8_t>(errno_word >> 3 & 3); }
  uint32_t channel() const { return errno_word >> 5 & (kChannels - 1); }
  uint16_t sequence_low() const { return static_cast<uint16_t>(errno_word >> 16); }
  bool sound() const { return payload_bytes() <= kPayloadBytesMax; }
};

// nullptr, or why this frame cannot be a pulse. Requires: a frame that this program built.
const char* PulseFault(const FrameHeader& header);

// Requires: PulseFault finds none. channel < kChannels.
Pulse PulseOf(const std::byte* frame, uint32_t channel);

// Writes the frame at `to`, which has room for Align8(Pulse::kFrameBytesMax) bytes, and returns its
// bytes. Requires: pulse.sound().
uint32_t FrameOf(const Pulse& pulse, uint64_t epoch, uint32_t sequence, std::byte* to);

// The sequence whose low half is `low` and that is nearest to `last`.
constexpr uint32_t NearestSequence(uint32_t last, uint16_t low) {
  return last + static_cast<uint32_t>(
                    static_cast<int32_t>(static_cast<int16_t>(low - static_cast<uint16_t>(last))));
}

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SIGNAL_PULSE_H_
