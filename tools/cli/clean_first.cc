#include "tools/cli/clean_first.h"

#include <cstdio>

namespace jackfield {

void CleanFirst(const ResourcesList& resources, const Arguments& arguments) {
  const Cleaned cleaned =
      RemoveDead(resources, Dry::kNo, [](const Resource&, const absl::Status&) {});
  if (cleaned.removed == 0 || arguments.Has("quiet")) return;
  std::fprintf(stderr,
               "jackfield: removed %d thing%s that dead owners had left behind, as jackfield clean "
               "does\n",
               cleaned.removed, cleaned.removed == 1 ? "" : "s");
}

}  // namespace jackfield
