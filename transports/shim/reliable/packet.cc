#include "transports/shim/reliable/packet.h"

#include <cstring>

#include "transports/engine/crc32c.h"

namespace jackfield {
namespace {

constexpr uint32_t kSumAt = 16;

template <class T>
void Put(std::span<std::byte> bytes, size_t at, T value) {
  value = flatbuffers::EndianScalar(value);
  std::memcpy(bytes.data() + at, &value, sizeof value);
}
template <class T>
T Get(std::span<const std::byte> bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return flatbuffers::EndianScalar(value);
}

}  // namespace

uint32_t PacketSum(std::span<const std::byte> bytes) {
  return Crc32c(bytes.subspan(kSumAt + 4), Crc32c(bytes.first(kSumAt)));
}

void Packet::Write(std::span<std::byte> bytes) const {
  Put<uint8_t>(bytes, 0, kMagic);
  Put<uint8_t>(bytes, 1, kVersion);
  Put<uint8_t>(bytes, 2, static_cast<uint8_t>(kind));
  Put<uint8_t>(bytes, 3, ack_words);
  Put<uint32_t>(bytes, 4, static_cast<uint32_t>(bytes.size()));
  Put<uint64_t>(bytes, 8, to);
  Put<uint32_t>(bytes, 20, number);
  Put<uint32_t>(bytes, 24, segment);
  Put<uint32_t>(bytes, 28, segments_before);
  Put<uint16_t>(bytes, 32, window_segments);
  Put<uint16_t>(bytes, 34, ack_delay_us);
  Put<uint32_t>(bytes, 36, ack_largest);
  for (uint32_t word = 0; word < ack_words; ++word)
    Put<uint64_t>(bytes, 40 + 8 * word, ack_bits[word]);
  if (kind == PacketKind::kOpen || kind == PacketKind::kAccept) {
    Put<uint64_t>(bytes, 48, from);
    Put<uint32_t>(bytes, 56, idle_ms);
    Put<uint32_t>(bytes, 60, 0);
  }
  Put<uint32_t>(bytes, kSumAt, PacketSum(bytes));
}

const char* Packet::Read(std::span<const std::byte> bytes) {
  if (bytes.size() < kHeaderBytes) return "shorter than a packet's header";
  if (Get<uint8_t>(bytes, 0) != kMagic) return "wrong magic";
  if (Get<uint32_t>(bytes, kSumAt) != PacketSum(bytes)) return "the checksum does not fit";
  if (Get<uint8_t>(bytes, 1) != kVersion) return "unknown version";
  const auto kind_number = Get<uint8_t>(bytes, 2);
  if (kind_number < static_cast<uint8_t>(PacketKind::kOpen) ||
      kind_number > static_cast<uint8_t>(PacketKind::kReset))
    return "not a packet of the reliable shim";
  kind = static_cast<PacketKind>(kind_number);
  ack_words = Get<uint8_t>(bytes, 3);
  if (ack_words < 1 || ack_words > kAckWordsMax) return "a number of acknowledgement words";
  const bool hello = kind == PacketKind::kOpen || kind == PacketKind::kAccept;
  if (hello && ack_words != 1) return "acknowledgements in a hello";
  if (Get<uint32_t>(bytes, 4) != bytes.size()) return "its length is not what arrived";
  if (bytes.size() < header_bytes()) return "shorter than its header";
  if (kind == PacketKind::kData ? bytes.size() == header_bytes() : bytes.size() != header_bytes())
    return "more or less in it than its kind has";
  to = Get<uint64_t>(bytes, 8);
  number = Get<uint32_t>(bytes, 20);
  const bool numbered =
      kind == PacketKind::kData || kind == PacketKind::kPing || kind == PacketKind::kClose;
  if (numbered != (number != 0)) return "a packet number where there is none, or none";
  segment = Get<uint32_t>(bytes, 24);
  segments_before = Get<uint32_t>(bytes, 28);
  window_segments = Get<uint16_t>(bytes, 32);
  ack_delay_us = Get<uint16_t>(bytes, 34);
  ack_largest = Get<uint32_t>(bytes, 36);
  ack_bits = {};
  for (uint32_t word = 0; word < ack_words; ++word)
    ack_bits[word] = Get<uint64_t>(bytes, 40 + 8 * word);
  if (hello) {
    from = Get<uint64_t>(bytes, 48);
    idle_ms = Get<uint32_t>(bytes, 56);
    if (from == 0 || idle_ms == 0) return "a hello without an id or a time";
  }
  if (kind == PacketKind::kData && !SegmentIsSound(bytes.subspan(header_bytes())))
    return "frames that do not fill it";
  return nullptr;
}

bool SegmentIsSound(std::span<const std::byte> segment) {
  if (segment.empty() || segment.size() % 8 != 0) return false;
  while (!segment.empty()) {
    // In 64 bits: a length close to 2³² must not wrap to a small one.
    const uint64_t bytes = segment.size() < 8 ? 0 : PeekFrameBytes(segment.data());
    const uint64_t filled = (bytes + 7) & ~uint64_t{7};
    if (bytes < kHeaderBytes || filled > segment.size()) return false;
    segment = segment.subspan(filled);
  }
  return true;
}

}  // namespace jackfield
