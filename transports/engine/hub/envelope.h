// What the hub's media on one machine put in front of each message: who it is from, and whether it
// is a frame or a word between the ends themselves. docs/WIRE.md, "The envelope of shared
// endpoints".
//
//   offset  size
//   0       1     0x71
//   1       1     1, the version
//   2       1     kind: 0 frame, 1 greeting, 2 welcome, 3 refusal, 4 goodbye
//   3       1     reason: of a refusal, why, as kernel/base/outcome.h numbers it; 0: not said
//   4       4     zero
//   8       8     key: drawn by the client when it opens, in every message of its link, both ways.
//                 A message of another key is one of an instance that is gone: dropped and counted.
//
// Native byte order: the media do not leave the machine.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_HUB_ENVELOPE_H_
#define JACKFIELD_TRANSPORTS_ENGINE_HUB_ENVELOPE_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace jackfield {

struct HubEnvelope {
  static constexpr uint8_t kMagic = 0x71;  // 'q'
  static constexpr uint8_t kVersion = 1;
  enum Kind : uint8_t { kFrame = 0, kGreeting = 1, kWelcome = 2, kRefusal = 3, kGoodbye = 4 };

  uint8_t magic = kMagic;
  uint8_t version = kVersion;
  uint8_t kind = kFrame;
  uint8_t reason = 0;
  std::array<uint8_t, 4> zero{};
  uint64_t key = 0;

  bool Sound() const {
    return magic == kMagic && version == kVersion && kind <= kGoodbye && key != 0;
  }
};
static_assert(sizeof(HubEnvelope) == 16);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_HUB_ENVELOPE_H_
