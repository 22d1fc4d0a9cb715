#include "tools/wiring/program_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

// What to say of a program that is not beside the file as it is named, and is beside what that
// leads to.
std::string BesideTheLink(const std::string& file, std::string_view program) {
  std::error_code none;
  const std::filesystem::path real = std::filesystem::canonical(file, none);
  if (none || program[0] == '/' || !std::filesystem::exists(real.parent_path() / program, none))
    return "";
  return Text("; ", file, " is a link, and a program is seen from the link, not from ",
              real.string());
}

}  // namespace

ProgramFault WhyNotRun(const ServiceEntry& service, const std::string& file,
                       const std::string& path) {
  struct stat what {};
  if (stat(path.c_str(), &what) != 0) {
    const int error = errno;
    return {Text("the program of service ", service.name, " is not there: ", Escaped(path), ": ",
                 std::strerror(error), BesideTheLink(file, service.run[0])),
            error == ENOENT || error == ENOTDIR};
  }
  if (!S_ISREG(what.st_mode))
    return {Text("the program of service ", service.name, " is not a file: ", Escaped(path))};
  if (access(path.c_str(), X_OK) != 0)
    return {Text("the program of service ", service.name, " may not be run; try: chmod +x ",
                 Escaped(path))};
  return {};
}

std::string InPath(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (!folder.empty() && folder[0] == '/' && access((folder + "/" + program).c_str(), X_OK) == 0)
      return folder + "/";
  }
  return "./";
}

}  // namespace jackfield
