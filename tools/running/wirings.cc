#include "tools/running/wirings.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <tuple>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

constexpr size_t kNameBytesMax = 64;
constexpr std::string_view kScheme = "unix:@";

std::string PrefixOf(uid_t uid) { return Text("jackfield.", uid, "."); }

std::string Names(const std::vector<RunningWiring>& wirings) {
  std::string text;
  for (const RunningWiring& wiring : wirings)
    text += Text(text.empty() ? "" : ", ", wiring.name, "@", wiring.pid);
  return text;
}

}  // namespace

std::string NameInAddress(std::string_view wiring) {
  std::string name(wiring.substr(0, kNameBytesMax));
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    if (!plain) c = '_';
  }
  return name.empty() ? "_" : name;
}

std::string ControlAddress(std::string_view wiring, uid_t uid, pid_t pid) {
  return Text(kScheme, PrefixOf(uid), NameInAddress(wiring), ".", pid);
}

std::vector<RunningWiring> RunningWiringsIn(std::string_view sockets, uid_t uid) {
  std::vector<RunningWiring> up;
  const std::string begin = Text(" @", PrefixOf(uid));
  while (!sockets.empty()) {
    const size_t end = std::min(sockets.find('\n'), sockets.size());
    const std::string_view line = sockets.substr(0, end);
    sockets.remove_prefix(std::min(end + 1, sockets.size()));
    const size_t at = line.find(begin);
    if (at == line.npos) continue;
    const std::string_view socket = line.substr(at + 2), rest = line.substr(at + begin.size());
    const size_t dot = rest.rfind('.');
    if (dot == rest.npos || dot == 0) continue;
    RunningWiring wiring;
    const std::string_view pid = rest.substr(dot + 1);
    const auto [stopped, error] = std::from_chars(pid.data(), pid.data() + pid.size(), wiring.pid);
    if (error != std::errc() || stopped != pid.data() + pid.size() || wiring.pid <= 0) continue;
    wiring.name = rest.substr(0, dot);
    wiring.address = Text(kScheme, socket);
    // A connection has a line of its own, with the same name.
    if (std::none_of(up.begin(), up.end(), [&wiring](const RunningWiring& other) {
          return other.address == wiring.address;
        }))
      up.push_back(std::move(wiring));
  }
  std::sort(up.begin(), up.end(), [](const RunningWiring& a, const RunningWiring& b) {
    return std::tie(a.name, a.pid) < std::tie(b.name, b.pid);
  });
  return up;
}

std::vector<RunningWiring> RunningWirings() {
  std::ifstream file("/proc/net/unix");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return RunningWiringsIn(text, getuid());
}

absl::StatusOr<RunningWiring> PickWiring(const std::vector<RunningWiring>& up,
                                         std::string_view wanted) {
  std::vector<RunningWiring> meant;
  for (const RunningWiring& wiring : up) {
    if (wanted.empty() || wiring.name == wanted || Text(wiring.name, "@", wiring.pid) == wanted)
      meant.push_back(wiring);
  }
  if (meant.size() == 1) return meant[0];
  if (up.empty())
    return absl::NotFoundError("no wiring of this user is up\n  try: jackfield up FILE");
  if (meant.empty())
    return absl::NotFoundError(
        Text("no wiring \"", Escaped(wanted), "\" is up; there is ", Names(up)));
  return absl::FailedPreconditionError(Text("several wirings are up: ", Names(meant),
                                            "; say which: --wiring ", meant[0].name, "@",
                                            meant[0].pid));
}

}  // namespace jackfield
