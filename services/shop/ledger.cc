// Writes down how orders ended. It is told one way: who tells does not wait for it.
#include <memory>
#include <string_view>

#include "services/shop/shop.h"
#include "services/shop/shop_service.h"
#include "services/shop/start.h"
#include "services/shop/totals.h"
#include "services/shop/window.h"

namespace jackfield::shop {
namespace {

class Book final : public LedgerService {
 public:
  explicit Book(CrashNowAndThen crash) : crash_(crash) {}

  Handling Note(OneWayOf<Entry> call) override {
    crash_.Step();
    if (noted_.Has(call->id())) return absl::OkStatus();  // orders began anew, and repeats itself
    noted_.Add(call->id(), {});
    totals_.Add(call->end(), call->pence());
    return absl::OkStatus();
  }

  Handling Count(CallOf<CountRequest, Totals> call) override {
    return call.Reply([&](auto& fbb) { return totals_.Tell(fbb); });
  }

 private:
  struct Noted {};
  Window<Noted> noted_;
  Tally totals_;
  CrashNowAndThen crash_;
};

}  // namespace

absl::Status RunLedger(Service& service) {
  constexpr std::string_view kKnown[] = {"--crash-every"};
  absl::StatusOr<Numbers> numbers = Numbers::Parse(service.args(), kKnown);
  if (!numbers.ok()) return numbers.status();
  Book book(CrashNowAndThen(service.name(), numbers->Get("--crash-every", 0)));
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve();
  if (!port.ok()) return port.status();
  book.RegisterOn(**port);
  return service.Run();
}

}  // namespace jackfield::shop
