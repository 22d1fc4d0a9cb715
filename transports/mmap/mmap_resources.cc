#include "transports/mmap/mmap_resources.h"

#include <dirent.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "kernel/sys.h"
#include "kernel/text.h"
#include "transports/engine/file_age.h"
#include "transports/engine/kept_files.h"
#include "transports/engine/place_record.h"

namespace jackfield {
namespace {

class MmapResources final : public Resources {
 public:
  std::string_view scheme() const override { return "mmap"; }

  std::vector<Resource> List() const override {
    std::vector<Resource> found;
    AddKeptFiles(scheme(), "log file", found);
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
        LookAtLock(cursor ? resource.place : CursorOf(directory, name), resource);
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
};

}  // namespace

std::unique_ptr<Resources> MakeMmapResources() { return std::make_unique<MmapResources>(); }

}  // namespace jackfield
