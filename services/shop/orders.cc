// Takes orders: the service in the middle, which calls all the others.
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "jackfield/pool.h"
#include "kernel/base/text.h"
#include "services/shop/reservations.h"
#include "services/shop/shop.h"
#include "services/shop/shop_service.h"
#include "services/shop/start.h"
#include "services/shop/window.h"

namespace jackfield::shop {
namespace {

// What must be brought to its end takes this long, whatever its customer is ready to wait.
constexpr CallOptions kToTheEnd = {.timeout = 10s, .detached = true};
constexpr nanoseconds kPause = 1ms;  // between two looks at what an audit waits for

struct Channels {
  std::unique_ptr<Channel> stock, prices, ledger;
  std::optional<Pool<PackerClient>> packers;
};

// What the things cost now, as Prices says.
struct PriceList {
  std::array<uint32_t, kItems> pence{};  // 0: not heard of yet
  bool complete() const {
    for (const uint32_t each : pence) {
      if (each == 0) return false;
    }
    return true;
  }
};

void Say(std::string_view what, const absl::Status& why) {
  std::fprintf(stderr, "orders: %s\n", Text(what, ": ", std::string(why.message())).c_str());
}

// Until the service goes. It owns the list, for it may be told of its end after its starter.
Task<void> FollowPrices(Channel& channel, std::shared_ptr<PriceList> list) {
  absl::StatusOr<ReadStream<Price>> prices =
      PricesClient(channel).Follow([](auto& fbb) { return CreateFollowRequest(fbb); });
  if (!prices.ok()) co_return;
  while (std::optional<MessageOf<Price>> price = co_await prices->Read()) {
    if ((*price)->item() <= Item::MAX)
      list->pence[static_cast<size_t>((*price)->item())] = (*price)->pence();
  }
}

class Desk final : public OrdersService {
 public:
  // `held`: what stock knows of the life before this one.
  Desk(Channels& channels, std::shared_ptr<const PriceList> prices, const Holdings& held,
       CrashNowAndThen crash)
      : channels_(channels),
        stock_(*channels.stock),
        ledger_(*channels.ledger),
        node_(channels.stock->node()),
        prices_(std::move(prices)),
        crash_(crash) {
    held_.Take(held);
    channels.stock->OnInstance([this](uint64_t, uint64_t) { MeetStock(); });
    channels.ledger->OnInstance([this](uint64_t before, uint64_t now) {
      if (before != now) ++ledger_restarts_;
    });
  }

  Handling Place(CallOf<Order, Receipt> call) override {
    const Order& order = call.request();
    const uint64_t id = order.id();
    if (id == 0 || order.item() > Item::MAX || order.pieces() == 0 || order.pieces() > kPiecesMax)
      co_return absl::InvalidArgumentError("an order has an id, an item, and 1 to 100 pieces");
    if (!held_.Knows(CustomerOf(id)))
      co_return absl::ResourceExhaustedError(Text("there are ", kCustomersMax, " customers"));
    while (audits_ > 0) {
      if (call.cancelled()) co_return absl::CancelledError("the desk was closed for too long");
      co_await node_.Sleep(kPause);
    }
    const Ended* ended = ended_.Find(id);
    if (ended == nullptr) {
      if (!under_way_.insert(id).second)
        co_return absl::AbortedError(Text("order ", id, " is being worked on; ask again"));
      const absl::StatusOr<Ended> now = co_await Fulfil(order);
      if (!now.ok()) {
        under_way_.erase(id);
        co_return now.status();
      }
      const absl::Status noted = co_await ledger_.Note(
          [&](auto& fbb) { return CreateEntry(fbb, id, now->end, now->pence); }, kToTheEnd);
      if (!noted.ok()) Say(Text("the ledger does not know of order ", id), noted);
      ended = &ended_.Add(id, *now);
      under_way_.erase(id);
    }
    co_return call.Reply([&](auto& fbb) { return CreateReceipt(fbb, ended->end, ended->pence); });
  }

  // The desk is closed until all is counted, so that what three services say is of one moment.
  Handling Audit(CallOf<AuditRequest, Books> call) override {
    ++audits_;
    while (!under_way_.empty() && !call.cancelled()) co_await node_.Sleep(kPause);
    const auto ask = [](auto& fbb) { return CreateCountRequest(fbb); };
    absl::StatusOr<MessageOf<StockCount>> stock = co_await stock_.Count(ask);
    // On the channel of the notes, and so behind them.
    absl::StatusOr<MessageOf<Totals>> ledger = co_await ledger_.Count(ask);
    --audits_;
    if (!stock.ok()) co_return stock.status();
    if (!ledger.ok()) co_return ledger.status();
    co_return call.Reply([&](auto& fbb) {
      const auto copy = [&fbb](const flatbuffers::Vector<uint64_t>& from) {
        return fbb.CreateVector(from.data(), from.size());
      };
      const Totals& noted = **ledger;
      const StockCount& count = **stock;
      return CreateBooks(
          fbb, held_.orders(), held_.OrdersOf(call->customer()),
          fbb.CreateVector(held_.pieces().data(), kItems),
          CreateStockCount(fbb, copy(*count.began()), copy(*count.left()), copy(*count.held())),
          CreateTotals(fbb, noted.sold(), noted.no_stock(), noted.too_dear(), noted.given_up(),
                       noted.pence()),
          ledger_restarts_);
    });
  }

