#include "transports/sysv/sysv_resources.h"

#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "kernel/base/text.h"
#include "transports/sysv/queue.h"

namespace jackfield {
namespace {

constexpr uint32_t kKindBits = ~sysv::kKeyBits;

class SysvResources final : public Resources {
 public:
  std::string_view scheme() const override { return "sysv"; }

  std::vector<Resource> List() const override {
    std::vector<Resource> found;
    for (const int id : sysv::All()) {
      const std::optional<sysv::Seen> seen = sysv::Look(id);
      if (!seen.has_value()) continue;
      const bool clients = (static_cast<uint32_t>(seen->key) & kKindBits) == sysv::kClientKeys;
      found.push_back({.what = clients ? "SysV queue of a client" : "SysV queue",
                       .place = PlaceOf(seen->key, id),
                       .owner = seen->owner,
                       .pid = seen->owner_pid,
                       .age_seconds = seen->age_seconds});
    }
    return found;
  }

  // A dead one's queue is never taken over, but replaced by one of another number: so what is
  // looked at by its number here is what is removed.
  absl::Status Remove(const Resource& resource) const override {
    unsigned key = 0;
    int id = -1;
    if (std::sscanf(resource.place.c_str(), "0x%x, msqid %d", &key, &id) != 2)
      return absl::FailedPreconditionError(Text(resource.place, " is no queue of this system"));
    const std::optional<sysv::Seen> seen = sysv::Look(id);
    if (!seen.has_value() || seen->key != static_cast<key_t>(key))
      return absl::FailedPreconditionError(Text(resource.place, " is gone, or another's by now"));
    if (seen->owner != sysv::Owner::kDead) {
      return absl::FailedPreconditionError(
          Text(resource.place, seen->owner == Owner::kLives
                                   ? Text(" has a living owner, process ", seen->owner_pid)
                                   : std::string(" has an owner that cannot be seen from here")));
    }
    sysv::Remove(id);
    return absl::OkStatus();
  }

 private:
  static std::string PlaceOf(key_t key, int id) { return Text(sysv::Hex(key), ", msqid ", id); }
};

}  // namespace

std::unique_ptr<Resources> MakeSysvResources() { return std::make_unique<SysvResources>(); }

}  // namespace jackfield
