#include "transports/unix/settings.h"

#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "kernel/base/text.h"
#include "transports/engine/about.h"

namespace jackfield {
namespace {

constexpr std::string_view kKeys[] = {"type", "uid", "mode", "gid"};

}  // namespace

absl::StatusOr<UnixSettings> ReadUnixSettings(const Address& address, Role role) {
  if (absl::Status status = address.CheckKeys(kKeys); !status.ok()) return status;
  const auto bad = [&](std::string_view why) {
    return absl::InvalidArgumentError(About(address, why));
  };
  UnixSettings settings;
  if (const auto type = address.Find("type")) {
    if (*type == "seqpacket")
      settings.type = UnixSettings::Type::kPackets;
    else if (*type == "dgram")
      settings.type = UnixSettings::Type::kDatagrams;
    else if (*type != "stream")
      return bad("type is stream, seqpacket or dgram");
  }
  if (const auto uid = address.Find("uid")) {
    if (*uid != "same" && *uid != "any") return bad("uid is same or any");
    settings.any_uid = *uid == "any";
  }
  const std::string& target = address.target();
  if (target.empty() && role == Role::kConnect)
    return bad("a client needs to know where: unix:/path or unix:@name");
  if (target.size() >= sizeof settings.name.sun_path) {
    return bad(Text("longer than the ", sizeof settings.name.sun_path - 1,
                    " bytes that a socket's name may have"));
  }
  settings.name.sun_family = AF_UNIX;
  std::memcpy(settings.name.sun_path, target.data(), target.size());
  settings.name_bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + target.size());
  settings.path = !target.empty() && target[0] != '@';
  if (settings.path && target[0] != '/')
    return bad("a socket is named by its whole path: unix:/directory/name; or unix:@name");
  const absl::StatusOr<PathPermissions> permissions =
      ReadPathPermissions(address, settings.path ? Place::kPath : Place::kElsewhere);
  if (!permissions.ok()) return permissions.status();
  settings.permissions = *permissions;
  if (permissions->name_a_group() && !address.Find("uid")) settings.any_uid = true;
  if (settings.path)
    ++settings.name_bytes;
  else if (!target.empty())
    settings.name.sun_path[0] = '\0';
  return settings;
}

Caps CapsOf(const UnixSettings& settings) {
  Caps caps;
  caps.send = caps.receive = caps.reply = caps.ordered = caps.reliable = caps.peer_loss = true;
  caps.fds = caps.credentials = true;
  caps.frame_bytes_max = settings.type == UnixSettings::Type::kStream ? kFrameBytesMaxDefault
                                                                      : kUnixPacketFrameBytesMax;
  caps.depth_frames = Link::kDepthFrames;
  return caps;
}

bool UnixSettings::Admits(uint32_t uid) const { return any_uid || uid == geteuid() || uid == 0; }

Address ActualAddress(const Address& address, int fd) {
  if (!address.bare()) return address;
  sockaddr_un name{};
  socklen_t bytes = sizeof name;
  getsockname(fd, reinterpret_cast<sockaddr*>(&name), &bytes);
  return address.WithTarget(
      "@" + std::string(name.sun_path + 1, bytes - offsetof(sockaddr_un, sun_path) - 1));
}

}  // namespace jackfield
