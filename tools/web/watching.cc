#include "tools/web/watching.h"

#include <chrono>
#include <utility>

#include "tools/running/find_wiring.h"

namespace jackfield::web {
namespace {

int64_t SteadyNs() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Watching::Watching(const Registry& registry, std::unique_ptr<SupervisorClient> client,
                   std::string wanted)
    : registry_(registry), client_(std::move(client)), wanted_(std::move(wanted)) {
  moment_.wiring = client_->wiring().name;
  if (wanted_.empty()) wanted_ = moment_.wiring;
}

void Watching::Miss(std::string why) {
  moment_.trouble = std::move(why);
  moment_.situation = {};
  moment_.pages.clear();
}

void Watching::Look() {
  if (client_ == nullptr) {
    absl::StatusOr<std::unique_ptr<SupervisorClient>> found =
        SupervisorClient::Open(registry_, wanted_);
    if (!found.ok()) return Miss(std::string(found.status().message()));
    client_ = *std::move(found);
    rates_ = {};
  }
  const absl::StatusOr<MessageOf<init::Wiring>> wiring = client_->Look();
  if (!wiring.ok()) {
    if (client_->IsUp()) return Miss(std::string(wiring.status().message()));
    Miss(HowItHasEnded(client_->wiring()));
    client_ = nullptr;
    return;
  }
  moment_.trouble.clear();
  moment_.pages = pages_.Read(**wiring, client_->wiring().pid);
  moment_.situation = SituationOf(**wiring);
  rates_.Fill(moment_.situation, SteadyNs());
  FillTimes(moment_.situation, latencies_.Take(moment_.pages));
}

const Moment& Watching::Now() {
  if (looked_ns_ != 0 && SteadyNs() - looked_ns_ < kFreshNs) return moment_;
  Look();
  looked_ns_ = SteadyNs();
  return moment_;
}

}  // namespace jackfield::web
