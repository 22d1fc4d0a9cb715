#include "transports/signal/pulse.h"

#include <cstring>

namespace jackfield {

const char* PulseFault(const FrameHeader& header) {
  if (header.kind() != FrameKind::OneWay) return "a pulse is a one-way message";
  if (header.extension_words() != 0) return "a pulse has no room for an extension";
  if (header.frame_bytes() > Pulse::kFrameBytesMax) return "a pulse carries at most 4 bytes";
  return nullptr;
}

Pulse PulseOf(const std::byte* frame, uint32_t channel) {
  const FrameHeader header = CopyHeader(frame);
  const uint32_t bytes = header.frame_bytes() - kHeaderBytes;
  uint32_t data = 0;
  for (uint32_t i = 0; i < bytes; ++i)
    data |= std::to_integer<uint32_t>(frame[kHeaderBytes + i]) << (8 * i);
  Pulse pulse;
  pulse.value = uint64_t{header.message_type()} << 32 | data;
  pulse.errno_word =
      bytes | uint32_t{header.priority()} << 3 | channel << 5 | (header.sequence() & 0xffff) << 16;
  return pulse;
}

uint32_t FrameOf(const Pulse& pulse, uint64_t epoch, uint32_t sequence, std::byte* to) {
  const uint32_t frame_bytes = kHeaderBytes + pulse.payload_bytes();
  const FrameHeader header(kMagic, kVersionMax, FrameKind::OneWay, /*flags=*/0, frame_bytes,
                           pulse.priority(), /*extension_words=*/0, /*code=*/0, /*fd_count=*/0,
                           pulse.message_type(), /*call_id=*/0, epoch, sequence, /*ack=*/0,
                           kNoDeadline, /*grant=*/0);
  std::memset(to, 0, Align8(Pulse::kFrameBytesMax));
  std::memcpy(to, &header, sizeof header);
  for (uint32_t i = 0; i < pulse.payload_bytes(); ++i)
    to[kHeaderBytes + i] = static_cast<std::byte>(pulse.value >> (8 * i));
  return frame_bytes;
}

}  // namespace jackfield
