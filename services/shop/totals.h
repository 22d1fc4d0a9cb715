// How many orders have ended how. No bus.
//
// Thread: one.
#ifndef JACKFIELD_SERVICES_SHOP_TOTALS_H_
#define JACKFIELD_SERVICES_SHOP_TOTALS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "services/shop/shop_generated.h"

namespace jackfield::shop {

class Tally {
 public:
  // An End that this program does not know counts nowhere.
  void Add(End end, uint64_t pence) {
    if (end > End::MAX) return;
    ++ended_[static_cast<size_t>(end)];
    pence_ += pence;
  }
  uint64_t Of(End end) const { return ended_[static_cast<size_t>(end)]; }
  uint64_t pence() const { return pence_; }

  flatbuffers::Offset<Totals> Tell(flatbuffers::FlatBufferBuilder& fbb) const {
    return CreateTotals(fbb, Of(End::Sold), Of(End::NoStock), Of(End::TooDear), Of(End::GivenUp),
                        pence_);
  }

 private:
  std::array<uint64_t, static_cast<size_t>(End::MAX) + 1> ended_{};
  uint64_t pence_ = 0;
};

}  // namespace jackfield::shop

#endif  // JACKFIELD_SERVICES_SHOP_TOTALS_H_
