#include "tools/wiring/surroundings.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "kernel/base/text.h"
#include "tools/wiring/seen_from.h"

namespace jackfield {
namespace {

std::string WhyNoDirectory(const std::string& path) {
  struct stat is {};
  if (stat(path.c_str(), &is) != 0) return std::strerror(errno);
  if (!S_ISDIR(is.st_mode)) return "it is no directory";
  return access(path.c_str(), X_OK) == 0 ? "" : std::strerror(errno);
}

}  // namespace

Surroundings SurroundingsOf(const ServiceEntry& entry, std::string_view folder,
                            std::vector<Fault>& faults, std::vector<std::string>& notes) {
  Surroundings found;
  if (!entry.env_file.empty()) {
    absl::StatusOr<Variables> read = ReadEnvFile(SeenFrom(folder, entry.env_file));
    if (read.ok())
      found.environment = *std::move(read);
    else
      faults.emplace_back(entry.env_file_place, std::string(read.status().message()));
  }
  found.environment = Merged(std::move(found.environment), entry.env);
  for (const auto& [name, path] : entry.secrets) {
    absl::StatusOr<Secret> secret = ReadSecret(name, SeenFrom(folder, path));
    if (!secret.ok()) {
      faults.emplace_back(entry.secrets_place, std::string(secret.status().message()));
      continue;
    }
    // Instances share it, and it is told once.
    if (std::string open = WhoElseReads(*secret);
        !open.empty() && std::find(notes.begin(), notes.end(), open) == notes.end())
      notes.push_back(std::move(open));
    found.secrets.push_back(*std::move(secret));
  }
  if (!entry.cwd.empty()) {
    found.directory = SeenFrom(folder, entry.cwd);
    if (const std::string why = WhyNoDirectory(found.directory); !why.empty())
      faults.emplace_back(entry.cwd_place, Text("service ", entry.name, " cannot run in ",
                                                Escaped(found.directory), ": ", why));
  }
  rlimit limit{};
  found.descriptors_max = entry.descriptors_max;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && found.descriptors_max > limit.rlim_max) {
    faults.emplace_back(entry.place,
                        Text("service ", entry.name, " is to have ", found.descriptors_max,
                             " descriptors, and this user may have ", limit.rlim_max,
                             "; lower limits.nofile, or raise the hard limit (ulimit -Hn)"));
  }
  return found;
}

}  // namespace jackfield
