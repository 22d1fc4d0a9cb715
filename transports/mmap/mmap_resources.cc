#include "transports/mmap/mmap_resources.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "kernel/sys.h"
#include "kernel/text.h"
#include "transports/engine/file_age.h"
#include "transports/engine/lock_owner.h"
#include "kernel/owned_fd.h"
#include "transports/engine/place_record.h"

namespace jackfield {
namespace {

OwnedFd OpenPlain(const std::string& path) {
  return OwnedFd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
}

class MmapResources final : public Resources {
 public:
  std::string_view scheme() const override { return "mmap"; }

  std::vector<Resource> List() const override {
    std::vector<Resource> found;
    for (const PlaceRecord& record : PlaceRecordsOf(scheme())) {
      if (!IsStillThere(record)) {
        found.push_back({.what = "record of a log that is gone",
                         .place = record.path,
                         .owner = Resource::Owner::kDead,
                         .pid = record.pid,
                         .age_seconds = FileAgeSeconds(record.path)});
        continue;
      }
      Resource log{.what = "log file", .place = record.place, .pid = record.pid, .keeps = true};
      LookAt(record.place, log);
      found.push_back(std::move(log));
    }
    // A server without a place of its own: its reader's cursor is what it holds a lock on.
    for (const std::string& directory : RuntimeDirectories()) {
      DIR* open_directory = opendir(directory.c_str());
      if (open_directory == nullptr) continue;
      while (const dirent* entry = readdir(open_directory)) {
        const std::string name = entry->d_name;
        int pid = 0;
        if (std::sscanf(name.c_str(), "log-%d-", &pid) != 1) continue;
        const bool cursor = name.find(".reader-") != std::string::npos;
        Resource resource{.what = cursor ? "cursor of a log" : "log file of a server",
                          .place = Text(directory, "/", name),
                          .pid = pid};
        LookAt(cursor ? resource.place : CursorOf(directory, name), resource);
        resource.age_seconds = FileAgeSeconds(resource.place);
        found.push_back(std::move(resource));
      }
      closedir(open_directory);
    }
    return found;
  }

  absl::Status Remove(const Resource& resource) const override {
    for (const Resource& now : List()) {
      if (now.place != resource.place) continue;
      if (now.keeps || now.owner != Resource::Owner::kDead)
        return absl::FailedPreconditionError(Text(resource.place, " has an owner again"));
      // Names in the runtime directory bear their process's number and a count of its own: none
      // comes again but by a process of the same number, which makes it anew.
      if (unlink(resource.place.c_str()) != 0)
        return SysError(errno, Text("remove ", resource.place));
      for (const std::string& directory : RuntimeDirectories()) rmdir(directory.c_str());
      return absl::OkStatus();
    }
    return absl::OkStatus();  // it is gone: the removal of its cursor's log may have been last
  }

 private:
  static std::string CursorOf(const std::string& directory, const std::string& log) {
    std::string cursor;
    DIR* open_directory = opendir(directory.c_str());
    if (open_directory == nullptr) return cursor;
    while (const dirent* entry = readdir(open_directory)) {
      const std::string prefix = log + ".reader-";
      if (std::string_view(entry->d_name).substr(0, prefix.size()) == prefix)
        cursor = Text(directory, "/", std::string_view(entry->d_name));
    }
    closedir(open_directory);
    return cursor;
  }

  // Fills in whether somebody holds the lock on `path`, and who. No file, no owner.
  static void LookAt(const std::string& path, Resource& resource) {
    resource.age_seconds = FileAgeSeconds(path);
    const OwnedFd fd = OpenPlain(path);
    if (!fd.ok()) {
      resource.owner =
          errno == ENOENT || path.empty() ? Resource::Owner::kDead : Resource::Owner::kUnknown;
      return;
    }
    const bool dead = flock(fd.get(), LOCK_SH | LOCK_NB) == 0;
    resource.owner = dead ? Resource::Owner::kDead : Resource::Owner::kLives;
    if (!dead) {
      if (const int owner = LockOwner(fd.get()); owner != 0) resource.pid = owner;
    }
  }
};

}  // namespace

std::unique_ptr<Resources> MakeMmapResources() { return std::make_unique<MmapResources>(); }

}  // namespace jackfield
