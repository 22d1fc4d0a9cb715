// A worker with four hands. There is more than one of it: each packs what it is given.
#include <memory>
#include <string_view>

#include "services/shop/shop.h"
#include "services/shop/shop_service.h"
#include "services/shop/start.h"
#include "services/shop/window.h"

namespace jackfield::shop {
namespace {

constexpr uint32_t kHands = 4;

class Hands final : public PackerService {
 public:
  Hands(int64_t work_ns, CrashNowAndThen crash) : work_ns_(work_ns), crash_(crash) {}

  Handling Pack(CallOf<Parcel, Nothing> call) override {
    if (!packed_.Has(call->id())) {
      co_await call.node().Sleep(nanoseconds(work_ns_));
      crash_.Step();
      if (!packed_.Has(call->id())) packed_.Add(call->id(), {});
    }
    co_return call.Reply([](auto& fbb) { return CreateNothing(fbb); });
  }

 private:
  struct Packed {};
  const int64_t work_ns_;
  Window<Packed> packed_;
  CrashNowAndThen crash_;
};

}  // namespace

absl::Status RunPacker(Service& service) {
  constexpr std::string_view kKnown[] = {"--work-us", "--crash-every"};
  absl::StatusOr<Numbers> numbers = Numbers::Parse(service.args(), kKnown);
  if (!numbers.ok()) return numbers.status();
  Hands hands(static_cast<int64_t>(numbers->Get("--work-us", 1000)) * 1000,
              CrashNowAndThen(service.name(), numbers->Get("--crash-every", 0)));
  // More parcels than hands wait in the port, and in the end at who sends them.
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve({.handlers_max = kHands});
  if (!port.ok()) return port.status();
  hands.RegisterOn(**port);
  return service.Run();
}

}  // namespace jackfield::shop
