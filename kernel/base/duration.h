// Spans of time at the edge: what options say, and what blocks or sleeps takes, is std::chrono.
// Below it, times are int64_t with their unit in the name (deadline_ns), of one clock.
//
//   channel->Call(kGreet, Bytes("Ada"), {.timeout = 2s})
#ifndef JACKFIELD_KERNEL_BASE_DURATION_H_
#define JACKFIELD_KERNEL_BASE_DURATION_H_

#include <chrono>

namespace jackfield {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;  // 250us, 2s

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_BASE_DURATION_H_
