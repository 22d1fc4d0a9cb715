#include "kernel/base/check.h"

#include <cstdio>
#include <cstdlib>

#include "kernel/base/text.h"

namespace jackfield {

void EndByBrokenRule(const char* file, int line, const char* sentence) {
  std::fprintf(stderr, "jackfield: %s:%d: broken: %s; this is a bug of Jackfield\n", file, line,
               sentence);
  std::abort();
}

absl::Status BrokenRule(const char* file, int line, std::string_view sentence) {
  return absl::InternalError(Text(file, ":", line, ": broken: ", sentence));
}

}  // namespace jackfield
