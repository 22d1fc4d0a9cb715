#include "transports/file/file_resources.h"

#include "transports/engine/kept_files.h"
#include "transports/engine/own_file.h"

namespace jackfield {
namespace {

class FileResources final : public Resources {
 public:
  std::string_view scheme() const override { return "file"; }

  std::vector<Resource> List() const override {
    std::vector<Resource> found;
    AddKeptFiles(scheme(), "recording", found);
    AddOwnFiles("file", "recording of a server", found);
    return found;
  }

  absl::Status Remove(const Resource& resource) const override {
    return RemoveListedFile(*this, resource);
  }
};

}  // namespace

std::unique_ptr<Resources> MakeFileResources() { return std::make_unique<FileResources>(); }

}  // namespace jackfield
