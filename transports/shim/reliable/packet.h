// The packets of the reliable shim: what one end tells the other, byte by byte (docs/WIRE.md has
// the table, windows_test.cc fixes the bytes).
//
//   | header 48 | ack_bits 8 × (ack_words - 1) | frames, each filled to a multiple of 8 |
//
// The first eight bytes are as in every frame (kMagic … length at 4), so that an engine that cuts a
// stream finds the end of a packet as of any frame.
//
// Three kinds of numbers:
//   packet number    of each sending of a numbered packet, never used twice (RFC 9000 §12.3): an
//                    acknowledgement says exactly which sending arrived, so a round trip can be
//                    measured on what was sent twice
//   segment number   of the frames in a data packet; the same however often they are sent
//   connection id    64 random bits of each end; a packet carries that of its receiver, so what was
//                    meant for another instance is told apart
// The first two begin at 1, wrap, and are compared by After().
//
// Thread: any; plain values.
#ifndef JACKFIELD_TRANSPORTS_SHIM_RELIABLE_PACKET_H_
#define JACKFIELD_TRANSPORTS_SHIM_RELIABLE_PACKET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/frame.h"

namespace jackfield {

enum class PacketKind : uint8_t {
  kOpen = 0x21,    // I am here: my id, and what I want
  kAccept = 0x22,  // the answer, as long as the Open, with the id of both
  kData = 0x23,    // a segment: one frame or several
  kAck = 0x24,     // nothing but what every header says
  kPing = 0x25,    // wants an acknowledgement
  kClose = 0x26,   // no segment from the one named on will come; wants an acknowledgement
  kReset = 0x27,   // the id in `to` is not known here
};

struct Packet {
  static constexpr uint8_t kVersion = 1;
  static constexpr uint32_t kHeaderBytes = 48;
  static constexpr uint32_t kAckWordsMax = 4;
  static constexpr uint32_t kHeaderBytesMax = kHeaderBytes + 8 * (kAckWordsMax - 1);
  static constexpr uint32_t kHelloBytes = kHeaderBytes + 16;  // Open and Accept

  PacketKind kind = PacketKind::kAck;
  uint8_t ack_words = 1;         // 1..kAckWordsMax
  uint64_t to = 0;               // the receiver's id; Open: 0; Reset: the unknown one
  uint32_t number = 0;           // 0: wants no acknowledgement
  uint32_t segment = 0;          // Data: its number; Close: that of the segment that will not come
  uint32_t segments_before = 0;  // all segments before this one have arrived
  uint16_t window_segments = 0;  // and so many, from that one on, may be sent
  uint16_t ack_delay_us = 0;     // between the arrival of ack_largest and this
  uint32_t ack_largest = 0;      // highest packet number that arrived; 0: none
  // Bit b of word w: packet ack_largest - 1 - 64 w - b has arrived, too.
  std::array<uint64_t, kAckWordsMax> ack_bits{};

  // Open and Accept.
  uint64_t from = 0;     // the sender's id, not 0
  uint32_t idle_ms = 0;  // after so long a silence it gives the other end up

  uint32_t header_bytes() const {
    return kind == PacketKind::kOpen || kind == PacketKind::kAccept
               ? kHelloBytes
               : kHeaderBytes + 8u * (ack_words - 1u);
  }

  // Writes the header and the checksum. Requires: what follows the header is in place;
  // bytes.size() ≥ header_bytes(), and bytes is all of the packet.
  void Write(std::span<std::byte> bytes) const;

  // Reads the header of a whole packet. nullptr, or a sentence that says why it is none.
  const char* Read(std::span<const std::byte> bytes);
};

// The checksum of a packet: of everything but its own place. Requires: bytes.size() ≥ 20
uint32_t PacketSum(std::span<const std::byte> bytes);

// Walks over the frames of a segment: calls f(data, frame_bytes) for each, from `at` on, while it
// returns true. Returns where it stopped: the segment's size when all were taken. Requires:
// SegmentIsSound(segment).
template <class F>
uint32_t EachFrame(std::span<std::byte> segment, uint32_t at, F f) {
  while (at < segment.size()) {
    const uint32_t bytes = PeekFrameBytes(segment.data() + at);
    if (!f(segment.data() + at, bytes)) break;
    at += Align8(bytes);
  }
  return at;
}

// Is it one frame or more, each filled to a multiple of 8, and nothing else?
bool SegmentIsSound(std::span<const std::byte> segment);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_RELIABLE_PACKET_H_
