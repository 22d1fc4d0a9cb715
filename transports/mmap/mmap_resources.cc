#include "transports/mmap/mmap_resources.h"

#include "transports/engine/kept_files.h"
#include "transports/engine/own_file.h"

namespace jackfield {
namespace {

class MmapResources final : public Resources {
 public:
  std::string_view scheme() const override { return "mmap"; }

  std::vector<Resource> List() const override {
    std::vector<Resource> found;
    AddKeptFiles(scheme(), "log file", found);
    AddOwnFiles("log", "log file of a server", found);
    for (Resource& resource : found) {
      if (!resource.keeps && resource.place.find(".reader-") != std::string::npos)
        resource.what = "cursor of a log";
    }
    return found;
  }

  absl::Status Remove(const Resource& resource) const override {
    return RemoveListedFile(*this, resource);
  }
};

}  // namespace

std::unique_ptr<Resources> MakeMmapResources() { return std::make_unique<MmapResources>(); }

}  // namespace jackfield
