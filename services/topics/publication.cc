#include "services/topics/publication.h"

#include <cstring>
#include <new>

#include "services/topics/topics_service.h"

namespace jackfield::topics {
namespace {

constexpr uint32_t kTableBytesMax = 128;  // of an item, without its topic and payload

}  // namespace

Publication Publication::Make(Node& node, std::string_view topic,
                              std::span<const std::byte> payload, uint64_t sequence,
                              uint64_t epoch) {
  const auto build = [&](flatbuffers::FlatBufferBuilder& fbb) {
    fbb.ForceVectorAlignment(payload.size(), 1, kPayloadAlignment);
    const auto bytes =
        fbb.CreateVector(reinterpret_cast<const uint8_t*>(payload.data()), payload.size());
    const auto name = fbb.CreateString(topic.data(), topic.size());
    fbb.ForceDefaults(true);  // so that there is a place to put the values right
    fbb.Finish(CreateItem(fbb, name, bytes, sequence, epoch));
  };
  constexpr uint32_t kHeadBytes = Align8(sizeof(Shared));
  const auto bytes_hint = static_cast<uint32_t>(topic.size() + payload.size() + kTableBytesMax);
  MemoryAccount& memory = node.blocks();
  FrameSpace space(nullptr, &memory, kHeadBytes, BlockPool::kBlockBytesMax);
  std::span<std::byte> written;
  if (!Build(build, bytes_hint, kPayloadAlignment).Write(space, &written)) return {};
  Block block = space.TakeBlock();
  if (!block) return {};
  auto* shared = new (block.data()) Shared;
  shared->block = std::move(block);
  shared->sequence = sequence;
  shared->item = written;
  const auto* begin = reinterpret_cast<const uint8_t*>(written.data());
  const auto* item = reinterpret_cast<const flatbuffers::Table*>(flatbuffers::GetRoot<Item>(begin));
  const auto place = [&](flatbuffers::voffset_t field) {
    return static_cast<size_t>(item->GetAddressOf(field) - begin);
  };
  shared->missed_at = place(Item::VT_MISSED);
  shared->missed_is_unknown_at = place(Item::VT_MISSED_IS_UNKNOWN);
  shared->is_last_value_at = place(Item::VT_IS_LAST_VALUE);
  Publication made;
  made.shared_ = shared;
  return made;
}

void Publication::Free() {
  const Block block = std::move(shared_->block);  // goes last
  shared_->~Shared();
}

bool ItemPayload::Write(FrameSpace& space, std::span<std::byte>* written) {
  const std::span<const std::byte> item = publication_.bytes();
  std::byte* to = space.Claim(item.size());
  if (to == nullptr) return false;
  std::memcpy(to, item.data(), item.size());
  const Publication::Shared& shared = *publication_.shared_;
  flatbuffers::WriteScalar(to + shared.missed_at, words_.missed);
  flatbuffers::WriteScalar(to + shared.missed_is_unknown_at,
                           static_cast<uint8_t>(words_.missed_is_unknown));
  flatbuffers::WriteScalar(to + shared.is_last_value_at,
                           static_cast<uint8_t>(words_.is_last_value));
  *written = {to, item.size()};
  return true;
}

}  // namespace jackfield::topics
