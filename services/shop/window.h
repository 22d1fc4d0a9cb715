// What was done for the newest orders, by their id: so that an order that comes again is known, and
// nothing is done twice for it. Of older ones it knows nothing, and takes no memory.
//
// Thread: one.
#ifndef JACKFIELD_SERVICES_SHOP_WINDOW_H_
#define JACKFIELD_SERVICES_SHOP_WINDOW_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace jackfield::shop {

inline constexpr size_t kWindowOrders = 4096;  // shop.fbs names it

template <class T>
class Window {
 public:
  explicit Window(size_t orders_max = kWindowOrders) : places_(orders_max) {}

  // nullptr: it is not known, or not any more. Valid until the next Add.
  T* Find(uint64_t id) {
    const auto found = place_of_.find(id);
    return found == place_of_.end() ? nullptr : &places_[found->second].value;
  }
  bool Has(uint64_t id) const { return place_of_.contains(id); }

  // The newest from now on; the oldest makes room. Requires: !Has(id)
  T& Add(uint64_t id, T value) {
    Place& place = places_[next_];
    if (place.taken) place_of_.erase(place.id);
    place = {.id = id, .taken = true, .value = std::move(value)};
    place_of_[id] = next_;
    next_ = (next_ + 1) % places_.size();
    return place.value;
  }
  void Remove(uint64_t id) {
    const auto found = place_of_.find(id);
    if (found == place_of_.end()) return;
    places_[found->second].taken = false;
    place_of_.erase(found);
  }

  size_t size() const { return place_of_.size(); }
  // Calls f(id, value), the oldest first.
  template <class F>
  void ForEach(F f) const {
    for (size_t i = 0; i < places_.size(); ++i) {
      const Place& place = places_[(next_ + i) % places_.size()];
      if (place.taken) f(place.id, place.value);
    }
  }

 private:
  struct Place {
    uint64_t id = 0;
    bool taken = false;
    T value{};
  };
  std::vector<Place> places_;  // a ring
  size_t next_ = 0;
  absl::flat_hash_map<uint64_t, size_t> place_of_;
};

}  // namespace jackfield::shop

#endif  // JACKFIELD_SERVICES_SHOP_WINDOW_H_
