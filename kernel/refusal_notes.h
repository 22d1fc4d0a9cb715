// Says on stderr whom a port turned away, and why: so that its own people learn it, too.
//
// The first of a kind (a status code) is told at once, then there is at most one line of that kind
// a minute, with how many more there were. Only what somebody can mend is told: a user that may not
// call, stacks or versions that differ, resources that are used up. Nothing waits for stderr: a
// line that it does not take now is counted into the next one.
//
// Thread: the node's.
#ifndef JACKFIELD_KERNEL_REFUSAL_NOTES_H_
#define JACKFIELD_KERNEL_REFUSAL_NOTES_H_

#include <array>
#include <cstdint>

#include "absl/status/status.h"

namespace jackfield {

class Loop;

class RefusalNotes {
 public:
  static constexpr int64_t kEveryNs = 60'000'000'000;

  explicit RefusalNotes(Loop& loop) : loop_(loop) {}
  void Note(const absl::Status& why);

 private:
  struct Kind {
    int64_t next_ns = 0;  // not told before that
    uint64_t untold = 0;
  };
  Loop& loop_;
  std::array<Kind, 17> kinds_;  // by status code
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_REFUSAL_NOTES_H_
