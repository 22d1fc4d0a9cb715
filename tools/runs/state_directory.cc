#include "tools/runs/state_directory.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>

#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "kernel/loop/sys.h"
#include "transports/engine/private_directory.h"

namespace jackfield {
namespace {

// Where all programs of this user keep their state; "": nowhere is known.
std::string StateHome() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && state[0] == '/') return state;
  const char* home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return Text(home, "/.local/state");
  return "";
}

// As `mkdir -p -m 700`.
absl::Status MakeDirectories(const std::string& path) {
  for (size_t end = 1; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    if (mkdir(part.c_str(), 0700) != 0 && errno != EEXIST)
      return SysError(errno, Text("make the directory ", part));
  }
  return absl::OkStatus();
}

}  // namespace

std::string StateDirectory() {
  const std::string home = StateHome();
  return home.empty() ? RuntimeDirectory() : Text(home, "/jackfield");
}

absl::StatusOr<std::string> MakeStateDirectory() {
  if (StateHome().empty()) {
    const absl::StatusOr<OwnedFd> runtime = MakeRuntimeDirectory();
    if (!runtime.ok()) return runtime.status();
    return RuntimeDirectory();
  }
  const std::string path = StateDirectory();
  if (absl::Status made = MakeDirectories(path); !made.ok()) return made;
  const absl::StatusOr<OwnedFd> opened = OpenPrivateDirectory(path, "the place for logs");
  if (!opened.ok()) return opened.status();
  return path;
}

}  // namespace jackfield
