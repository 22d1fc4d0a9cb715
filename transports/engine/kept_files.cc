#include "transports/engine/kept_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "kernel/loop/sys.h"
#include "transports/engine/file_age.h"
#include "transports/engine/lock_owner.h"
#include "transports/engine/owner.h"
#include "transports/engine/place_record.h"

namespace jackfield {

void AddKeptFiles(std::string_view scheme, std::string_view what, std::vector<Resource>& found) {
  for (const PlaceRecord& record : PlaceRecordsOf(scheme)) {
    if (!IsStillThere(record)) {
      found.push_back({.what = Text("record of a ", what, " that is gone"),
                       .place = record.path,
                       .owner = OwnerOf(record.maker),
                       .pid = record.pid(),
                       .age_seconds = FileAgeSeconds(record.path)});
      continue;
    }
    Resource file{
        .what = std::string(what), .place = record.place, .pid = record.pid(), .keeps = true};
    LookAtLock(record.place, file);
    found.push_back(std::move(file));
  }
}

absl::Status RemoveListedFile(const Resources& resources, const Resource& resource) {
  for (const Resource& now : resources.List()) {
    if (now.place != resource.place) continue;
    if (now.keeps || now.owner != Resource::Owner::kDead)
      return absl::FailedPreconditionError(Text(resource.place, " has an owner again"));
    if (unlink(resource.place.c_str()) != 0 && errno != ENOENT)
      return SysError(errno, Text("remove ", resource.place));
    for (const std::string& directory : RuntimeDirectories()) rmdir(directory.c_str());  // if empty
    break;
  }
  return absl::OkStatus();
}

void LookAtLock(const std::string& path, Resource& resource) {
  resource.age_seconds = FileAgeSeconds(path);
  const OwnedFd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  resource.owner = fd.ok() ? OwnerByLock(fd.get()) : Owner::kUnknown;
  if (resource.owner == Owner::kLives) {
    if (const int owner = LockOwner(fd.get()); owner != 0) resource.pid = owner;
  }
}

}  // namespace jackfield
