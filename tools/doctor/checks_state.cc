// Where the bus keeps what is to outlive its programs: the runs of wirings, with their logs.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/doctor/checks.h"
#include "tools/runs/past_runs.h"
#include "tools/runs/state_directory.h"
#include "tools/wiring/log_limits.h"
#include "transports/engine/private_directory.h"

namespace jackfield::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNothingKept = "no logs of wirings are kept, nor how they ended";

// On the disk, of all that lies below.
uint64_t BytesBelow(const std::string& directory) {
  uint64_t bytes = 0;
  std::error_code unreadable;
  for (fs::recursive_directory_iterator entry(directory, unreadable), end;
       !unreadable && entry != end; entry.increment(unreadable)) {
    struct stat file {};
    if (lstat(entry->path().c_str(), &file) == 0 && S_ISREG(file.st_mode))
      bytes += static_cast<uint64_t>(file.st_blocks) * 512;
  }
  return bytes;
}

// The nearest folder at or above `path` that is there.
std::string Nearest(std::string path) {
  struct stat is {};
  while (path.size() > 1 && stat(path.c_str(), &is) != 0 && errno == ENOENT)
    path.resize(std::max<size_t>(path.rfind('/'), 1));
  return path;
}

// "3 runs, 1 up, 1 whose supervisor was killed, 1.2MiB"
std::string Held() {
  const std::vector<PastRun> runs = PastRuns("");
  if (runs.empty()) return "no runs";
  const auto up =
      std::count_if(runs.begin(), runs.end(), [](const auto& run) { return run.is_up; });
  const auto stale = std::count_if(runs.begin(), runs.end(),
                                   [](const auto& run) { return !run.is_up && !run.end; });
  return Text(runs.size(), runs.size() == 1 ? " run, " : " runs, ", up, " up, ", stale,
              " without an end, ", FormatBytes(BytesBelow(RunsDirectory())));
}

}  // namespace

Finding CheckStateDirectory(const Machine& machine) {
  const std::string path = StateDirectory();
  Finding finding{.what = "state directory"};
  const auto warn = [&finding](std::string value, std::string help) {
    finding.mark = Mark::kWarn;
    finding.value = Text(value, ": ", kNothingKept);
    finding.help = std::move(help);
    return finding;
  };
  const std::string there = Nearest(path);
  if (there != path) {
    if (access(there.c_str(), W_OK | X_OK) != 0)
      return warn(
          Text(Escaped(path), " cannot be made, since ", Escaped(there), " may not be written"),
          "XDG_STATE_HOME=, a directory of this user's own");
    finding.value = Text(Escaped(path), ", made when it is first needed");
    return finding;
  }
  const absl::StatusOr<OwnedFd> opened = OpenPrivateDirectory(path, "it is not usable");
  if (!opened.ok()) {
    struct stat is {};
    const bool own = lstat(path.c_str(), &is) == 0 && S_ISDIR(is.st_mode) && is.st_uid == geteuid();
    return warn(Escaped(std::string(opened.status().message())),
                own ? Text("chmod 700 ", Escaped(path))
                    : std::string("XDG_STATE_HOME=, a directory of this user's own"));
  }
  if (access(path.c_str(), W_OK | X_OK) != 0)
    return warn(Text(Escaped(path), " may not be written"), Text("chmod 700 ", Escaped(path)));
  const std::optional<Space> space = machine.space(path);
  const LogLimits logs;
  const uint64_t wanted = logs.files * logs.file_bytes;  // of one service
  if (space && space->free_bytes < wanted)
    return warn(Text(Escaped(path), ", ", Held(), "; its disk has ", FormatBytes(space->free_bytes),
                     " free, less than the logs of one service (", FormatBytes(wanted), ")"),
                "jackfield clean --logs, which removes the runs that have ended");
  finding.value = Text(Escaped(path), ", ", Held());
  return finding;
}

}  // namespace jackfield::doctor
