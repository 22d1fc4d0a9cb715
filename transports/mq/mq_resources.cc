#include "transports/mq/mq_resources.h"

#include <dirent.h>
#include <fcntl.h>
#include <mqueue.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <utility>

#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "transports/engine/file_age.h"
#include "transports/engine/lock_owner.h"
#include "transports/engine/owner.h"
#include "transports/engine/place_record.h"
#include "transports/mq/queue.h"

namespace jackfield {
namespace {

OwnedFd OpenQueue(const std::string& name) {
  return OwnedFd(mq_open(name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
}

bool IsOf(const PlaceRecord& record, int fd) {
  struct stat is {};
  return fstat(fd, &is) == 0 && is.st_dev == record.device && is.st_ino == record.inode;
}

// A queue that cannot be seen from here may be one of another IPC namespace, which is not to be
// told from one that is gone: so a note stays until the process that made it is known to be dead.
Owner OwnerOfNote(const PlaceRecord& record) { return OwnerOf(record.maker); }

class MqResources final : public Resources {
 public:
  std::string_view scheme() const override { return "mq"; }

  std::vector<Resource> List() const override {
    std::vector<Resource> found;
    std::map<std::string, int> names;  // and the process that made each, 0: not known
    for (const PlaceRecord& record : PlaceRecordsOf(scheme())) {
      const OwnedFd fd = OpenQueue(record.place);
      if (fd.ok() && IsOf(record, fd.get())) {
        names[record.place] = record.pid();
      } else {
        const Owner owner = OwnerOfNote(record);
        found.push_back({.what = owner == Owner::kDead
                                     ? "record of a queue that is gone"
                                     : "record of a queue that cannot be seen from here",
                         .place = record.path,
                         .owner = owner,
                         .pid = record.pid(),
                         .age_seconds = FileAgeSeconds(record.path)});
      }
    }
    AddShown(names);
    for (const auto& [name, pid] : names) Add(name, pid, found);
    return found;
  }

  absl::Status Remove(const Resource& resource) const override {
    for (const PlaceRecord& record : PlaceRecordsOf(scheme())) {
      if (record.path != resource.place) continue;
      const OwnedFd fd = OpenQueue(record.place);
      if (fd.ok() && IsOf(record, fd.get()))
        return absl::FailedPreconditionError("it is there again");
      if (OwnerOfNote(record) != Owner::kDead) {
        return absl::FailedPreconditionError(
            Text("process ", record.pid(),
                 " lives, or cannot be seen from here; its queue is gone, or in another IPC "
                 "namespace"));
      }
      RemovePlaceRecord(record.path);
      return absl::OkStatus();
    }
    if (std::string_view(resource.place).substr(0, kMqPrefix.size()) != kMqPrefix)
      return absl::FailedPreconditionError(Text(resource.place, " is no queue of the bus"));
    return Queue::RemoveDead(resource.place);
  }

 private:
  // Where the system shows its queues as files (mq_overview(7)), those that nobody noted, too.
  static void AddShown(std::map<std::string, int>& names) {
    DIR* directory = opendir("/dev/mqueue");
    if (directory == nullptr) return;
    while (const dirent* entry = readdir(directory)) {
      const std::string name = Text("/", std::string_view(entry->d_name));
      if (std::string_view(name).substr(0, kMqPrefix.size()) == kMqPrefix) names.try_emplace(name);
    }
    closedir(directory);
  }

  static void Add(const std::string& name, int pid, std::vector<Resource>& found) {
    const OwnedFd fd = OpenQueue(name);
    struct stat is {};
    if (!fd.ok() || fstat(fd.get(), &is) != 0 || is.st_uid != geteuid()) return;
    Resource resource{.what = "POSIX queue", .place = name, .pid = pid};
    resource.age_seconds = std::max<int64_t>(0, time(nullptr) - is.st_ctim.tv_sec);
    resource.owner = OwnerByLock(fd.get());
    if (resource.owner == Owner::kLives) {
      if (const int owner = LockOwner(fd.get()); owner != 0) resource.pid = owner;
    }
    found.push_back(std::move(resource));
  }
};

}  // namespace

void RemoveQueuesOfDeadClients(const std::string& queue) {
  const MqResources resources;
  const std::string prefix = queue + ".";
  int count = 0;
  for (const Resource& resource : resources.List()) {
    if (resource.owner == Owner::kDead && resource.place.compare(0, prefix.size(), prefix) == 0 &&
        resources.Remove(resource).ok())
      ++count;
  }
  if (count > 0)
    std::fprintf(stderr, "jackfield: %d queues of dead clients of %s removed\n", count,
                 queue.c_str());
}

std::unique_ptr<Resources> MakeMqResources() { return std::make_unique<MqResources>(); }

}  // namespace jackfield
