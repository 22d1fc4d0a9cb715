// What a floor's message contains, and how much of it is looked at: up to 1 KiB its sequence;
// above, as much as the bus's ends write and check of theirs (stamp.h). Else a ratio of large
// messages would compare the checking: and one that nobody looks at stays in its writer's cache, so
// that no byte of it crosses over, which would be no floor for anything.
//
// Thread: constant after it is made.
#ifndef JACKFIELD_TOOLS_BENCH_FLOOR_CONTENT_H_
#define JACKFIELD_TOOLS_BENCH_FLOOR_CONTENT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "tools/bench/stamp.h"

namespace jackfield::bench {

class Content {
 public:
  explicit Content(size_t message_bytes)
      : large_(message_bytes > Stamp::kWholeBytesMax), stamp_(message_bytes) {}

  // To put into and send again and again.
  std::vector<std::byte> MakeMessage() const { return stamp_.MakePayload(); }
  // Requires: `message` came from MakeMessage.
  void Put(uint64_t sequence, std::byte* message) const {
    if (large_)
      stamp_.Put(sequence, {message, stamp_.payload_bytes()});
    else
      std::memcpy(message, &sequence, sizeof sequence);
  }
  // Is it the message that Put made with `sequence`?
  bool IsRight(uint64_t sequence, const std::byte* message) const {
    if (large_) return stamp_.Check(sequence, {message, stamp_.payload_bytes()});
    return SequenceOf(message) == sequence;
  }
  static uint64_t SequenceOf(const std::byte* message) {
    uint64_t sequence;
    std::memcpy(&sequence, message, sizeof sequence);
    return sequence;
  }

 private:
  const bool large_;
  const Stamp stamp_;
};

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_FLOOR_CONTENT_H_
