// The channels of a running wiring as lines of a terminal: how many calls each makes a second, how
// long they took, how many are under way, and how long the oldest has been.
//
// Thread: its owner's; a plain value.
#ifndef JACKFIELD_TOOLS_RUNNING_TOP_VIEW_H_
#define JACKFIELD_TOOLS_RUNNING_TOP_VIEW_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "services/init/init_service.h"
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

  // The same as data, a JSON object for each channel, in that order: {"client":…,"server":…,
  // "over":…,"open":true,"sent_per_s":12.5,"p50_ns":8100,"p99_ns":9500,"calls":0,
  // "oldest_ns":0,"in_doubt":0}; what is not known yet is null.
  std::vector<std::string> JsonLines() const;

 private:
  struct Row {
    std::string client, server, over;
    bool open = false;
    double rate = 0;  // messages a second; negative: not known yet
    uint64_t calls = 0, in_doubt = 0;
    int64_t oldest_ns = 0;
    watch::Quantiles took;
  };

  std::vector<const Row*> Sorted() const;

  std::string head_;
  std::vector<Row> rows_;
  std::vector<std::string> troubles_;
  using Key = std::array<std::string, 3>;  // client, role, server
  std::map<Key, uint64_t> sent_;
  int64_t taken_ns_ = 0;  // 0: never
  Order order_ = Order::kRate;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNNING_TOP_VIEW_H_
