// Copies frames out of a ring whose writer is not trusted, before anybody looks at them: what is
// checked is then what is used, whatever the writer does to the ring meanwhile.
//
// Thread: the node's. Owns: the blocks that the copies lie in, until the link's rx queue is empty.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_RING_FRAME_COPY_H_
#define JACKFIELD_TRANSPORTS_ENGINE_RING_FRAME_COPY_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernel/link.h"
#include "kernel/loop/block_pool.h"
#include "kernel/loop/loop.h"

namespace jackfield {

class FrameCopy {
 public:
  static constexpr uint32_t kTogetherBytes = 64 << 10;  // small frames, side by side in one block

  enum class Pushed {
    kMore,      // there may be room for another
    kLast,      // nothing further before the rx queue is empty
    kNoMemory,  // not pushed: the link is woken when there may be some
  };

  // The link's rx queue is empty: what was copied before may go.
  void Begin() { together_bytes_ = 0; }

  Pushed Push(Link& link, const std::byte* frame, uint32_t bytes) {
    if (!together_ && link.loop().blocks().budget().likely_bytes() != 0)
      together_ = link.memory().Get(kTogetherBytes);
    if (together_ && bytes <= kTogetherBytes - together_bytes_) {
      std::byte* const to = together_.data() + together_bytes_;
      std::memcpy(to, frame, bytes);
      together_bytes_ += Align8(bytes);
      link.PushRx({to, bytes});
      return Pushed::kMore;
    }
    alone_ = link.GetBlock(bytes);
    if (!alone_) return Pushed::kNoMemory;
    std::memcpy(alone_.data(), frame, bytes);
    link.PushRx({alone_.data(), bytes}, &alone_);
    return Pushed::kLast;
  }

  // The link rests, and holds no memory.
  void Rest() {
    together_.Reset();
    alone_.Reset();
  }

 private:
  Block together_, alone_;
  uint32_t together_bytes_ = 0;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_RING_FRAME_COPY_H_
