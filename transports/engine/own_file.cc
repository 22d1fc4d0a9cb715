#include "transports/engine/own_file.h"

#include <dirent.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <utility>

#include "kernel/text.h"
#include "transports/engine/file_age.h"
#include "transports/engine/place_record.h"
#include "transports/engine/private_directory.h"
#include "transports/engine/process.h"

namespace jackfield {
namespace {

constexpr int kTriesMax = 16;

}  // namespace

absl::StatusOr<std::unique_ptr<Opening>> ServeOwnFile(
    std::string_view prefix, std::atomic<uint32_t>& next,
    const std::function<absl::StatusOr<std::unique_ptr<Opening>>(const std::string& path)>& serve) {
  const ProcessName self = ThisProcess();
  absl::StatusOr<std::unique_ptr<Opening>> opening = absl::UnavailableError("");
  for (int tries = 0; tries < kTriesMax && absl::IsUnavailable(opening.status()); ++tries) {
    const absl::StatusOr<OwnedFd> directory = MakeRuntimeDirectory();
    if (!directory.ok()) {
      opening = directory.status();
      continue;
    }
    // Publishes nothing: it only makes two names two.
    const uint32_t number = next.fetch_add(1, std::memory_order_relaxed);
    opening = serve(
        Text(RuntimeDirectory(), "/", prefix, "-", self.pid, "-", self.start_ticks, "-", number));
  }
  if (!opening.ok()) RemoveRuntimeDirectoryIfEmpty();
  return opening;
}

void RemoveOwnFile(std::string_view scheme, const std::string& path) {
  unlink(path.c_str());
  RemovePlaceRecordsOf(scheme, path);
}

void AddOwnFiles(std::string_view prefix, std::string_view what, std::vector<Resource>& found) {
  const std::string pattern = Text(prefix, "-");
  for (const std::string& directory : RuntimeDirectories()) {
    DIR* open_directory = opendir(directory.c_str());
    if (open_directory == nullptr) continue;
    while (const dirent* entry = readdir(open_directory)) {
      const std::string_view name = entry->d_name;
      if (name.substr(0, pattern.size()) != pattern) continue;
      ProcessName owner;
      if (std::sscanf(entry->d_name + pattern.size(), "%" SCNd64 "-%" SCNu64 "-", &owner.pid,
                      &owner.start_ticks) != 2)
        continue;
      Resource resource{.what = std::string(what),
                        .place = Text(directory, "/", name),
                        .pid = static_cast<int>(owner.pid)};
      resource.owner =
          ProcessWithPid(owner.pid) == owner ? Resource::Owner::kLives : Resource::Owner::kDead;
      resource.age_seconds = FileAgeSeconds(resource.place);
      found.push_back(std::move(resource));
    }
    closedir(open_directory);
  }
}

}  // namespace jackfield
