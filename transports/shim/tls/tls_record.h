// The frames of the tls shim, byte by byte (docs/WIRE.md has them too; fixed by tls_driver_test).
//
//   0  1  'J'        4  4  frame_bytes, little-endian     12  4  tls_bytes, 1..frame_bytes - 16
//   1  1  1          8  4  0                              16  tls_bytes of TLS
//   2  1  0x41       (no descriptors)                     zeros up to 48 bytes in all
//   3  1  0
//
// The plaintext is the stream of the frames above, each filled up to a multiple of 8. A server
// begins its own with kAccepted: a client that is refused hears it in place of that, and has sent
// nothing yet that could be lost with the connection.
#ifndef JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_RECORD_H_
#define JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_RECORD_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "kernel/frame.h"

namespace jackfield {

struct TlsRecord {
  static constexpr uint8_t kKind = 0x41;
  static constexpr uint32_t kHeadBytes = 16;
  static constexpr uint32_t kInnerFrameBytesMin = 1024;  // below it a handshake makes no headway

  static uint32_t FrameBytes(uint32_t tls_bytes) {
    return std::max(kHeadBytes + tls_bytes, kHeaderBytes);
  }
  // Writes all but the TLS bytes.
  static void Begin(std::byte* frame, uint32_t tls_bytes) {
    const uint32_t frame_bytes = FrameBytes(tls_bytes);
    std::memset(frame, 0, kHeaderBytes);
    frame[0] = std::byte{kMagic}, frame[1] = std::byte{1}, frame[2] = std::byte{kKind};
    std::memcpy(frame + 4, &frame_bytes, 4);
    std::memcpy(frame + 12, &tls_bytes, 4);
  }
  static bool IsOne(std::span<const std::byte> frame) {
    return frame.size() >= kHeaderBytes && frame[0] == std::byte{kMagic} &&
           frame[2] == std::byte{kKind};
  }
  // The TLS bytes; empty: it is none of ours.
  static std::span<const std::byte> BytesIn(std::span<const std::byte> frame) {
    if (!IsOne(frame) || frame[1] != std::byte{1} || PeekFrameBytes(frame.data()) != frame.size())
      return {};
    uint32_t tls_bytes = 0;
    std::memcpy(&tls_bytes, frame.data() + 12, 4);
    if (tls_bytes > frame.size() - kHeadBytes) return {};
    return frame.subspan(kHeadBytes, tls_bytes);
  }
};

// 'J' 1 0x43 0, and its 8 bytes.
inline constexpr std::array<std::byte, 8> kAccepted = {
    std::byte{kMagic}, std::byte{1}, std::byte{0x43}, std::byte{0},
    std::byte{8},      std::byte{0}, std::byte{0},    std::byte{0}};

// Is it a whole ClientHello, in one TLS record (RFC 8446, 5.1 and 4.1.2)? Less gets no session.
inline bool IsClientHello(std::span<const std::byte> tls) {
  if (tls.size() < 9 || tls[0] != std::byte{22} || tls[1] != std::byte{3} || tls[5] != std::byte{1})
    return false;
  const auto at = [&tls](size_t i) { return std::to_integer<uint32_t>(tls[i]); };
  const uint32_t record_bytes = at(3) << 8 | at(4);
  const uint32_t hello_bytes = at(6) << 16 | at(7) << 8 | at(8);
  return record_bytes == hello_bytes + 4 && record_bytes + 5 <= tls.size();
}

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_RECORD_H_
