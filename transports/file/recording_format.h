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
//
// So no frame may look as if records lay in it: found behind a header whose frame is still being
// written, they would be taken for proof that it is torn, and for messages. A frame in which the
// file's number occurs (a copy of a part of this very file) is stored with a mask over it, drawn so
// that the number does not occur.
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
  uint64_t file_id;  // drawn when the file was made; in no frame as it is stored
  uint64_t unused;
  uint32_t unused2;
  uint32_t crc;  // of what precedes
};
static_assert(sizeof(RecordingIdentity) == 32);

struct RecordingHeader {
  static constexpr uint32_t kMarker = 0x7266464a;  // "JFfr"
  uint32_t marker;
  uint32_t crc;  // of what follows, and the frame as it is stored
  uint64_t file_id;
  uint32_t frame_bytes;
  uint32_t mask;  // the frame is stored with these 4 bytes, over and over, xored into it
};
static_assert(sizeof(RecordingHeader) == 24);

constexpr uint64_t RecordingBytes(uint32_t frame_bytes) {
  return sizeof(RecordingHeader) + uint64_t{frame_bytes};
}
constexpr uint64_t kRecordingBytesMax = RecordingBytes(kFrameBytesMaxDefault);

inline bool Holds(std::span<const std::byte> frame, uint64_t file_id) {
  return memmem(frame.data(), frame.size(), &file_id, sizeof file_id) != nullptr;
}

// Puts the mask on, and takes it off.
inline void Mask(std::span<std::byte> frame, uint32_t mask) {
  for (size_t i = 0; i < frame.size(); ++i)
    frame[i] ^= static_cast<std::byte>(mask >> (8 * (i % 4)));
}

inline uint32_t CrcOfIdentity(const RecordingIdentity& identity) {
  return Crc32c({reinterpret_cast<const std::byte*>(&identity), offsetof(RecordingIdentity, crc)});
}

inline uint32_t CrcOfRecording(const RecordingHeader& header, std::span<const std::byte> frame) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&header);
  return Crc32c(frame, Crc32c({bytes + 8, sizeof header - 8}));
}

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_FILE_RECORDING_FORMAT_H_
