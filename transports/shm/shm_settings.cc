#include "transports/shm/shm_settings.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/link.h"
#include "transports/engine/about.h"
#include "transports/engine/ring/ring_driver.h"

namespace jackfield {
namespace {

constexpr std::string_view kKeys[] = {"path", "mode", "gid",  "uid",   "size",
                                      "bell", "huge", "lock", "quota", "lanes"};
// In front of a name, in the abstract namespace, which all programs share.
constexpr std::string_view kPrefix = "jackfield/shm/";
constexpr size_t kPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;
constexpr uint64_t kHugePageBytes = 2 << 20;

}  // namespace

absl::StatusOr<ShmSettings> ShmSettings::Read(const Address& address, Role role) {
  if (absl::Status status = address.CheckKeys(kKeys); !status.ok()) return status;
  const auto bad = [&](std::string_view why) {
    return absl::InvalidArgumentError(About(address, why));
  };
  ShmSettings settings;
  settings.name = address.target();
  settings.path = address.Find("path").value_or("");
  if (address.Find("path") && settings.path.empty()) return bad("path needs a value");
  if (!settings.path.empty() && settings.path[0] != '/')
    return bad("a socket is named by its whole path: shm:?path=/directory/name");
  if (!settings.name.empty() && !settings.path.empty())
    return bad("either a name or a path, not both");
  if (!settings.name.empty() && settings.name[0] == '/')
    return bad(Text("a name does not begin with '/'; for a file write shm:?path=", settings.name));
  if (settings.name.empty() && settings.path.empty() && role == Role::kConnect)
    return bad("a client needs to know the name: shm:NAME or shm:?path=/run/x.sock");
  if (settings.path.size() > kPathBytesMax ||
      settings.name.size() + kPrefix.size() > kPathBytesMax) {
    return bad(Text("longer than the ",
                    settings.path.empty() ? kPathBytesMax - kPrefix.size() : kPathBytesMax,
                    " bytes that fit into a socket's name"));
  }
  const absl::StatusOr<PathPermissions> permissions =
      ReadPathPermissions(address, settings.path.empty() ? Place::kElsewhere : Place::kPath);
  if (!permissions.ok()) return permissions.status();
  settings.permissions = *permissions;
  settings.any_uid = permissions->name_a_group();
  if (const auto uid = address.Find("uid")) {
    if (*uid != "same" && *uid != "any") return bad("uid is same or any");
    settings.any_uid = *uid == "any";
  }
  if (const auto size = address.Find("size")) {
    absl::StatusOr<uint64_t> bytes = ParseBytes(*size);
    if (!bytes.ok()) return bytes.status();
    if (!std::has_single_bit(*bytes) || *bytes < kLaneBytesMin || *bytes > kLaneBytesMax)
      return bad("size is a power of two from 64KiB to 1GiB");
    settings.lane_bytes = *bytes;
  }
  if (const auto bell = address.Find("bell")) {
    if (*bell == "futex" || *bell == "semaphore") {
      return bad(
          Text("bell=", *bell,
               " cannot be had: a node sleeps in one place for all its links, and neither epoll "
               "nor the io_uring that this program is built with can wait for a ",
               *bell, " there; leave bell out (eventfd)"));
    }
    if (*bell != "eventfd" && *bell != "socket") return bad("bell is eventfd or socket");
    settings.chosen_bell = true;
    settings.bell = *bell == "eventfd" ? BellKind::kEventFd : BellKind::kSocket;
  }
  if (const auto huge = address.Find("huge")) {
    if (*huge != "2M") return bad("huge is 2M");
    if (settings.lane_bytes < kHugePageBytes) return bad("huge=2M needs size=2MiB or more");
    settings.huge = true;
  }
  if (const auto lock = address.Find("lock")) {
    if (!lock->empty() && *lock != "1") return bad("lock is a switch: write ?lock");
    settings.lock = true;
  }
  if (const auto quota = address.Find("quota")) {
    absl::StatusOr<uint64_t> bytes = ParseBytes(*quota);
    if (!bytes.ok()) return bytes.status();
    settings.quota_bytes = *bytes;
  }
  if (const auto lanes = address.Find("lanes")) {
    const char* const end = lanes->data() + lanes->size();
    const auto [stop, error] = std::from_chars(lanes->data(), end, settings.lanes_max);
    if (error != std::errc() || stop != end || settings.lanes_max == 0)
      return bad("lanes is a number of connections, 1 or more");
  }
  return settings;
}

sockaddr_un ShmSettings::socket_name() const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (!path.empty()) {
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
  }
  std::memcpy(address.sun_path + 1, kPrefix.data(), kPrefix.size());
  std::memcpy(address.sun_path + 1 + kPrefix.size(), name.data(), name.size());
  return address;
}

socklen_t ShmSettings::socket_name_bytes() const {
  const size_t bytes = path.empty() ? kPrefix.size() + name.size() : path.size();
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + bytes);
}

Caps ShmSettings::caps() {
  Caps caps;
  caps.send = caps.receive = caps.reply = caps.ordered = caps.reliable = caps.peer_loss = true;
  caps.credentials = true;
  caps.frame_bytes_max = kFrameBytesMaxDefault;
  caps.depth_frames = Link::kDepthFrames;
  return caps;
}

}  // namespace jackfield
