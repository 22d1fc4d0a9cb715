#include "transports/shim/fragment/assembly.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace jackfield {

Assembly::Added Assembly::Add(const PieceHeader& header, const std::byte* data) {
  const uint32_t bytes = header.piece_bytes();
  if (header.offset == 0) {
    Block block = memory_.Get(
        std::min(header.total_bytes, std::max({bytes, kTrustedBytes, whole_bytes_max_})));
    if (!block) return Added::kNoMemory;
    if (under_way()) ++dropped_frames_;
    block_ = std::move(block);
    message_ = header.message;
    total_bytes_ = header.total_bytes;
    have_bytes_ = 0;
  } else if (!under_way() || header.message != message_ || header.total_bytes != total_bytes_ ||
             header.offset != have_bytes_) {
    if (under_way()) ++dropped_frames_;
    Drop();
    return Added::kDropped;
  }
  if (have_bytes_ + bytes > block_.size()) {
    Block larger = memory_.Get(
        std::min(total_bytes_, std::max(have_bytes_ + bytes, kGrowth * block_.size())));
    if (!larger) return Added::kNoMemory;
    std::memcpy(larger.data(), block_.data(), have_bytes_);
    block_ = std::move(larger);
  }
  std::memcpy(block_.data() + have_bytes_, data, bytes);
  have_bytes_ += bytes;
  if (have_bytes_ < total_bytes_) return Added::kMore;
  whole_bytes_max_ = std::max(whole_bytes_max_, total_bytes_);
  return Added::kComplete;
}

}  // namespace jackfield