 private:
  struct Ended {
    End end = End::GivenUp;
    uint64_t pence = 0;
  };

  // Brings an order to its end, in exactly one way. Errors: UNAVAILABLE: not now; ask again.
  Task<absl::StatusOr<Ended>> Fulfil(const Order& order) {
    const uint64_t id = order.id();
    const uint32_t pence = prices_->pence[static_cast<size_t>(order.item())];
    const bool had_begun = held_.Has(id);  // in a life before this, which may have sold it
    if (!had_begun) {
      if (pence > order.pence_max()) co_return Ended{End::TooDear};
      absl::StatusOr<MessageOf<WishDone>> wish = co_await stock_.Reserve(
          [&](auto& fbb) { return CreateWish(fbb, id, order.item(), order.pieces()); });
      if (!wish.ok()) {  // it may hold them all the same
        co_await Release(id);
        co_return Ended{End::GivenUp};
      }
      if (!(*wish)->reserved()) co_return Ended{End::NoStock};
      held_.Add(Reservation(id, order.pieces(), order.item()));
    }
    crash_.Step();  // the pieces are reserved, and nobody packs them
    // By the less busy one; when that dies, by another. A parcel that it had in its hands is packed
    // once more, and the first one has gone with it.
    const absl::StatusOr<MessageOf<Nothing>> packed = co_await channels_.packers->One().Pack(
        [&](auto& fbb) { return CreateParcel(fbb, id, order.item(), order.pieces()); });
    if (!packed.ok()) {
      if (had_begun) co_return absl::UnavailableError(Text("nobody packs order ", id, " now"));
      held_.Remove(id);
      co_await Release(id);
      co_return Ended{End::GivenUp};
    }
    co_return Ended{End::Sold, uint64_t{std::min(pence, order.pence_max())} * order.pieces()};
  }

  Task<void> Release(uint64_t id) {
    const absl::StatusOr<MessageOf<Nothing>> released = co_await stock_.Release(
        [id](auto& fbb) { return CreateReleaseRequest(fbb, id); }, kToTheEnd);
    if (!released.ok()) Say(Text("stock may hold pieces for order ", id), released.status());
  }

  // Stock has begun anew, with everything on the shelf. Priority 0: it hears what is held before
  // the orders that wait for it.
  void MeetStock() {
    absl::Status begun =
        stock_.MeetAsync([this](auto& fbb) { return held_.Tell(fbb); }, {.priority = 0},
                         [](absl::StatusOr<MessageOf<Holdings>> met) {
                           if (!met.ok()) Say("stock does not know what is held", met.status());
                         });
    if (!begun.ok()) Say("stock does not know what is held", begun);
  }

  Channels& channels_;
  StockClient stock_;
  LedgerClient ledger_;
  Node& node_;
  const std::shared_ptr<const PriceList> prices_;
  CrashNowAndThen crash_;
  Reservations held_;                        // by orders that are sold or under way
  absl::flat_hash_set<uint64_t> under_way_;  // ids
  Window<Ended> ended_;
  int audits_ = 0;  // under way
  uint32_t ledger_restarts_ = 0;
};

absl::StatusOr<Channels> ConnectAll(Service& service) {
  Channels channels;
  std::vector<std::pair<std::string_view, std::unique_ptr<Channel>*>> all = {
      {"stock", &channels.stock}, {"prices", &channels.prices}, {"ledger", &channels.ledger}};
  for (auto& [role, place] : all) {
    absl::StatusOr<std::unique_ptr<Channel>> channel = ConnectOpen(service, role);
    if (!channel.ok()) return channel.status();
    *place = *std::move(channel);
  }
  auto packers = Pool<PackerClient>::Open(service, "packer", {.connect_timeout = kConnectTimeout});
  if (!packers.ok()) return packers.status();
  channels.packers = *std::move(packers);
  return channels;
}

}  // namespace

absl::Status RunOrders(Service& service) {
  constexpr std::string_view kKnown[] = {"--crash-every"};
  absl::StatusOr<Numbers> numbers = Numbers::Parse(service.args(), kKnown);
  if (!numbers.ok()) return numbers.status();
  absl::StatusOr<Channels> channels = ConnectAll(service);
  if (!channels.ok()) return channels.status();
  Node& node = service.node();

  // Nothing is sold before all prices are known.
  auto prices = std::make_shared<PriceList>();
  Channel& following = *channels->prices;
  const auto follow = [&node, &following, prices] { node.Spawn(FollowPrices(following, prices)); };
  following.OnInstance([follow](uint64_t, uint64_t) { follow(); });
  follow();
  node.RunUntil([&] { return prices->complete() || service.stop_requested(); });

  // This life knows nothing; stock may know of one before.
  absl::StatusOr<MessageOf<Holdings>> held =
      StockClient(*channels->stock).Meet([](auto& fbb) { return Reservations().Tell(fbb); }).Wait();
  if (!held.ok()) return held.status();

  Desk desk(*channels, prices, **held,
            CrashNowAndThen(service.name(), numbers->Get("--crash-every", 0)));
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve();
  if (!port.ok()) return port.status();
  desk.RegisterOn(**port);
  return service.Run();
}

}  // namespace jackfield::shop
