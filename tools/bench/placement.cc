#include "tools/bench/placement.h"

#include <sched.h>

namespace jackfield::bench {

bool ShareOneCpu(Pin pin) {
  cpu_set_t allowed;
  return pin == Pin::kSame ||
         (sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) == 1);
}

void BindThread(Pin pin, bool second) {
  cpu_set_t allowed;
  if (pin == Pin::kNone || sched_getaffinity(0, sizeof allowed, &allowed) != 0 ||
      CPU_COUNT(&allowed) < 2)
    return;
  const int wanted = second && pin == Pin::kSplit ? 1 : 0;
  int seen = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || seen++ != wanted) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
    return;
  }
}

bool IsFifo() { return sched_getscheduler(0) == SCHED_FIFO; }

}  // namespace jackfield::bench
