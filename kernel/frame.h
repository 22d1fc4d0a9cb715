// A frame: one message on the medium. Header, extension, payload, in one span of memory:
//
//   | FrameHeader 48 | extension 8 × extension_words | payload … | zeros up to a multiple of 8 |
//
// frame_bytes counts all but the filling. Frames begin at multiples of 8. docs/WIRE.md has every
// byte.
//
// The header of a hostile peer is copied once (CopyHeader) and only the copy is looked at.
#ifndef JACKFIELD_KERNEL_FRAME_H_
#define JACKFIELD_KERNEL_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "schemas/frame_generated.h"

namespace jackfield {

using FrameHeader = wire::FrameHeader;
using FrameKind = wire::FrameKind;

inline constexpr uint8_t kMagic = 0x4a;  // 'J'
inline constexpr uint8_t kVersionMin = 1;
inline constexpr uint8_t kVersionMax = 1;
inline constexpr uint32_t kHeaderBytes = 48;
inline constexpr uint32_t kFrameBytesMaxDefault = 16 << 20;  // per link; a medium may have less
inline constexpr uint32_t kExtensionBytesMax = 255 * 8;
inline constexpr uint8_t kFdsMax = 16;         // descriptors in one frame
inline constexpr uint8_t kPriorityLevels = 4;  // 0 is the most urgent
inline constexpr uint8_t kPriorityDefault = 2;
inline constexpr uint32_t kNoDeadline = 0xffffffff;  // budget_us

static_assert(sizeof(FrameHeader) == kHeaderBytes);

constexpr uint32_t Align8(uint32_t bytes) { return (bytes + 7) & ~uint32_t{7}; }

inline FrameHeader CopyHeader(const std::byte* frame) {
  FrameHeader header;
  std::memcpy(static_cast<void*>(&header), frame, kHeaderBytes);
  return header;
}

// The frame_bytes field, read once; for an engine that cuts a stream. Requires: 8 readable bytes.
inline uint32_t PeekFrameBytes(const std::byte* frame) {
  uint32_t bytes;
  std::memcpy(&bytes, frame + 4, 4);
  return flatbuffers::EndianScalar(bytes);
}

// The priority field, for a first look at what waits. Requires: 9 readable bytes.
inline uint8_t PeekPriority(const std::byte* frame) { return static_cast<uint8_t>(frame[8]); }

// Is it a header that this version may act on? nullptr, or a sentence that says what is wrong.
// `frame_bytes` is what the medium delivered.
inline const char* HeaderFault(const FrameHeader& h, uint32_t frame_bytes) {
  if (h.magic() != kMagic) return "wrong magic";
  if (h.version() < kVersionMin || h.version() > kVersionMax) return "unknown version";
  if (h.kind() < FrameKind::Hello || h.kind() > FrameKind::Closed) return "unknown kind";
  if (h.frame_bytes() != frame_bytes) return "frame_bytes is not what arrived";
  if (frame_bytes < kHeaderBytes + 8u * h.extension_words())
    return "frame_bytes is less than header and extension";
  if ((h.flags() & ~static_cast<unsigned>(wire::FrameFlag::Stream)) != 0)
    return "reserved flag set";
  if (h.priority() >= kPriorityLevels) return "priority out of range";
  if (h.fd_count() > kFdsMax) return "too many descriptors";
  if (h.code() > 16) return "status code out of range";
  return nullptr;
}

// "magic 00, version 7, kind 200 …; bytes 4a01…": for the one line that a broken link logs.
std::string DescribeHeader(const FrameHeader& header);

// Sequence numbers wrap: is a after b?
constexpr bool After(uint32_t a, uint32_t b) { return static_cast<int32_t>(a - b) > 0; }

// The credit that a frame costs its sender: 1, and 1 more for each full 4 KiB. Replies and control
// frames cost nothing: the calls they belong to bound them.
constexpr uint32_t UnitsOf(uint32_t frame_bytes) { return 1 + frame_bytes / 4096; }
constexpr bool CostsCredit(FrameKind kind) {
  return kind == FrameKind::Request || kind == FrameKind::OneWay || kind == FrameKind::Item;
}
// Does the kind take a sequence number, and so an acknowledgement?
constexpr bool IsSequenced(FrameKind kind) {
  return CostsCredit(kind) || kind == FrameKind::Reply || kind == FrameKind::ItemsEnd;
}

// FNV-1a, 32 bits, of "package.Service/Method": the message_type of a method.
constexpr uint32_t MessageType(std::string_view name) {
  uint32_t hash = 2166136261u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_FRAME_H_
