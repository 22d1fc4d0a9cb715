#include "tools/wiring/environment.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

bool IsVariableName(std::string_view name) {
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

void Put(Variables& variables, std::string_view name, std::string_view value) {
  const auto same = std::find_if(variables.begin(), variables.end(),
                                 [name](const auto& entry) { return entry.first == name; });
  if (same != variables.end())
    same->second = value;
  else
    variables.emplace_back(name, value);
}

}  // namespace

std::string WhyNoVariable(std::string_view name, std::string_view value) {
  if (!IsVariableName(name)) {
    return Text("\"", Escaped(name),
                "\" cannot name a variable; a name is made of a-z, A-Z, 0-9 and '_', and does not "
                "begin with a digit");
  }
  constexpr std::string_view kOwn = "JACKFIELD_";
  if (name.substr(0, kOwn.size()) == kOwn && name != "JACKFIELD_REACTOR")
    return Text(name, " is set by jackfield itself, for every service");
  if (value.find('\0') != value.npos) return Text("the value of ", name, " holds a zero byte");
  return "";
}

absl::StatusOr<Variables> ReadEnvFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  if (file) {
    text.resize(kEnvFileBytesMax + 1);
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad() || (!file.eof() && text.empty())) {
    const std::string why = Text("cannot read ", Escaped(path), ": ", std::strerror(errno));
    return errno == ENOENT ? absl::NotFoundError(why) : absl::UnavailableError(why);
  }
  if (text.size() > kEnvFileBytesMax)
    return absl::InvalidArgumentError(
        Text(Escaped(path), " is larger than ", kEnvFileBytesMax >> 10, " KiB"));
  Variables variables;
  size_t number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const size_t begin = line.find_first_not_of(" \t");
    if (begin == line.npos || line[begin] == '#') continue;
    const size_t equals = line.find('=');
    const std::string_view name = line.substr(begin, equals == line.npos ? equals : equals - begin);
    const std::string why = equals == line.npos
                                ? Text("\"", Escaped(name), "\" is no variable; write NAME=VALUE")
                                : WhyNoVariable(name, line.substr(equals + 1));
    if (!why.empty())
      return absl::InvalidArgumentError(Text(Escaped(path), ":", number, ": ", why));
    Put(variables, name, line.substr(equals + 1));
  }
  return variables;
}

Variables Merged(Variables first, const Variables& then) {
  for (const auto& [name, value] : then) Put(first, name, value);
  return first;
}

}  // namespace jackfield
