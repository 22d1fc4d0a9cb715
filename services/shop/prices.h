// What the things cost: around a usual price, by the clock. No bus.
//
// Thread: any.
#ifndef JACKFIELD_SERVICES_SHOP_PRICES_H_
#define JACKFIELD_SERVICES_SHOP_PRICES_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "services/shop/reservations.h"

namespace jackfield::shop {

inline constexpr std::array<uint32_t, kItems> kUsualPence = {420, 850, 2900, 160};  // by Item
inline constexpr int64_t kPriceStepNs = 100'000'000;  // between two changes
inline constexpr int kPricePercentMax = 10;           // away from the usual one

// In pence, for one piece; the same for whoever asks in the same step.
inline uint32_t PenceAt(size_t item, int64_t now_ns) {
  // Up and down by one percent a step; the items are at different places of it.
  constexpr int kRound = 4 * kPricePercentMax;
  const auto place =
      static_cast<int>((now_ns / kPriceStepNs + static_cast<int64_t>(item) * 7) % kRound);
  const int percent =
      place < kRound / 2 ? place - kPricePercentMax : kRound - place - kPricePercentMax;
  return static_cast<uint32_t>(static_cast<int>(kUsualPence[item]) * (100 + percent) / 100);
}

}  // namespace jackfield::shop

#endif  // JACKFIELD_SERVICES_SHOP_PRICES_H_
