// The channels of a running wiring as lines of a terminal: how many calls each makes a second, how
// long they took, how many are under way, and how long the oldest has been.
//
// Thread: its owner's; a plain value.
#ifndef JACKFIELD_TOOLS_RUNNING_TOP_VIEW_H_
#define JACKFIELD_TOOLS_RUNNING_TOP_VIEW_H_

#include <cstdint>
#include <string>
#include <vector>

#include "services/init/init_service.h"
#include "tools/running/situation.h"
#include "tools/watch/latencies.h"

namespace jackfield {

class TopView {
 public:
  enum class Order { kRate, kOldest, kName };

  // What the wiring is now. now_ns: of a clock that does not jump; later than the time before.
  // took: how long calls took since then, where that is known.
  void Take(const init::Wiring& wiring, int64_t now_ns, const watch::ByChannel& took = {});

  void NextOrder();
  Order order() const { return order_; }

  // A head, a line for each channel, then one for each service that does not get on; none is wider
  // than `columns`, counted in characters, and there are at most `lines_max`.
  std::vector<std::string> Lines(size_t columns, size_t lines_max) const;

  // The same as data, a JSON object for each channel (JsonOf), in that order.
  std::vector<std::string> JsonLines() const;

 private:
  std::vector<const Situation::Channel*> Sorted() const;

  Situation situation_;
  Rates rates_;
  Order order_ = Order::kRate;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNNING_TOP_VIEW_H_
