// The bytes of a log file. All numbers are little-endian; log_test.cc fixes the sizes.
//
//   0        Identity   what the file is
//   512      Mark       everything before its position was synced when it was written; two of
//   1024     Mark       them, written in turn, so that one is always whole
//   2048     u64        unused
//   2056     u64        of a ring: the oldest position that is still there
//   65536    segments of Identity.segment_bytes, each preallocated as a whole
//
// A ring has a fixed number of segments, which are used again in turn: position p lies in segment
// p / segment_bytes % ring_segments. Before the writer enters one again it raises the oldest
// position, and before it commits a record it clears the `commit` that would follow, so behind the
// last record there is nothing, or (at the beginning of a segment) a record of the lap before, with
// a lower sequence.
//
// A segment is filled with records from its beginning; none crosses its end. What a record does not
// fill is zero, or a filler's. A position is a place in the segments, counted from the first one's
// beginning.
//
// Record: RecordHeader, the payload, zeros up to a multiple of 8. `commit` is written last (of
// records that are written together, that of the first), so a reader that sees it sees the rest;
// after a power cut, when bytes may have reached the disk in any order, `crc` tells. A kFiller
// record takes up the rest of a segment.
#ifndef JACKFIELD_TRANSPORTS_MMAP_LOG_FORMAT_H_
#define JACKFIELD_TRANSPORTS_MMAP_LOG_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "transports/engine/crc32c.h"

namespace jackfield {

constexpr uint64_t kLogHeadBytes = 65536;  // a page of every architecture
constexpr uint64_t kMarkOffsets[2] = {512, 1024};
constexpr uint64_t kOldestOffset = 2056;
constexpr uint64_t kSegmentBytesMin = 65536;
constexpr uint64_t kSegmentBytesMax = uint64_t{1} << 32;
constexpr uint64_t kSegmentBytesDefault = 32 << 20;

struct LogIdentity {
  static constexpr char kMagic[8] = {'J', 'F', 'l', 'o', 'g', '0', '0', '1'};
  char magic[8];
  uint64_t log_id;  // drawn when the file was made
  uint64_t segment_bytes;
  uint32_t ring_segments;  // 0: it grows
  uint32_t crc;            // of what precedes
};
static_assert(sizeof(LogIdentity) == 32);

struct LogMark {
  uint64_t position;    // a record begins there, or the log ends
  uint64_t sequence;    // of the record before it; 0: none
  uint64_t count;       // of marks written: the larger one is the newer
  uint32_t generation;  // counts how often the log was opened for writing
  uint32_t crc;         // of what precedes
};
static_assert(sizeof(LogMark) == 32);

enum class RecordKind : uint16_t { kData = 1, kFiller = 2 };

struct RecordHeader {
  static constexpr uint32_t kCommit = 0x6372464a;  // "JFrc"
  uint32_t commit;
  uint32_t crc;            // of what follows, and the payload
  uint64_t sequence;       // 1, 2, 3 …; a filler has that of the record before it
  uint32_t payload_bytes;  // of a filler: what it takes up after its header
  uint32_t generation;     // of the opening that wrote it
  uint16_t kind;
  uint16_t lap;         // of a ring, the low half: how often its segments had been used up before
  uint32_t log_id_low;  // bytes of another log are no records of this one
};
static_assert(sizeof(RecordHeader) == 32);

constexpr uint64_t RecordBytes(uint64_t payload_bytes) {
  return (sizeof(RecordHeader) + payload_bytes + 7) & ~uint64_t{7};
}

template <class Block>
uint32_t CrcOfBlock(const Block& block) {
  return Crc32c({reinterpret_cast<const std::byte*>(&block), offsetof(Block, crc)});
}
template <class Block>
bool IsWhole(const Block& block) {
  return block.crc == CrcOfBlock(block);
}

// A filler's payload is not part of its checksum: it is zeros, or not yet zeros.
inline uint32_t CrcOfRecord(const RecordHeader& header, std::span<const std::byte> payload) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&header);
  const uint32_t crc = Crc32c({bytes + 8, sizeof header - 8});
  return header.kind == static_cast<uint16_t>(RecordKind::kFiller) ? crc : Crc32c(payload, crc);
}

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_MMAP_LOG_FORMAT_H_
