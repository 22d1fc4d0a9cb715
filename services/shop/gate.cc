// Plays the customers: places orders at a rate, repeats those in doubt, counts what comes of them.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "kernel/base/text.h"
#include "services/shop/prices.h"
#include "services/shop/report.h"
#include "services/shop/shop.h"
#include "services/shop/shop_service.h"
#include "services/shop/start.h"

namespace jackfield::shop {
namespace {

constexpr uint64_t kUnderWayMax = 200;           // orders
constexpr nanoseconds kPause = 20ms;             // before an order is repeated
constexpr int64_t kPatienceNs = 30'000'000'000;  // then nobody knows what became of it
constexpr int64_t kProgressNs = 1'000'000'000;
constexpr int kAuditTriesMax = 10;

class Gate {
 public:
  Gate(Service& service, Channel& channel)
      : service_(service),
        node_(service.node()),
        orders_(channel),
        customer_(static_cast<uint32_t>(node_.epoch()) | 1),
        random_(customer_),
        shows_progress_(std::getenv("JACKFIELD_PROGRESS") != nullptr) {
    channel.OnInstance([this](uint64_t before, uint64_t now) {
      if (before != now) ++seen_.orders_restarts;
    });
  }

  // Returns when each order has come to an end.
  void Sell(uint64_t orders, uint64_t rate) {
    const int64_t began_ns = node_.clock().NowNs();
    next_progress_ns_ = began_ns + kProgressNs;
    const auto goes_on = [&] {
      return !service_.stop_requested() && (orders == 0 || seen_.placed < orders);
    };
    while (goes_on()) {
      const int64_t due_ns =
          began_ns +
          static_cast<int64_t>(1e9 * static_cast<double>(seen_.placed) / static_cast<double>(rate));
      Turn([&] { return !goes_on() || node_.clock().NowNs() >= due_ns; }, due_ns);
      Turn([&] { return !goes_on() || under_way_ < kUnderWayMax; });
      if (!goes_on()) break;
      ++under_way_;
      node_.Spawn(Buy(uint64_t{customer_} << 32 | ++seen_.placed));
    }
    // Asked to stop, it takes no new customers; those in doubt have the grace to find out.
    if (service_.stop_requested()) give_up_ns_ = node_.clock().NowNs() + service_.grace_ns();
    Turn([&] { return under_way_ == 0; });
  }

  // Asks what the services know. Not with Wait(), which is CANCELLED once the gate is asked to
  // stop: what it has sold until then must add up, too.
  absl::StatusOr<MessageOf<Books>> Audit() {
    std::optional<absl::StatusOr<MessageOf<Books>>> books;
    node_.Spawn(Ask(books));
    node_.RunUntil([&] { return books.has_value(); });
    return *std::move(books);
  }

  const Seen& seen() const { return seen_; }
  bool shows_progress() const { return shows_progress_; }

 private:
  // One order, until there is a receipt. It keeps its id: what was done for it is not done twice.
  Task<void> Buy(uint64_t id) {
    const auto item = static_cast<Item>(random_() % kItems);
    const auto pieces = static_cast<uint32_t>(1 + random_() % 3);
    const auto percent = static_cast<uint32_t>(95 + random_() % 30);  // of the usual price
    const uint32_t pence_max = kUsualPence[static_cast<size_t>(item)] * percent / 100;
    const int64_t patient_until_ns = node_.clock().NowNs() + kPatienceNs;
    for (;;) {
      ++seen_.calls;
      absl::StatusOr<MessageOf<Receipt>> receipt = co_await orders_.Place(
          [&](auto& fbb) { return CreateOrder(fbb, id, item, pieces, pence_max); });
      if (receipt.ok()) {
        seen_.ended.Add((*receipt)->end(), (*receipt)->pence());
        break;
      }
      Count(receipt.status());
      if (service_.grace_ended() ||
          node_.clock().NowNs() > std::min(patient_until_ns, give_up_ns_)) {
        ++seen_.unknown;
        break;
      }
      co_await node_.Sleep(kPause);
      ++seen_.repeated;
    }
    --under_way_;
  }

