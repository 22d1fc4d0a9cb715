#include "transports/engine/own_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <utility>

#include "kernel/base/text.h"
#include "transports/engine/file_age.h"
#include "transports/engine/owner.h"
#include "transports/engine/place_record.h"
#include "transports/engine/private_directory.h"
#include "transports/engine/process.h"

namespace jackfield {
namespace {

constexpr int kTriesMax = 16;

// One that nobody has, and now this process: another transport in it may count from 1 as well, and
// so does a program that the process runs in place of the one before it (execve). If it cannot be
// made, who serves there says why.
std::string DrawPath(std::string_view prefix, std::atomic<uint32_t>& next) {
  const ProcessName self = ThisProcess();
  for (;;) {
    // Publishes nothing: it only makes two names two.
    const uint32_t number = next.fetch_add(1, std::memory_order_relaxed);
    std::string path = Text(RuntimeDirectory(), "/", prefix, "-", self.pid, "-", self.start_ticks,
                            "-", self.where, "-", number);
    const OwnedFd made(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (made.ok() || errno != EEXIST) return path;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Opening>> ServeOwnFile(
    std::string_view prefix, std::atomic<uint32_t>& next,
    const std::function<absl::StatusOr<std::unique_ptr<Opening>>(const std::string& path)>& serve) {
  absl::StatusOr<std::unique_ptr<Opening>> opening = absl::UnavailableError("");
  for (int tries = 0; tries < kTriesMax && absl::IsUnavailable(opening.status()); ++tries) {
    const absl::StatusOr<OwnedFd> directory = MakeRuntimeDirectory();
    if (!directory.ok()) {
      opening = directory.status();
      continue;
    }
    const std::string path = DrawPath(prefix, next);
    opening = serve(path);
    if (!opening.ok()) unlink(path.c_str());
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
      if (std::sscanf(entry->d_name + pattern.size(), "%" SCNd64 "-%" SCNu64 "-%" SCNu64 "-",
                      &owner.pid, &owner.start_ticks, &owner.where) != 3)
        continue;
      Resource resource{.what = std::string(what),
                        .place = Text(directory, "/", name),
                        .owner = OwnerOf(owner),
                        .pid = static_cast<int>(owner.pid)};
      resource.age_seconds = FileAgeSeconds(resource.place);
      found.push_back(std::move(resource));
    }
    closedir(open_directory);
  }
}

}  // namespace jackfield
