// A call that is made again while nobody knows whether the service has run it. Only for methods
// that are idempotent: here, those whose effect is bound to the id of an order.
//
//   auto done = co_await Again(node, [&] { return stock.Reserve(wish); });
//
// Thread: the node's. What `begin` refers to outlives the task.
#ifndef JACKFIELD_SERVICES_SHOP_AGAIN_H_
#define JACKFIELD_SERVICES_SHOP_AGAIN_H_

#include <utility>

#include "jackfield/node.h"
#include "jackfield/outcome.h"
#include "jackfield/task.h"

namespace jackfield::shop {

inline constexpr int kTriesMax = 10;

// node: its block pool has the task. begin() returns a call to await. Returns its answer, or how
// the last try ended. A call of which nothing was sent (REFUSED) is not made again: its deadline
// has passed, or it is wrong.
template <class Begin>
auto Again([[maybe_unused]] Node& node, Begin begin) -> Task<decltype(begin().await_resume())> {
  for (int tries = 1;; ++tries) {
    auto answer = co_await begin();
    const Outcome outcome = OutcomeOf(answer.status());
    const bool unknown = outcome == Outcome::kInDoubt || outcome == Outcome::kFailed;
    if (answer.ok() || !unknown || tries == kTriesMax) co_return std::move(answer);
  }
}

}  // namespace jackfield::shop

#endif  // JACKFIELD_SERVICES_SHOP_AGAIN_H_
