#include "tools/wiring/start_order.h"

#include <algorithm>
#include <utility>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

class Walk {
 public:
  explicit Walk(const Plan& plan) : plan_(plan), seen_(plan.services.size(), Seen::kNo) {}

  // Depth at most kServicesMax. False: a circle.
  bool Visit(size_t service) {
    if (seen_[service] == Seen::kOrdered) return true;
    seen_[service] = Seen::kOnPath;
    path_.push_back(service);
    for (const size_t call : plan_.services[service].calls) {
      const size_t server = plan_.channels[call].server;
      if (seen_[server] == Seen::kOnPath) {
        circle_.channel = call;
        for (auto at = std::find(path_.begin(), path_.end(), server); at != path_.end(); ++at)
          circle_.text += Text(plan_.services[*at].name, " → ");
        circle_.text += plan_.services[server].name;
        return false;
      }
      if (!Visit(server)) return false;
    }
    path_.pop_back();
    seen_[service] = Seen::kOrdered;
    order_.push_back(service);
    return true;
  }

  const std::vector<size_t>& order() const { return order_; }
  const Circle& circle() const { return circle_; }

 private:
  enum class Seen : uint8_t { kNo, kOnPath, kOrdered };
  const Plan& plan_;
  std::vector<Seen> seen_;
  std::vector<size_t> path_, order_;
  Circle circle_;
};

}  // namespace

std::optional<Circle> SortProvidersFirst(Plan& plan) {
  Walk walk(plan);
  for (size_t i = 0; i < plan.services.size(); ++i) {
    if (!walk.Visit(i)) return walk.circle();
  }
  std::vector<size_t> place(plan.services.size());
  std::vector<PlannedService> sorted;
  for (const size_t service : walk.order()) {
    place[service] = sorted.size();
    sorted.push_back(std::move(plan.services[service]));
  }
  plan.services = std::move(sorted);
  for (PlannedChannel& channel : plan.channels) {
    channel.client = place[channel.client];
    channel.server = place[channel.server];
  }
  return std::nullopt;
}

}  // namespace jackfield
