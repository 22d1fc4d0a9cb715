// The bytes of a recording, the file of file: — all numbers are little-endian; recording_test.cc
// fixes the sizes.
//
//   0    RecordingIdentity
//   32   records side by side
//
// Record: RecordingHeader and the frame, without the frame's filling: a record cut within it would
// pass for whole, and take the first bytes of the next one for its own. Writers append each record
// by one write (O_APPEND), so records never mix; but a write may be cut short, by a full disk or a
// crash, and the next writer goes on behind what is there. So a record may begin at any byte, and
// is known by its header and its checksum alone.
#ifndef JACKFIELD_TRANSPORTS_FILE_RECORDING_FORMAT_H_
#define JACKFIELD_TRANSPORTS_FILE_RECORDING_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "kernel/frame.h"
#include "transports/engine/crc32c.h"

namespace jackfield {

struct RecordingIdentity {
  static constexpr char kMagic[8] = {'J', 'F', 'f', 'i', 'l', 'e', '0', '1'};
  char magic[8];
  uint64_t file_id;  // drawn when the file was made: a copy of another recording within a frame is
                     // not taken for records of this one
  uint64_t unused;
  uint32_t unused2;
  uint32_t crc;  // of what precedes
};
static_assert(sizeof(RecordingIdentity) == 32);

struct RecordingHeader {
  static constexpr uint32_t kMarker = 0x7266464a;  // "JFfr"
  uint32_t marker;
  uint32_t crc;  // of what follows, and the frame
  uint64_t file_id;
  uint32_t frame_bytes;
  uint32_t unused;
};
static_assert(sizeof(RecordingHeader) == 24);

constexpr uint64_t RecordingBytes(uint32_t frame_bytes) {
  return sizeof(RecordingHeader) + uint64_t{frame_bytes};
}
constexpr uint64_t kRecordingBytesMax = RecordingBytes(kFrameBytesMaxDefault);

inline uint32_t CrcOfIdentity(const RecordingIdentity& identity) {
  return Crc32c({reinterpret_cast<const std::byte*>(&identity), offsetof(RecordingIdentity, crc)});
}

inline uint32_t CrcOfRecording(const RecordingHeader& header, std::span<const std::byte> frame) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&header);
  return Crc32c(frame, Crc32c({bytes + 8, sizeof header - 8}));
}

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_FILE_RECORDING_FORMAT_H_
