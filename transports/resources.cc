#include "transports/resources.h"

#include <unistd.h>

namespace jackfield {
namespace {

constexpr int kTriesMax = 100;
constexpr useconds_t kBetweenTriesUs = 2000;

}  // namespace

Cleaned RemoveDead(const ResourcesList& list, Dry dry,
                   const std::function<void(const Resource&, const absl::Status&)>& told) {
  Cleaned cleaned;
  for (const auto& resources : list) {
    for (const Resource& resource : resources->List()) {
      if (resource.keeps || resource.owner != Resource::Owner::kDead) {
        ++(resource.keeps                                ? cleaned.kept
           : resource.owner == Resource::Owner::kUnknown ? cleaned.unknown
                                                         : cleaned.living);
        continue;
      }
      const absl::Status status = dry == Dry::kYes ? absl::OkStatus() : resources->Remove(resource);
      // Listed while its owner was about to take it, or gone since: nothing is left to be done.
      if (absl::IsFailedPrecondition(status)) {
        ++cleaned.changed;
        continue;
      }
      ++(status.ok() ? cleaned.removed : cleaned.failed);
      told(resource, status);
    }
  }
  return cleaned;
}

void RemoveWhatTheyLeft(const ResourcesList& list, const std::set<int>& processes,
                        int64_t run_seconds) {
  bool again = !processes.empty();
  for (int tries = 0; again && tries < kTriesMax; ++tries) {
    if (tries > 0) usleep(kBetweenTriesUs);
    again = false;
    for (const auto& resources : list) {
      for (const Resource& resource : resources->List()) {
        if (resource.keeps || processes.count(resource.pid) == 0 ||
            resource.age_seconds > run_seconds)
          continue;
        again |= resource.owner == Resource::Owner::kLives;
        if (resource.owner == Resource::Owner::kDead)
          resources->Remove(resource).IgnoreError();  // jackfield ls --resources still shows it
      }
    }
  }
}

}  // namespace jackfield
