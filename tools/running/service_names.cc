#include "tools/running/service_names.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string_view>

#include "kernel/base/text.h"
#include "services/service.h"

namespace jackfield {
namespace {

constexpr std::string_view kGrants = "JACKFIELD_GRANTS=";

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

std::vector<std::string> ServiceProcesses(pid_t supervisor, const std::string& root) {
  std::vector<std::string> names;
  std::ifstream children(Text(root, "/proc/", supervisor, "/task/", supervisor, "/children"));
  for (pid_t child = 0; children >> child;) {
    const std::string environment = ReadAll(Text(root, "/proc/", child, "/environ"));
    for (std::string_view rest = environment; !rest.empty();) {
      const std::string_view variable = rest.substr(0, rest.find('\0'));
      rest.remove_prefix(std::min(variable.size() + 1, rest.size()));
      if (!variable.starts_with(kGrants)) continue;
      const absl::StatusOr<Grants> grants = Grants::Parse(variable.substr(kGrants.size()));
      if (grants.ok()) names.push_back(grants->name);
    }
  }
  return names;
}

}  // namespace jackfield
