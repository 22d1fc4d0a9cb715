// The header of a piece (docs/WIRE.md, "Fragments"). Its first twelve bytes are laid out as every
// frame's, so that an engine finds its end and a shim below its descriptors.
#ifndef JACKFIELD_TRANSPORTS_SHIM_FRAGMENT_PIECE_H_
#define JACKFIELD_TRANSPORTS_SHIM_FRAGMENT_PIECE_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernel/frame.h"

namespace jackfield {

static_assert(std::endian::native == std::endian::little, "pieces are little-endian on the wire");

struct PieceHeader {
  static constexpr uint8_t kKind = 0x40;  // outside the session's kinds: no session acts on a piece
  // Below this a transport cannot carry pieces that make headway.
  static constexpr uint32_t kInnerFrameBytesMin = 128;

  uint8_t magic = kMagic;
  uint8_t version = 1;
  uint8_t kind = kKind;
  uint8_t flags = 0;
  uint32_t frame_bytes = 0;  // of this piece, with its header
  uint8_t priority = 0;
  std::array<uint8_t, 2> zero{};
  uint8_t fd_count = 0;
  uint32_t message = 0;  // counts the frames of a direction; all pieces of one have the same
  uint32_t total_bytes = 0;
  uint32_t offset = 0;

  uint32_t piece_bytes() const { return frame_bytes - static_cast<uint32_t>(sizeof(PieceHeader)); }
  bool whole() const { return piece_bytes() == total_bytes; }
};
static_assert(sizeof(PieceHeader) == 24);

// nullptr, or a sentence that says what is wrong. bytes: what the transport delivered.
inline const char* PieceFault(const PieceHeader& h, uint32_t bytes, uint32_t message_bytes_max) {
  if (h.magic != kMagic) return "wrong magic";
  if (h.kind != PieceHeader::kKind) return "not a piece: the other end is not behind fragment+";
  if (h.version != 1) return "unknown version";
  if (bytes <= sizeof(PieceHeader) || h.frame_bytes != bytes)
    return "frame_bytes is not what arrived";
  if (h.total_bytes < kHeaderBytes) return "a frame shorter than its header";
  if (h.total_bytes > message_bytes_max) return "larger than ?message= allows";
  if (h.offset > h.total_bytes || h.piece_bytes() > h.total_bytes - h.offset)
    return "a piece beyond the end of its frame";
  if (h.fd_count > kFdsMax || (h.fd_count > 0 && h.offset != 0)) return "descriptors out of place";
  return nullptr;
}

// How much of what is left goes into the next piece. No piece is shorter than a frame's header,
// which some engines take for the least that there is; and each begins at a multiple of 8.
inline uint32_t NextPieceBytes(uint32_t left, uint32_t inner_frame_bytes_max) {
  constexpr auto kHead = static_cast<uint32_t>(sizeof(PieceHeader));
  const uint32_t most = (inner_frame_bytes_max - kHead) & ~7u;
  if (left <= most) return left;
  return left - most < kHeaderBytes ? most - kHeaderBytes : most;
}

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_FRAGMENT_PIECE_H_
