// What goes into a frame: bytes that exist, or a FlatBuffer that is built in the frame itself.
//
//   channel.Call(kPut, Bytes(data))                                       copied into the frame
//   channel.Call(kPut, Build([&](flatbuffers::FlatBufferBuilder& fbb) {   built in the frame
//     fbb.Finish(CreatePut(fbb, fbb.CreateString(key)));
//   }))
//
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
  explicit FrameAllocator(FrameSpace& space) : space_(space) {}
  ~FrameAllocator() override;
  uint8_t* allocate(size_t size) override;
  void deallocate(uint8_t*, size_t) override {}
  uint8_t* reallocate_downward(uint8_t* old, size_t old_size, size_t new_size, size_t in_use_back,
                               size_t in_use_front) override;
  bool failed() const { return overflow_ != nullptr; }
  // After failed(): the builder asks for twice the room, so what it built may fit all the same.
  // False: it does not.
  bool MoveIn(std::span<std::byte>* built);

 private:
  FrameSpace& space_;
  uint8_t* overflow_ = nullptr;
  bool claimed_ = false;
};

template <class Builder>
class Build final : public Payload {
 public:
  // size_hint: bytes to begin with; the space doubles when it is not enough.
  explicit Build(Builder build, uint32_t size_hint = 512)
      : build_(std::move(build)), size_hint_((size_hint + 7) & ~7u) {}

  uint32_t size_hint() const override { return size_hint_; }
  bool Write(FrameSpace& space, std::span<std::byte>* written) override {
    FrameAllocator allocator(space);
    const uint32_t start_bytes = std::min(size_hint_, space.payload_bytes_max() & ~7u);
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
};

// Limits for the FlatBuffers verifier: its own defaults let a message of 680 bytes burn 17 ms
// (tests/faults/bomb_test.cc).
inline constexpr int kVerifyDepthMax = 64;
inline constexpr int kVerifyTablesMax = 1000;

// `bytes` as a table of type T, or nullptr if they are not one. The result points into `bytes`.
// tables_max: for a schema whose messages are large lists.
template <class T>
const T* RootOf(std::span<const std::byte> bytes, int tables_max = kVerifyTablesMax) {
  if (bytes.size() < 8) return nullptr;
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(data, bytes.size(), kVerifyDepthMax, tables_max);
  if (!verifier.VerifyBuffer<T>(nullptr)) return nullptr;
  return flatbuffers::GetRoot<T>(data);
}

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_PAYLOAD_H_
