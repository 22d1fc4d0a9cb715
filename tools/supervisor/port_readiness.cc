#include "tools/supervisor/port_readiness.h"

#include <algorithm>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"

namespace jackfield {

PortReadiness::PortReadiness(Node& node, std::vector<Address> places, std::function<void()> found)
    : node_(node), places_(std::move(places)), found_(std::move(found)) {}

PortReadiness::~PortReadiness() { node_.timers().Cancel(timer_); }

void PortReadiness::Begin() { node_.timers().Arm(timer_, node_.clock().NowNs() + pause_ns_); }

std::string PortReadiness::awaits() const {
  return Text("a service answers at ", places_[std::min(place_, places_.size() - 1)].ToString(),
              last_.empty() ? "" : "; last: ", last_);
}

void PortReadiness::Look() {
  // Who does not let this in is there.
  if (channel_ != nullptr &&
      (channel_->open() || ReasonOf(channel_->ended_why()) == Reason::kPermission)) {
    channel_ = nullptr;
    last_.clear();
    pause_ns_ = kPauseLeastNs;
    if (++place_ == places_.size()) return found_();
  } else if (channel_ != nullptr && !channel_->ended_why().ok()) {
    last_ = std::string(channel_->ended_why().message());
    channel_ = nullptr;
  }
  if (channel_ == nullptr) {
    // Each try is a short one: a stopped or foreign program may take a connection and say nothing.
    absl::StatusOr<std::unique_ptr<Channel>> channel =
        Channel::Open(node_, places_[place_],
                      {.connect_timeout = std::chrono::nanoseconds(pause_ns_), .reconnect = false});
    if (channel.ok())
      channel_ = *std::move(channel);
    else
      last_ = std::string(channel.status().message());
  }
  node_.timers().Arm(timer_, node_.clock().NowNs() + pause_ns_);
  pause_ns_ = std::min(2 * pause_ns_, kPauseMostNs);
}

}  // namespace jackfield