  void Count(const absl::Status& why) {
    switch (OutcomeOf(why)) {
      case Outcome::kOk:  // orders said so itself: it is being worked on
      case Outcome::kRefused:
        ++seen_.refused;
        break;
      case Outcome::kFailed:
        ++seen_.failed;
        break;
      case Outcome::kInDoubt:
        ++seen_.in_doubt;
        break;
    }
  }

  Task<void> Ask(std::optional<absl::StatusOr<MessageOf<Books>>>& books) {
    for (int tries = 1;; ++tries) {
      absl::StatusOr<MessageOf<Books>> answer =
          co_await orders_.Audit([&](auto& fbb) { return CreateAuditRequest(fbb, customer_); });
      if (answer.ok() || tries == kAuditTriesMax || service_.grace_ended()) {
        books = std::move(answer);
        co_return;
      }
      co_await node_.Sleep(kPause);
    }
  }

  // Turns the node until `done` or the deadline, and says once a second how far it is.
  template <class Done>
  void Turn(Done done, int64_t deadline_ns = INT64_MAX) {
    while (!node_.RunUntil(done, std::min(deadline_ns, next_progress_ns_))) {
      const int64_t now_ns = node_.clock().NowNs();
      if (now_ns >= next_progress_ns_) {
        ShowProgress();
        next_progress_ns_ = now_ns + kProgressNs;
      }
      if (now_ns >= deadline_ns || !node_.usable()) return;
    }
  }

  void ShowProgress() const {
    if (!shows_progress_) return;
    std::fprintf(stderr, "  %s\033[K\r",
                 Text(seen_.placed, " orders: ", seen_.ended.Of(End::Sold), " sold, ",
                      seen_.ended.Of(End::NoStock) + seen_.ended.Of(End::TooDear), " refused, ",
                      under_way_, " under way, ", seen_.repeated, " repeated")
                     .c_str());
    std::fflush(stderr);
  }

  Service& service_;
  Node& node_;
  OrdersClient orders_;
  const uint32_t customer_;  // as no other life of a gate
  std::mt19937 random_;
  const bool shows_progress_;
  Seen seen_;
  uint64_t under_way_ = 0;
  int64_t next_progress_ns_ = 0;
  int64_t give_up_ns_ = INT64_MAX;  // and then nobody knows
};

}  // namespace

absl::Status RunGate(Service& service) {
  constexpr std::string_view kKnown[] = {"--orders", "--rate"};
  absl::StatusOr<Numbers> numbers = Numbers::Parse(service.args(), kKnown);
  if (!numbers.ok()) return numbers.status();
  const uint64_t rate = numbers->Get("--rate", 1000);
  if (rate == 0) return absl::InvalidArgumentError("--rate is at least 1 order a second");
  absl::StatusOr<std::unique_ptr<Channel>> channel = ConnectOpen(service, "orders");
  if (!channel.ok()) return channel.status();
  service.Ready();
  Gate gate(service, **channel);
  gate.Sell(numbers->Get("--orders", 0), rate);
  absl::StatusOr<MessageOf<Books>> books = gate.Audit();
  std::string table = TableOf(gate.seen());
  if (books.ok()) table += TableOf(**books);
  const std::string differs = books.ok() ? WhatDiffers(gate.seen(), **books) : "";
  if (books.ok() && differs.empty()) table += "it adds up\n";
  // On a terminal the table takes the place of the progress line.
  if (gate.shows_progress() && isatty(STDOUT_FILENO) != 0) std::printf("\033[K");
  std::printf("%s", table.c_str());
  std::fflush(stdout);
  if (!differs.empty()) return absl::DataLossError(Text("it does not add up\n", differs));
  return books.status();
}

}  // namespace jackfield::shop
