#include "transports/file/file_resources.h"

#include <dirent.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <utility>

#include "kernel/sys.h"
#include "kernel/text.h"
#include "transports/engine/file_age.h"
#include "transports/engine/kept_files.h"
#include "transports/engine/place_record.h"
#include "transports/engine/process.h"

namespace jackfield {
namespace {

class FileResources final : public Resources {
 public:
  std::string_view scheme() const override { return "file"; }

  std::vector<Resource> List() const override {
    std::vector<Resource> found;
    AddKeptFiles(scheme(), "recording", found);
    // A server's own bears the name of its process, so nobody else's is ever taken for it.
    for (const std::string& directory : RuntimeDirectories()) {
      DIR* open_directory = opendir(directory.c_str());
      if (open_directory == nullptr) continue;
      while (const dirent* entry = readdir(open_directory)) {
        ProcessName owner;
        if (std::sscanf(entry->d_name, "file-%" SCNd64 "-%" SCNu64 "-", &owner.pid,
                        &owner.start_ticks) != 2)
          continue;
        Resource resource{.what = "recording of a server",
                          .place = Text(directory, "/", std::string_view(entry->d_name)),
                          .pid = static_cast<int>(owner.pid)};
        resource.owner =
            ProcessWithPid(owner.pid) == owner ? Resource::Owner::kLives : Resource::Owner::kDead;
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
      if (unlink(resource.place.c_str()) != 0)
        return SysError(errno, Text("remove ", resource.place));
      for (const std::string& directory : RuntimeDirectories()) rmdir(directory.c_str());
    }
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Resources> MakeFileResources() { return std::make_unique<FileResources>(); }

}  // namespace jackfield
