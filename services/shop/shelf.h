// The pieces of the shop: how many there were, and who holds which. No bus.
//
// Thread: one.
#ifndef JACKFIELD_SERVICES_SHOP_SHELF_H_
#define JACKFIELD_SERVICES_SHOP_SHELF_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "services/shop/reservations.h"

namespace jackfield::shop {

class Shelf {
 public:
  // began: how many pieces there are of each item.
  explicit Shelf(const Pieces& began) : began_(began) {}

  // Does the order hold its pieces? One that held them already does, and no more of them.
  bool Reserve(const Reservation& order) {
    if (held_.Has(order.id())) return true;
    if (left(static_cast<size_t>(order.item())) < order.pieces()) return false;
    held_.Add(order);
    return true;
  }
  void Release(uint64_t id) { held_.Remove(id); }

  const Pieces& began() const { return began_; }
  // 0 also where more is held than there was: this shelf then began with less than the one before.
  uint64_t left(size_t item) const {
    return began_[item] - std::min(began_[item], held_.pieces()[item]);
  }
  Reservations& held() { return held_; }

 private:
  const Pieces began_;
  Reservations held_;
};

}  // namespace jackfield::shop

#endif  // JACKFIELD_SERVICES_SHOP_SHELF_H_
