#include "kernel/frame.h"

#include <cstdio>

#include "kernel/text.h"

namespace jackfield {

const char* HeaderFault(const FrameHeader& h, uint32_t frame_bytes) {
  if (h.magic() != kMagic) return "wrong magic";
  if (h.version() < kVersionMin || h.version() > kVersionMax) return "unknown version";
  if (h.kind() < FrameKind::Hello || h.kind() > FrameKind::Closed) return "unknown kind";
  if (h.frame_bytes() != frame_bytes) return "frame_bytes is not what arrived";
  if (frame_bytes < kHeaderBytes + 8u * h.extension_words()) return "frame_bytes is less than header and extension";
  if ((h.flags() & ~static_cast<unsigned>(wire::FrameFlag::Stream)) != 0) return "reserved flag set";
  if (h.priority() >= kPriorityLevels) return "priority out of range";
  if (h.fd_count() > kFdsMax) return "too many descriptors";
  if (h.code() > 16) return "status code out of range";
  return nullptr;
}

std::string DescribeHeader(const FrameHeader& h) {
  std::string hex;
  const auto* bytes = reinterpret_cast<const unsigned char*>(&h);
  for (int i = 0; i < 16; ++i) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", bytes[i]);
    hex += digits;
  }
  return Text("magic ", int{h.magic()}, ", version ", int{h.version()}, ", kind ", static_cast<int>(h.kind()),
              ", frame_bytes ", h.frame_bytes(), "; first 16 bytes ", hex);
}

bool CostsCredit(FrameKind kind) {
  return kind == FrameKind::Request || kind == FrameKind::OneWay || kind == FrameKind::Item;
}

bool IsSequenced(FrameKind kind) {
  return CostsCredit(kind) || kind == FrameKind::Reply || kind == FrameKind::ItemsEnd;
}

}  // namespace jackfield
