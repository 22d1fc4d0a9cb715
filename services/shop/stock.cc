// Keeps the pieces, and says what they cost: two interfaces on one port.
#include <array>
#include <memory>
#include <string_view>

#include "services/shop/prices.h"
#include "services/shop/shelf.h"
#include "services/shop/shop.h"
#include "services/shop/shop_service.h"
#include "services/shop/start.h"

namespace jackfield::shop {
namespace {

class Stockroom final : public StockService {
 public:
  Stockroom(const Pieces& began, CrashNowAndThen crash) : shelf_(began), crash_(crash) {}

  Handling Meet(CallOf<Holdings, Holdings> call) override {
    if (!met_ && !shelf_.held().Take(call.request()))
      return absl::InvalidArgumentError("the holdings do not fit together");
    met_ = true;
    return call.Reply([&](auto& fbb) { return shelf_.held().Tell(fbb); });
  }

  Handling Reserve(CallOf<Wish, WishDone> call) override {
    if (!met_) return absl::FailedPreconditionError("it has begun anew, and has met nobody yet");
    if (call->item() > Item::MAX || call->pieces() == 0 || call->pieces() > kPiecesMax)
      return absl::InvalidArgumentError("there is no such item, or it is not 1 to 100 pieces");
    const bool reserved = shelf_.Reserve(Reservation(call->id(), call->pieces(), call->item()));
    crash_.Step();  // reserved, and nobody was told
    return call.Reply([&](auto& fbb) { return CreateWishDone(fbb, reserved); });
  }

  Handling Release(CallOf<ReleaseRequest, Nothing> call) override {
    shelf_.Release(call->id());
    return call.Reply([](auto& fbb) { return CreateNothing(fbb); });
  }

  Handling Count(CallOf<CountRequest, StockCount> call) override {
    return call.Reply([&](auto& fbb) {
      Pieces left;
      for (size_t item = 0; item < kItems; ++item) left[item] = shelf_.left(item);
      const Pieces &began = shelf_.began(), &held = shelf_.held().pieces();
      return CreateStockCount(fbb, fbb.CreateVector(began.data(), kItems),
                              fbb.CreateVector(left.data(), kItems),
                              fbb.CreateVector(held.data(), kItems));
    });
  }

 private:
  Shelf shelf_;
  bool met_ = false;
  CrashNowAndThen crash_;
};

class PriceBoard final : public PricesService {
  Handling Follow(ServerStreamOf<FollowRequest, Price> call) override {
    std::array<uint32_t, kItems> told{};
    while (!call.cancelled()) {
      for (size_t item = 0; item < kItems; ++item) {
        const uint32_t pence = PenceAt(item, call.node().clock().NowNs());
        if (pence == told[item]) continue;
        absl::Status written = co_await call.Write(
            [=](auto& fbb) { return CreatePrice(fbb, static_cast<Item>(item), pence); });
        if (!written.ok()) co_return written;  // who followed has gone
        told[item] = pence;
      }
      co_await call.node().Sleep(nanoseconds(kPriceStepNs));
    }
    co_return absl::OkStatus();
  }
};

}  // namespace

absl::Status RunStock(Service& service) {
  constexpr std::string_view kKnown[] = {"--pieces", "--crash-every"};
  absl::StatusOr<Numbers> numbers = Numbers::Parse(service.args(), kKnown);
  if (!numbers.ok()) return numbers.status();
  Pieces began;
  began.fill(numbers->Get("--pieces", 100'000));
  began[static_cast<size_t>(Item::Kettle)] /= 100;
  Stockroom stockroom(began, CrashNowAndThen(service.name(), numbers->Get("--crash-every", 0)));
  PriceBoard prices;
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve();
  if (!port.ok()) return port.status();
  stockroom.RegisterOn(**port);
  prices.RegisterOn(**port);
  return service.Run();
}

}  // namespace jackfield::shop
