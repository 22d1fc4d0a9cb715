#include "tools/verbs/version.h"

#include <cstdio>

namespace jackfield {
namespace {

int RunVersion(const Program&, const Arguments&) {
  const std::string_view text = VersionText();
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitOk;
}

}  // namespace

Verb VersionVerb() {
  return {.name = "version",
          .summary = "the version of this program",
          .usage = "",
          .description = "",
          .run = RunVersion};
}

}  // namespace jackfield
