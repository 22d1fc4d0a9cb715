// What goes into a frame: bytes that exist, or a FlatBuffer that is built in the frame itself.
//
//   channel.Call(kPut, Bytes(data))                                       copied into the frame
//   channel.Call(kPut, Build([&](flatbuffers::FlatBufferBuilder& fbb) {   built in the frame
//     fbb.Finish(CreatePut(fbb, fbb.CreateString(key)));
//   }))
//
// A build function may run more than once, and what it throws becomes the status of the send.
// Ownership: a payload refers to what it was made from, until the send is complete.
#ifndef JACKFIELD_KERNEL_PAYLOAD_H_
#define JACKFIELD_KERNEL_PAYLOAD_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "flatbuffers/flatbuffers.h"
#include "kernel/link.h"

namespace jackfield {

// A payload begins at a multiple of this many bytes on every medium, where it is built and where it
// is delivered. Structs may want more (force_align): then what is built lies so that they are in
// their places (Build), and what came is moved if it must be (Message::Align).
inline constexpr uint32_t kPayloadAlignment = 8;
inline constexpr uint32_t kPayloadAlignmentMax = 64;  // of a Block; flatc allows 32

// The memory of one outgoing frame: claimed from a link, or a block where the link has no room now.
// Layout: `prefix_bytes` for header and extension, then the payload's place.
class FrameSpace {
 public:
  // One of both is null. bytes_max: of the whole frame.
  FrameSpace(Link* link, MemoryAccount* memory, uint32_t prefix_bytes, uint32_t bytes_max)
      : link_(link), memory_(memory), prefix_bytes_(prefix_bytes), bytes_max_(bytes_max) {}

  // Room for a payload of so many bytes, at a multiple of 8; nullptr: no room (too_large() tells
  // why).
  std::byte* Claim(uint64_t payload_bytes);
  // A larger room; the first `front` and last `back` bytes of the old one move along.
  std::byte* Grow(uint64_t payload_bytes, uint32_t front, uint32_t back);
  bool too_large() const { return too_large_; }
  uint32_t payload_bytes_max() const {
    return bytes_max_ > prefix_bytes_ ? bytes_max_ - prefix_bytes_ : 0;
  }
  uint32_t prefix_bytes() const { return prefix_bytes_; }
  Block TakeBlock() { return std::move(block_); }

 private:
  std::byte* ClaimBlock(uint32_t frame_bytes);
  bool Fits(uint64_t payload_bytes);
  Link* const link_;
  MemoryAccount* const memory_;
  const uint32_t prefix_bytes_;
  const uint32_t bytes_max_;
  uint32_t payload_bytes_ = 0;
  bool too_large_ = false;
  Block block_;
};

class Payload {
 public:
  virtual uint32_t size_hint() const = 0;  // exact for bytes, a guess for a build
  // Writes into `space`; the result lies in it. {nullptr, 0} with a false: no room.
  virtual bool Write(FrameSpace& space, std::span<std::byte>* written) = 0;

 protected:
  ~Payload() = default;
};

class Bytes final : public Payload {
 public:
  Bytes() = default;
  explicit Bytes(std::span<const std::byte> bytes) : bytes_(bytes) {}
  explicit Bytes(std::string_view text) : bytes_(std::as_bytes(std::span(text))) {}

  uint32_t size_hint() const override {
    return static_cast<uint32_t>(std::min<size_t>(bytes_.size(), UINT32_MAX));
  }
  bool Write(FrameSpace& space, std::span<std::byte>* written) override {
    std::byte* to = space.Claim(bytes_.size());
    if (to == nullptr) return false;
    if (!bytes_.empty()) std::memcpy(to, bytes_.data(), bytes_.size());
    *written = {to, bytes_.size()};
    return true;
  }

