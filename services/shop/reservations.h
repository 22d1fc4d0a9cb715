// Which orders hold how many pieces: the one thing that stock and orders both keep, so that either
// can tell it to the other when that has begun anew. No bus.
//
// Thread: one.
#ifndef JACKFIELD_SERVICES_SHOP_RESERVATIONS_H_
#define JACKFIELD_SERVICES_SHOP_RESERVATIONS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>

#include "services/shop/shop_generated.h"
#include "services/shop/window.h"

namespace jackfield::shop {

inline constexpr size_t kItems = static_cast<size_t>(Item::MAX) + 1;
inline constexpr uint32_t kPiecesMax = 100;    // of one order
inline constexpr size_t kCustomersMax = 1000;  // that can be told apart
using Pieces = std::array<uint64_t, kItems>;   // by Item

constexpr uint32_t CustomerOf(uint64_t id) { return static_cast<uint32_t>(id >> 32); }

class Reservations {
 public:
  // Among the newest kWindowOrders.
  bool Has(uint64_t id) const { return recent_.Has(id); }
  // Nothing where Has(order.id()).
  void Add(const Reservation& order);
  // Nothing unless Has(id).
  void Remove(uint64_t id);

  uint64_t orders() const { return orders_; }
  uint64_t OrdersOf(uint32_t customer) const;
  // Has it room for an order of that customer?
  bool Knows(uint32_t customer) const {
    return customers_.size() < kCustomersMax || customers_.contains(customer);
  }
  const Pieces& pieces() const { return pieces_; }

  flatbuffers::Offset<Holdings> Tell(flatbuffers::FlatBufferBuilder& fbb) const;
  // In place of what it knows. False, and nothing has changed: not even a sum fits together.
  bool Take(const Holdings& told);

 private:
  Window<Reservation> recent_;
  std::map<uint32_t, uint64_t> customers_;  // orders
  uint64_t orders_ = 0;
  Pieces pieces_{};
};

}  // namespace jackfield::shop

#endif  // JACKFIELD_SERVICES_SHOP_RESERVATIONS_H_
