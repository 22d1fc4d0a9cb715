// The instructions that a tracee went through once, and how it comes to one of them again without
// going through all before it: by a breakpoint, passed as often as it was then, and steps from
// there. So a sweep of N instructions costs about N runs, and not N²/2 steps.
//
// Only for x86-64, whose breakpoint is one byte; elsewhere each way is all steps.
//
// Thread: any one.
#ifndef JACKFIELD_TESTS_KILL_PATH_H_
#define JACKFIELD_TESTS_KILL_PATH_H_

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace jackfield::kill_test {

struct Way {
  uint64_t breakpoint = 0;  // an instruction's address; 0: none
  uint32_t passes = 0;      // how often it is come to before the time that counts
  uint64_t steps = 0;       // from there, or from the beginning
};

class Path {
 public:
  // The address of the instruction that is next after so many as Add was called before.
  void Add(uint64_t instruction);
  // How many instructions it has: kill points are 0 … instructions(), the last one at its end.
  uint64_t instructions() const { return at_.empty() ? 0 : at_.size() - 1; }
  // Requires: after ≤ instructions(), or no instruction is known: then it is all steps.
  Way To(uint64_t after) const;

 private:
  static constexpr uint64_t kStepsMax = 4096;
  static constexpr uint64_t kStepsPerPass = 8;  // so long does it take

  std::vector<uint64_t> at_;
  std::vector<uint32_t> passes_;  // of the same address before, the beginning's excepted
  std::unordered_map<uint64_t, uint32_t> times_;
};

}  // namespace jackfield::kill_test

#endif  // JACKFIELD_TESTS_KILL_PATH_H_