 private:
  std::span<const std::byte> bytes_;
};

// Lets a FlatBufferBuilder write into a FrameSpace. It builds downwards, so the finished buffer
// ends where the space ends and the header's place is in front of it. If the space runs out the
// build goes on in memory of its own, so that it can end in order; what then fits is moved in
// (MoveIn), and thrown away otherwise.
class FrameAllocator final : public flatbuffers::Allocator {
 public:
  // The end of what is built lies at a multiple of `alignment`, from where FlatBuffers counts.
  FrameAllocator(FrameSpace& space, uint32_t alignment)
      : space_(space), slack_(alignment - kPayloadAlignment) {}
  ~FrameAllocator() override;
  uint32_t bytes_max() const {
    const uint32_t room = space_.payload_bytes_max();
    return room > slack_ ? (room - slack_) & ~7u : 0;
  }
  uint8_t* allocate(size_t size) override;
  void deallocate(uint8_t*, size_t) override {}
  uint8_t* reallocate_downward(uint8_t* old, size_t old_size, size_t new_size, size_t in_use_back,
                               size_t in_use_front) override;
  bool failed() const { return overflow_ != nullptr; }
  // After failed(): the builder asks for twice the room, so what it built may fit all the same.
  // False: it does not.
  bool MoveIn(std::span<std::byte>* built);

 private:
  uint8_t* PlaceIn(std::byte* room, size_t size);
  uint8_t* Overflow(size_t size);
  FrameSpace& space_;
  const uint32_t slack_;  // a room is so much larger than asked for
  uint32_t skipped_ = 0;  // of the slack, in front of what is built; the rest is behind
  uint8_t* overflow_ = nullptr;
  bool claimed_ = false;
};

template <class Builder>
class Build final : public Payload {
 public:
  // size_hint: bytes to begin with; the space doubles when it is not enough.
  // alignment: the largest that a struct in it wants, a power of two; stubs know it from the
  // schema.
  explicit Build(Builder build, uint32_t size_hint = 512, uint32_t alignment = kPayloadAlignmentMax)
      : build_(std::move(build)), size_hint_((size_hint + 7) & ~7u), alignment_(alignment) {}

  uint32_t size_hint() const override { return size_hint_; }
  bool Write(FrameSpace& space, std::span<std::byte>* written) override {
    FrameAllocator allocator(space, alignment_);
    const uint32_t start_bytes = std::min(size_hint_, allocator.bytes_max());
    flatbuffers::FlatBufferBuilder fbb(start_bytes, &allocator, false);
    fbb.TrackMinAlign(
        8);  // the finished buffer begins at a multiple of 8, and the header in front of it does
    build_(fbb);
    *written = {reinterpret_cast<std::byte*>(fbb.GetBufferPointer()), fbb.GetSize()};
    return !allocator.failed() || allocator.MoveIn(written);
  }

 private:
  Builder build_;
  const uint32_t size_hint_;
  const uint32_t alignment_;
};

// Limits for the FlatBuffers verifier: its own defaults let a message of 680 bytes burn 17 ms
// (tests/faults/bomb_test.cc).
inline constexpr int kVerifyDepthMax = 64;  // tables inside one another, the root among them
inline constexpr int kVerifyTablesMax = 1000;

// `bytes` as a table of type T, or nullptr if they are not one. The result points into `bytes`.
// tables_max: for a schema whose messages are large lists.
//
// A buffer inside (nested_flatbuffer) is not looked at, for FlatBuffers' verifier would begin to
// count anew in each: it is bytes, and a RootOf of its own. Stubs check all of a message under one
// budget (services/stubs/message_fault.h).
// Requires: `bytes` lie as the structs of T want it (Message::Align).
template <class T>
const T* RootOf(std::span<const std::byte> bytes, int tables_max = kVerifyTablesMax) {
  if (bytes.size() < 8) return nullptr;
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  flatbuffers::Verifier::Options limits;
  limits.max_depth = kVerifyDepthMax;
  limits.max_tables = static_cast<flatbuffers::uoffset_t>(tables_max);
  limits.check_nested_flatbuffers = false;
  flatbuffers::Verifier verifier(data, bytes.size(), limits);
  if (!verifier.VerifyBuffer<T>(nullptr)) return nullptr;
  return flatbuffers::GetRoot<T>(data);
}

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_PAYLOAD_H_
