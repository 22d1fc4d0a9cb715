#include "tests/kill/path.h"

namespace jackfield::kill_test {

void Path::Add(uint64_t instruction) {
  at_.push_back(instruction);
  passes_.push_back(at_.size() == 1 ? 0 : times_[instruction]++);
}

Way Path::To(uint64_t after) const {
  Way best = {.steps = after};
#ifdef __x86_64__
  if (at_.empty()) return best;
  uint64_t cost = after;
  for (uint64_t back = 0; back < after && back < kStepsMax && back < cost; ++back) {
    const uint64_t from = after - back;
    const uint64_t here = back + kStepsPerPass * (passes_[from] + 1);
    if (here >= cost) continue;
    cost = here;
    best = {at_[from], passes_[from], back};
  }
#endif
  return best;
}

}  // namespace jackfield::kill_test
