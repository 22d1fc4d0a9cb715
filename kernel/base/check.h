// Rules of our own code, checked in every build.
//
// A rule is true whatever a user, a peer or the system does: who finds one broken has found a bug
// of Jackfield. What any of those can cause is a status, never a rule.
//
// JF_CHECK is for what can be seen at once (O(1)). A broken one says where it stands on stderr and
// ends the process, before wrong data goes further. CheckInvariants() of a class walks all that it
// has, and is called by tests only: by JF_RULE it returns the first rule that is broken.
//
// Thread: any.
#ifndef JACKFIELD_KERNEL_BASE_CHECK_H_
#define JACKFIELD_KERNEL_BASE_CHECK_H_

#include <string_view>

#include "absl/status/status.h"

// "kernel/link.cc:250: broken: SENTENCE …" on stderr, and the end of the process.
#define JF_CHECK(condition, sentence) \
  ((condition) ? static_cast<void>(0) : ::jackfield::EndByBrokenRule(__FILE__, __LINE__, sentence))

// In a function that returns absl::Status: INTERNAL, "kernel/link.cc:390: broken: SENTENCE".
#define JF_RULE(condition, sentence) \
  if (!(condition)) return ::jackfield::BrokenRule(__FILE__, __LINE__, sentence)

namespace jackfield {

[[noreturn, gnu::cold]] void EndByBrokenRule(const char* file, int line, const char* sentence);
absl::Status BrokenRule(const char* file, int line, std::string_view sentence);

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_BASE_CHECK_H_
