#include "transports/resources.h"

#include <unistd.h>

namespace jackfield {
namespace {

constexpr int kTriesMax = 100;
constexpr useconds_t kBetweenTriesUs = 2000;

}  // namespace

Reclaimed RemoveDead(const Resources& resources) {
  Reclaimed reclaimed;
  for (const Resource& resource : resources.List()) {
    if (resource.keeps) continue;
    if (resource.owner == Resource::Owner::kUnknown) ++reclaimed.unknown;
    if (resource.owner == Resource::Owner::kDead && resources.Remove(resource).ok())
      ++reclaimed.removed;
  }
  return reclaimed;
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
