#include "transports/engine/place_record.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cinttypes>
#include <climits>
#include <cstdio>

#include "kernel/base/text.h"
#include "transports/engine/private_directory.h"

namespace jackfield {
namespace {

constexpr int kTriesMax = 8;

std::string Hex(uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof text, "%llx", static_cast<unsigned long long>(number));
  return text;
}

std::vector<std::string> NamesIn(const std::string& path) {
  std::vector<std::string> names;
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return names;
  while (const dirent* entry = readdir(directory)) names.emplace_back(entry->d_name);
  closedir(directory);
  return names;
}

std::string Make(std::string_view scheme, const struct stat& is, const std::string& place) {
  const std::string file = Text(scheme, "@", Hex(is.st_dev), "-", Hex(is.st_ino), "-");
  const ProcessName maker = ThisProcess();
  const std::string name = Text(file, maker.pid, "-", maker.start_ticks, "-", Hex(maker.where));
  for (int tries = 0; tries < kTriesMax; ++tries) {
    // Not OK: a runtime directory that is not ours, or not private; then nothing is noted.
    const absl::StatusOr<OwnedFd> directory = MakeRuntimeDirectory();
    if (!directory.ok()) return "";
    for (const std::string& other : NamesIn(RuntimeDirectory())) {
      if (other.compare(0, file.size(), file) == 0) unlinkat(directory->get(), other.c_str(), 0);
    }
    if (symlinkat(place.c_str(), directory->get(), name.c_str()) == 0)
      return Text(RuntimeDirectory(), "/", name);
    if (errno != ENOENT) break;  // else somebody's last name went from it, and it with that
  }
  RemoveRuntimeDirectoryIfEmpty();
  return "";
}

}  // namespace

std::string MakePlaceRecord(std::string_view scheme, int fd, const std::string& place) {
  struct stat is {};
  return fstat(fd, &is) == 0 ? Make(scheme, is, place) : "";
}

std::string MakePlaceRecord(std::string_view scheme, const std::string& place) {
  struct stat is {};
  return lstat(place.c_str(), &is) == 0 ? Make(scheme, is, place) : "";
}

void RemovePlaceRecord(const std::string& path) {
  if (path.empty()) return;
  unlink(path.c_str());
  rmdir(path.substr(0, path.rfind('/')).c_str());  // if it was the last thing there
}

void RemovePlaceRecordsOf(std::string_view scheme, const std::string& place) {
  for (const PlaceRecord& record : PlaceRecordsOf(scheme)) {
    if (record.place == place) RemovePlaceRecord(record.path);
  }
  // Who died between making the directory and the record left the directory alone.
  for (const std::string& directory : RuntimeDirectories()) rmdir(directory.c_str());  // if empty
}

std::vector<std::string> RuntimeDirectories() {
  std::vector<std::string> paths = {Text("/tmp/jackfield-", geteuid())};
  if (RuntimeDirectory() != paths[0]) paths.push_back(RuntimeDirectory());
  // What stands in a directory of somebody else's is not read.
  std::erase_if(paths, [](const std::string& path) {
    return !OpenPrivateDirectory(path, "the runtime directory").ok();
  });
  return paths;
}

std::vector<PlaceRecord> PlaceRecordsOf(std::string_view scheme) {
  std::vector<PlaceRecord> records;
  for (const std::string& directory : RuntimeDirectories()) {
    for (const std::string& name : NamesIn(directory)) {
      const size_t at = name.find('@');
      if (at == std::string::npos || std::string_view(name).substr(0, at) != scheme) continue;
      PlaceRecord record;
      record.scheme = scheme;
      record.path = Text(directory, "/", name);
      unsigned long long device = 0, inode = 0, start_ticks = 0, where = 0;
      // Of an earlier version without the last two: nobody can tell whose it is.
      if (std::sscanf(name.c_str() + at + 1, "%llx-%llx-%" SCNd64 "-%llu-%llx", &device, &inode,
                      &record.maker.pid, &start_ticks, &where) < 3)
        continue;
      record.maker.start_ticks = start_ticks;
      record.maker.where = where;
      record.device = device;
      record.inode = inode;
      std::array<char, PATH_MAX> place;
      const ssize_t bytes = readlink(record.path.c_str(), place.data(), place.size());
      if (bytes <= 0 || place[0] != '/') continue;
      record.place.assign(place.data(), static_cast<size_t>(bytes));
      records.push_back(std::move(record));
    }
  }
  return records;
}

bool IsStillThere(const PlaceRecord& record) {
  struct stat is {};
  return lstat(record.place.c_str(), &is) == 0 && is.st_dev == record.device &&
         is.st_ino == record.inode;
}

}  // namespace jackfield
