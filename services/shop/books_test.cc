// The books of the shop: nothing is done twice for an order, and what one service tells another
// after its death is what it knew.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "services/shop/prices.h"
#include "services/shop/reservations.h"
#include "services/shop/shelf.h"
#include "services/shop/totals.h"
#include "services/shop/window.h"

namespace jackfield::shop {
namespace {

constexpr uint64_t kCustomer = uint64_t{7} << 32;

TEST(Window, KnowsTheNewestAndForgetsTheOldest) {
  Window<std::string> window(3);
  for (uint64_t id = 1; id <= 3; ++id) window.Add(id, std::to_string(id));
  ASSERT_TRUE(window.Has(1));
  window.Add(4, "4");
  EXPECT_EQ(window.Find(1), nullptr);
  ASSERT_NE(window.Find(2), nullptr);
  EXPECT_EQ(*window.Find(2), "2");
  EXPECT_EQ(window.size(), 3u);
  std::string order;
  window.ForEach([&](uint64_t, const std::string& value) { order += value; });
  EXPECT_EQ(order, "234");
}

TEST(Window, ForgetsWhatIsRemovedAndMayHearOfItAgain) {
  Window<int> window(3);
  window.Add(1, 10);
  window.Add(2, 20);
  window.Remove(1);
  window.Remove(9);  // never heard of
  EXPECT_FALSE(window.Has(1));
  window.Add(1, 11);
  EXPECT_EQ(*window.Find(1), 11);
  window.Add(3, 30);  // takes the place that 1 had before: 1 stays known
  ASSERT_NE(window.Find(1), nullptr);
  EXPECT_EQ(*window.Find(1), 11);
  window.Add(4, 40);  // 2 was the oldest
  EXPECT_FALSE(window.Has(2));
  EXPECT_TRUE(window.Has(1));
}

TEST(Shelf, GivesAnOrderItsPiecesOnceHoweverOftenItAsks) {
  Shelf shelf({10, 10, 10, 10});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(shelf.Reserve(Reservation(kCustomer + 1, 4, Item::Cup)));
  EXPECT_EQ(shelf.left(static_cast<size_t>(Item::Cup)), 6u);
  EXPECT_EQ(shelf.left(static_cast<size_t>(Item::Tea)), 10u);
  EXPECT_EQ(shelf.held().orders(), 1u);
}

TEST(Shelf, GivesAllOfAnOrderOrNothing) {
  Shelf shelf({10, 10, 10, 10});
  EXPECT_TRUE(shelf.Reserve(Reservation(1, 8, Item::Tea)));
  EXPECT_FALSE(shelf.Reserve(Reservation(2, 3, Item::Tea)));
  EXPECT_TRUE(shelf.Reserve(Reservation(3, 2, Item::Tea)));
  EXPECT_EQ(shelf.left(0), 0u);
  EXPECT_FALSE(shelf.Reserve(Reservation(2, 1, Item::Tea)));
}

TEST(Shelf, TakesBackWhatAnOrderHeldOnce) {
  Shelf shelf({10, 10, 10, 10});
  shelf.Reserve(Reservation(kCustomer + 1, 4, Item::Kettle));
  for (int i = 0; i < 3; ++i) shelf.Release(kCustomer + 1);
  shelf.Release(99);  // holds nothing
  EXPECT_EQ(shelf.left(static_cast<size_t>(Item::Kettle)), 10u);
  EXPECT_EQ(shelf.held().orders(), 0u);
  EXPECT_EQ(shelf.held().OrdersOf(7), 0u);
}

TEST(Reservations, CountOrdersByCustomer) {
  Reservations held;
  held.Add(Reservation(kCustomer + 1, 1, Item::Tea));
  held.Add(Reservation(kCustomer + 2, 1, Item::Tea));
  held.Add(Reservation(1, 1, Item::Tea));
  EXPECT_EQ(held.orders(), 3u);
  EXPECT_EQ(held.OrdersOf(7), 2u);
  EXPECT_EQ(held.OrdersOf(0), 1u);
  EXPECT_EQ(held.OrdersOf(8), 0u);
}

TEST(Reservations, ToldToAnotherAreTheSame) {
  Reservations held;
  // More than the window holds: of the oldest only the sums are left.
  const uint64_t orders = kWindowOrders + 100;
  for (uint64_t n = 1; n <= orders; ++n)
    held.Add(Reservation(kCustomer + n, 2, static_cast<Item>(n % kItems)));
  held.Remove(kCustomer + orders);
  flatbuffers::FlatBufferBuilder fbb;
  fbb.Finish(held.Tell(fbb));
  Reservations taken;
  ASSERT_TRUE(taken.Take(*flatbuffers::GetRoot<Holdings>(fbb.GetBufferPointer())));
  EXPECT_EQ(taken.orders(), orders - 1);
  EXPECT_EQ(taken.OrdersOf(7), orders - 1);
  EXPECT_EQ(taken.pieces(), held.pieces());
  EXPECT_TRUE(taken.Has(kCustomer + orders - 1));
  EXPECT_FALSE(taken.Has(kCustomer + orders)) << "it had been removed";
  EXPECT_FALSE(taken.Has(kCustomer + 1)) << "too old";
  taken.Add(Reservation(kCustomer + orders - 1, 2, Item::Tea));
  EXPECT_EQ(taken.orders(), orders - 1) << "it holds its pieces already";
}

TEST(Reservations, ThatDoNotFitTogetherAreNotTaken) {
  const auto taken = [](std::vector<CustomerOrders> customers, std::vector<uint64_t> pieces,
                        std::vector<Reservation> recent) {
    flatbuffers::FlatBufferBuilder fbb;
    fbb.Finish(CreateHoldings(fbb, fbb.CreateVectorOfStructs(customers), fbb.CreateVector(pieces),
                              fbb.CreateVectorOfStructs(recent)));
    Reservations held;
    held.Add(Reservation(1, 1, Item::Cup));
    const bool took = held.Take(*flatbuffers::GetRoot<Holdings>(fbb.GetBufferPointer()));
    EXPECT_EQ(held.Has(1), !took) << "all or nothing";
    return took;
  };
  const Reservation tea(kCustomer + 1, 3, Item::Tea);
  EXPECT_TRUE(taken({{1, 7}}, {3, 0, 0, 0}, {tea}));
  EXPECT_FALSE(taken({{1, 7}}, {3, 0, 0}, {tea})) << "other items";
  EXPECT_FALSE(taken({{1, 7}}, {2, 0, 0, 0}, {tea})) << "fewer pieces than the order holds";
  EXPECT_FALSE(taken({{0, 7}}, {3, 0, 0, 0}, {tea})) << "fewer orders of the customer";
  EXPECT_FALSE(taken({}, {3, 0, 0, 0}, {tea})) << "fewer orders";
  EXPECT_FALSE(taken({{2, 7}}, {6, 0, 0, 0}, {tea, tea})) << "the same order twice";
  EXPECT_FALSE(taken({{1, 7}}, {3, 0, 0, 0}, {{kCustomer + 1, 3, static_cast<Item>(99)}}));
}

TEST(Prices, StayWithinTheirBoundsAndReachBoth) {
  for (size_t item = 0; item < kItems; ++item) {
    uint32_t lowest = UINT32_MAX, highest = 0;
    for (int64_t step = 0; step < 1000; ++step) {
      const uint32_t pence = PenceAt(item, step * kPriceStepNs);
      EXPECT_EQ(pence, PenceAt(item, step * kPriceStepNs + kPriceStepNs - 1)) << "one step";
      lowest = std::min(lowest, pence);
      highest = std::max(highest, pence);
    }
    EXPECT_EQ(lowest, kUsualPence[item] * (100 - kPricePercentMax) / 100);
    EXPECT_EQ(highest, kUsualPence[item] * (100 + kPricePercentMax) / 100);
  }
}

TEST(Tally, CountsWhatItKnows) {
  Tally tally;
  tally.Add(End::Sold, 100);
  tally.Add(End::Sold, 23);
  tally.Add(End::TooDear, 0);
  tally.Add(static_cast<End>(99), 5);
  EXPECT_EQ(tally.Of(End::Sold), 2u);
  EXPECT_EQ(tally.Of(End::TooDear), 1u);
  EXPECT_EQ(tally.Of(End::NoStock), 0u);
  EXPECT_EQ(tally.pence(), 123u);
}

}  // namespace
}  // namespace jackfield::shop
