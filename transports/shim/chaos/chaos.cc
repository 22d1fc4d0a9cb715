#include "transports/shim/chaos/chaos.h"

#include <atomic>
#include <string>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "transports/shim/chaos/chaos_driver.h"

namespace jackfield {
namespace {

constexpr std::string_view kKeys[] = {"seed",  "drop",    "dup", "reorder",
                                      "delay", "corrupt", "cut", "stall"};

absl::Status ReadShare(const Address& address, std::string_view key, double& share) {
  const auto text = address.Find(key);
  if (!text) return absl::OkStatus();
  absl::StatusOr<double> parsed = ParseShare(*text);
  if (!parsed.ok()) return parsed.status();
  share = *parsed;
  return absl::OkStatus();
}

absl::StatusOr<ChaosSettings> Read(const Address& address) {
  ChaosSettings settings;
  if (const auto text = address.Find("seed")) {
    absl::StatusOr<uint64_t> seed = ParseSeed(*text);
    if (!seed.ok()) return seed.status();
    settings.seed = *seed;
  }
  const std::pair<std::string_view, double*> shares[] = {{"drop", &settings.drop},
                                                         {"dup", &settings.dup},
                                                         {"reorder", &settings.reorder},
                                                         {"corrupt", &settings.corrupt},
                                                         {"cut", &settings.cut}};
  for (const auto& [key, share] : shares) {
    if (absl::Status status = ReadShare(address, key, *share); !status.ok()) return status;
  }
  if (const auto text = address.Find("delay")) {
    absl::StatusOr<DurationRange> delay = ParseDurationRange(*text);
    if (!delay.ok()) return delay.status();
    settings.delay = *delay;
  }
  if (const auto text = address.Find("stall")) {
    const size_t colon = text->find(':');
    if (colon == std::string_view::npos) {
      return absl::InvalidArgumentError(
          Text("stall=", Escaped(*text), ": write how often and how long, such as 1%:5ms"));
    }
    absl::StatusOr<double> share = ParseShare(text->substr(0, colon));
    if (!share.ok()) return share.status();
    absl::StatusOr<int64_t> length_ns = ParseDurationNs(text->substr(colon + 1));
    if (!length_ns.ok()) return length_ns.status();
    settings.stall = *share;
    settings.stall_ns = *length_ns;
  }
  return settings;
}

class ChaosShim final : public Shim {
 public:
  std::string_view name() const override { return "chaos"; }
  std::span<const std::string_view> keys() const override { return kKeys; }

  absl::StatusOr<Caps> Describe(const Address& address, const Caps& inner) const override {
    absl::StatusOr<ChaosSettings> settings = Read(address);
    if (!settings.ok()) return settings.status();
    Caps caps = inner;
    if (settings->drop > 0 || settings->dup > 0 || settings->corrupt > 0) caps.reliable = false;
    if (settings->reorder > 0) caps.ordered = false;
    caps.durable = false;  // what is held here goes with the process, as no medium of that kind may
    return caps;
  }

  absl::StatusOr<std::unique_ptr<LinkDriver>> Wrap(const Address& address, Role, Loop& loop,
                                                   std::unique_ptr<LinkDriver> inner,
                                                   const LinkTraits& inner_traits) const override {
    absl::StatusOr<ChaosSettings> settings = Read(address);
    if (!settings.ok()) return settings.status();
    // Another course for each link, in the order in which they are made.
    settings->seed += links_made_.fetch_add(1, std::memory_order_relaxed) * 0x9e3779b97f4a7c15u;
    return std::make_unique<ChaosDriver>(loop, *settings, std::move(inner), inner_traits);
  }

 private:
  mutable std::atomic<uint64_t> links_made_{0};  // a number to draw; publishes nothing
};

}  // namespace

std::unique_ptr<Shim> MakeChaosShim() { return std::make_unique<ChaosShim>(); }

}  // namespace jackfield
