#include "tests/kill/path.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace jackfield::kill_test {
namespace {

// How long a pass takes, in steps: it runs to the breakpoint and steps over it.
constexpr uint64_t kStepsPerPass = 8;

}  // namespace

void Path::Finish() {
  // By address, and each address's in the order of the path.
  PageVector<uint32_t> order(at_.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [this](uint32_t a, uint32_t b) { return std::pair(at_[a], a) < std::pair(at_[b], b); });
  anchors_.assign(at_.size(), {});
  for (size_t i = 1; i < order.size(); ++i) {
    const uint32_t before = order[i - 1], here = order[i];
    // The beginning is where it stands, so it passes it without a breakpoint.
    if (at_[before] != at_[here] || before == 0) continue;
    const uint64_t cost = before + 1 == here ? 1 : kStepsPerPass;
    anchors_[here] = {anchors_[before].passes + 1, anchors_[before].passes_cost + cost};
  }
}

Way Path::To(uint64_t after) const {
  Way best = {.steps = after};
#ifdef __x86_64__
  if (at_.empty()) return best;
  uint64_t cost = after;
  for (uint64_t back = 0; back < after && back < cost; ++back) {
    const uint64_t from = after - back;
    const uint64_t here = back + kStepsPerPass + anchors_[from].passes_cost;
    if (here >= cost) continue;
    cost = here;
    best = {at_[from], anchors_[from].passes, back};
  }
#endif
  return best;
}

}  // namespace jackfield::kill_test
