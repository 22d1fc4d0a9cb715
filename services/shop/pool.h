// Which worker of a pool gets the next piece of work. No bus.
//
// Thread: one.
#ifndef JACKFIELD_SERVICES_SHOP_POOL_H_
#define JACKFIELD_SERVICES_SHOP_POOL_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace jackfield::shop {

struct Worker {
  bool open = false;             // is there a connection to it?
  uint32_t calls_under_way = 0;  // ours
};

// The idlest one: of those with a connection (where none has one: of all) that with the fewest
// calls under way. Where several are equal: the first of them behind `last`, so that they take
// turns. Requires: !workers.empty()
inline size_t Idlest(std::span<const Worker> workers, size_t last) {
  size_t best = (last + 1) % workers.size();
  for (size_t i = 1; i < workers.size(); ++i) {
    const size_t at = (last + 1 + i) % workers.size();
    const Worker &other = workers[at], &chosen = workers[best];
    if (other.open != chosen.open ? other.open : other.calls_under_way < chosen.calls_under_way)
      best = at;
  }
  return best;
}

}  // namespace jackfield::shop

#endif  // JACKFIELD_SERVICES_SHOP_POOL_H_
