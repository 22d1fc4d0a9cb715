#include "transports/fifo/fifo_resources.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include "kernel/base/text.h"
#include "transports/engine/file_age.h"
#include "transports/engine/lock_owner.h"
#include "transports/engine/owner.h"
#include "transports/engine/place_record.h"
#include "transports/fifo/fifo.h"
#include "transports/fifo/place.h"

namespace jackfield {
namespace {

std::string DirectoryOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

class FifoResources final : public Resources {
 public:
  std::string_view scheme() const override { return "fifo"; }

  std::vector<Resource> List() const override {
    std::vector<Resource> found;
    std::set<std::string> directories;
    for (const std::string& directory : RuntimeDirectories()) {
      directories.insert(directory);
      AddNamed(directory, kChosenPrefix, "FIFO", found);
    }
    for (const PlaceRecord& record : PlaceRecordsOf(scheme())) {
      if (IsStillThere(record)) {
        // One that the bus chose has a note when its service was started again.
        const bool found_already =
            std::any_of(found.begin(), found.end(),
                        [&record](const Resource& other) { return other.place == record.place; });
        if (found_already) continue;
        directories.insert(DirectoryOf(record.place));
        Add(record.place, "FIFO", record.maker, found);
      } else {
        found.push_back({.what = "record of a FIFO that is gone",
                         .place = record.path,
                         .owner = OwnerOf(record.maker),
                         .pid = record.pid(),
                         .age_seconds = FileAgeSeconds(record.path)});
      }
    }
    for (const std::string& directory : directories)
      AddNamed(directory, kPrivatePrefix, "FIFO of a client", found);
    return found;
  }

  absl::Status Remove(const Resource& resource) const override {
    for (const PlaceRecord& record : PlaceRecordsOf(scheme())) {
      if (record.path != resource.place) continue;
      if (IsStillThere(record)) return absl::FailedPreconditionError("it is there again");
      if (OwnerOf(record.maker) != Owner::kDead) return NotDead(record.pid(), record.place);
      RemovePlaceRecord(record.path);
      return absl::OkStatus();
    }
    absl::StatusOr<FifoPlace> place = OpenFifoPlace(resource.place, resource.place);
    if (absl::IsUnavailable(place.status()))
      return absl::FailedPreconditionError(Text(resource.place, " has gone"));
    if (!place.ok()) return place.status();
    const int directory_fd = place->directory.get();
    absl::StatusOr<OwnedFd> fd = OpenFifo(directory_fd, place->name, O_RDONLY, resource.place);
    if (absl::IsUnavailable(fd.status()))
      return absl::FailedPreconditionError(Text(resource.place, " has gone"));
    if (!fd.ok()) return fd.status();
    // Held until the name is gone, so that no server can take it over meanwhile.
    const Owner owner = OwnerByLock(fd->get(), MakerOf(resource.place));
    if (owner == Owner::kUnknown) return NotDead(resource.pid, resource.place);
    if (owner == Owner::kLives) {
      return absl::FailedPreconditionError(
          Text(resource.place, " has an owner again: ", NameOfLockOwner(fd->get())));
    }
    for (const PlaceRecord& record : PlaceRecordsOf(scheme())) {
      if (record.place == resource.place) unlink(record.path.c_str());
    }
    UnlinkIfSame(directory_fd, place->name, fd->get());
    for (const std::string& directory : RuntimeDirectories()) rmdir(directory.c_str());  // if empty
    return absl::OkStatus();
  }

 private:
  static absl::Status NotDead(int pid, const std::string& place) {
    return absl::FailedPreconditionError(
        Text("process ", pid, ", which made ", place,
             ", lives, or is in a place that cannot be seen from here"));
  }

  // By its note; a name that the bus chose has none.
  ProcessName MakerOf(const std::string& place) const {
    for (const PlaceRecord& record : PlaceRecordsOf(scheme())) {
      if (record.place == place && IsStillThere(record)) return record.maker;
    }
    return {};
  }

  static void AddNamed(const std::string& directory, std::string_view prefix, const char* what,
                       std::vector<Resource>& found) {
    DIR* open_directory = opendir(directory.c_str());
    if (open_directory == nullptr) return;
    while (const dirent* entry = readdir(open_directory)) {
      const std::string_view name = entry->d_name;
      if (name.substr(0, prefix.size()) != prefix) continue;
      int pid = 0;
      if (prefix == kChosenPrefix && std::sscanf(entry->d_name, "fifo-%d-", &pid) != 1) continue;
      if (prefix == kPrivatePrefix) pid = PidOfPrivateName(name);
      Add(Text(directory, "/", name), what, {.pid = pid}, found);
    }
    closedir(open_directory);
  }

  static void Add(const std::string& path, const char* what, const ProcessName& maker,
                  std::vector<Resource>& found) {
    absl::StatusOr<FifoPlace> place = OpenFifoPlace(path, path);
    if (!place.ok()) return;
    absl::StatusOr<OwnedFd> fd = OpenFifo(place->directory.get(), place->name, O_RDONLY, path);
    if (!fd.ok()) return;
    Resource resource{.what = what, .place = path, .pid = static_cast<int>(maker.pid)};
    resource.age_seconds = FileAgeSeconds(path);
    resource.owner = OwnerByLock(fd->get(), maker);
    if (resource.owner == Owner::kLives) {
      if (const int owner = LockOwner(fd->get()); owner != 0) resource.pid = owner;
    }
    found.push_back(std::move(resource));
  }
};

}  // namespace

std::unique_ptr<Resources> MakeFifoResources() { return std::make_unique<FifoResources>(); }

}  // namespace jackfield
