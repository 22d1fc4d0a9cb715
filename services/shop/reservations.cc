#include "services/shop/reservations.h"

#include <vector>

namespace jackfield::shop {

void Reservations::Add(const Reservation& order) {
  if (Has(order.id())) return;
  recent_.Add(order.id(), order);
  ++customers_[CustomerOf(order.id())];
  ++orders_;
  pieces_[static_cast<size_t>(order.item())] += order.pieces();
}

void Reservations::Remove(uint64_t id) {
  const Reservation* order = recent_.Find(id);
  if (order == nullptr) return;
  pieces_[static_cast<size_t>(order->item())] -= order->pieces();
  --orders_;
  --customers_[CustomerOf(id)];
  recent_.Remove(id);
}

uint64_t Reservations::OrdersOf(uint32_t customer) const {
  const auto found = customers_.find(customer);
  return found == customers_.end() ? 0 : found->second;
}

flatbuffers::Offset<Holdings> Reservations::Tell(flatbuffers::FlatBufferBuilder& fbb) const {
  std::vector<CustomerOrders> customers;
  for (const auto& [customer, orders] : customers_) customers.emplace_back(orders, customer);
  std::vector<Reservation> recent;
  recent.reserve(recent_.size());
  recent_.ForEach([&](uint64_t, const Reservation& order) { recent.push_back(order); });
  return CreateHoldings(fbb, fbb.CreateVectorOfStructs(customers),
                        fbb.CreateVector(pieces_.data(), pieces_.size()),
                        fbb.CreateVectorOfStructs(recent));
}

bool Reservations::Take(const Holdings& told) {
  if (told.pieces()->size() != kItems || told.recent()->size() > kWindowOrders ||
      told.customers()->size() > kCustomersMax)
    return false;
  Reservations taken;
  for (const Reservation* order : *told.recent()) {
    if (order->item() > Item::MAX || taken.Has(order->id())) return false;
    taken.Add(*order);
  }
  // The sums are of older orders, too.
  for (size_t item = 0; item < kItems; ++item) {
    const uint64_t pieces = told.pieces()->Get(static_cast<flatbuffers::uoffset_t>(item));
    if (pieces < taken.pieces_[item]) return false;
    taken.pieces_[item] = pieces;
  }
  uint64_t orders = 0;
  for (const CustomerOrders* customer : *told.customers()) {
    if (customer->orders() < taken.OrdersOf(customer->customer())) return false;
    taken.customers_[customer->customer()] = customer->orders();
    orders += customer->orders();
  }
  if (orders < taken.orders_) return false;
  taken.orders_ = orders;
  *this = std::move(taken);
  return true;
}

}  // namespace jackfield::shop
