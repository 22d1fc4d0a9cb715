// One message that was published, as the item that each of its subscribers gets: built once, in a
// block of the node's message memory, which all who have yet to send it share.
//
// What is copied: the payload into the block when it is made, and all of the block into the frame
// of each subscriber when that has room for it, with the few bytes put right in which they differ.
//
// Thread: the node's. Ownership: the last copy gives the block back; none outlives the node.
#ifndef JACKFIELD_SERVICES_TOPICS_PUBLICATION_H_
#define JACKFIELD_SERVICES_TOPICS_PUBLICATION_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "jackfield/node.h"
#include "jackfield/payload.h"

namespace jackfield::topics {

// A message of this size and its topic still go through a channel that was opened with the
// defaults.
inline constexpr size_t kPayloadBytesMax = (1 << 20) - 1024;

class Publication {
 public:
  Publication() = default;
  Publication(const Publication& other) : shared_(other.shared_) {
    if (shared_ != nullptr) ++shared_->users;
  }
  Publication(Publication&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
  Publication& operator=(Publication other) noexcept {
    std::swap(shared_, other.shared_);
    return *this;
  }
  ~Publication() {
    if (shared_ != nullptr && --shared_->users == 0) Free();
  }

  // An empty one: there is no message memory for it.
  static Publication Make(Node& node, std::string_view topic, std::span<const std::byte> payload,
                          uint64_t sequence, uint64_t epoch);

  explicit operator bool() const { return shared_ != nullptr; }
  uint64_t sequence() const { return shared_->sequence; }
  size_t size() const { return shared_->item.size(); }  // as an item, in bytes
  std::span<const std::byte> bytes() const { return shared_->item; }

 private:
  friend class ItemPayload;
  struct Shared {
    Block block;  // in which this lies, too
    uint32_t users = 1;
    uint64_t sequence = 0;
    std::span<const std::byte> item;
    size_t missed_at = 0, missed_is_unknown_at = 0, is_last_value_at = 0;  // places in it
  };
  void Free();
  Shared* shared_ = nullptr;
};

// In what the item of one subscriber differs from that of another.
struct ItemWords {
  uint64_t missed = 0;
  bool missed_is_unknown = false;
  bool is_last_value = false;
};

// The item for one subscriber.
class ItemPayload final : public Payload {
 public:
  ItemPayload(Publication publication, const ItemWords& words)
      : publication_(std::move(publication)), words_(words) {}
  uint32_t size_hint() const override { return static_cast<uint32_t>(publication_.size()); }
  bool Write(FrameSpace& space, std::span<std::byte>* written) override;

 private:
  Publication publication_;
  ItemWords words_;
};

}  // namespace jackfield::topics

#endif  // JACKFIELD_SERVICES_TOPICS_PUBLICATION_H_
