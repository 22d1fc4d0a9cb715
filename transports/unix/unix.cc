#include "transports/unix/unix.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "kernel/node.h"
#include "kernel/outcome.h"
#include "kernel/text.h"
#include "transports/engine/packet/packet_driver.h"
#include "transports/engine/socket_opening.h"
#include "transports/engine/socket_path.h"
#include "transports/engine/stream/stream_driver.h"

namespace jackfield {
namespace {

constexpr uint32_t kPacketFrameBytesMax = 128 << 10;
constexpr std::string_view kKeys[] = {"type", "uid", "mode"};

struct Settings {
  bool packets = false;
  bool any_uid = false;
  mode_t mode = 0600;
  sockaddr_un name{};
  socklen_t name_bytes = 0;
  bool path = false;
};

absl::StatusOr<Settings> Read(const Address& address, Role role) {
  if (absl::Status status = address.CheckKeys(kKeys); !status.ok()) return status;
  const auto bad = [&](std::string_view why) {
    return absl::InvalidArgumentError(Text(address.ToString(), ": ", why));
  };
  Settings settings;
  if (const auto type = address.Find("type")) {
    if (*type != "stream" && *type != "seqpacket") return bad("type is stream or seqpacket");
    settings.packets = *type == "seqpacket";
  }
  if (const auto uid = address.Find("uid")) {
    if (*uid != "same" && *uid != "any") return bad("uid is same or any");
    settings.any_uid = *uid == "any";
  }
  if (const auto mode = address.Find("mode")) {
    char* end = nullptr;
    const std::string text(*mode);
    settings.mode = static_cast<mode_t>(std::strtoul(text.c_str(), &end, 8));
    if (text.empty() || *end != '\0' || settings.mode > 0777)
      return bad("mode is octal, such as 0660");
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
  if (settings.path)
    ++settings.name_bytes;
  else if (!target.empty())
    settings.name.sun_path[0] = '\0';
  return settings;
}

Caps CapsOf(const Settings& settings) {
  Caps caps;
  caps.send = caps.receive = caps.reply = caps.ordered = caps.reliable = caps.peer_loss = true;
  caps.fds = caps.credentials = true;
  caps.frame_bytes_max = settings.packets ? kPacketFrameBytesMax : kFrameBytesMaxDefault;
  caps.depth_frames = Link::kDepthFrames;
  return caps;
}

HandOver MakeHandOver(Node& node, const Settings& settings, std::string description, Role role) {
  return [&node, settings, description = std::move(description), role](int fd, LinkSink& sink) {
    LinkTraits traits;
    traits.caps = CapsOf(settings);
    traits.peer = PeerOf(fd);
    traits.description = description;
    if (traits.peer.known && traits.peer.uid != geteuid() && traits.peer.uid != 0 &&
        !settings.any_uid) {
      close(fd);
      if (role == Role::kConnect) {
        sink.OnOpenFailed(MakeStatus(
            Outcome::kRefused, Reason::kPermission,
            Text(description, " is served by uid ", traits.peer.uid, ", not by this program's ",
                 geteuid(), "; if that is meant, say ?uid=any")));
      }
      return;
    }
    if (settings.packets) {
      node.sys().SetOption(fd, SOL_SOCKET, SO_SNDBUF, 4 * static_cast<int>(kPacketFrameBytesMax));
      sink.OnLink(std::make_unique<PacketDriver>(node, fd, kPacketFrameBytesMax),
                  std::move(traits));
    } else {
      StreamEnds ends{
          .read_fd = fd, .write_fd = fd, .socket = true, .frame_bytes_max = kFrameBytesMaxDefault};
      sink.OnLink(std::make_unique<StreamDriver>(node, ends), std::move(traits));
    }
  };
}

// Serves at a path, which is given back when it goes.
class PathServer final : public Opening {
 public:
  PathServer(std::unique_ptr<SocketPath> path, std::unique_ptr<Opening> inner)
      : path_(std::move(path)), inner_(std::move(inner)) {}

 private:
  const std::unique_ptr<SocketPath> path_;
  const std::unique_ptr<Opening> inner_;
};

class UnixTransport final : public Transport {
 public:
  std::string_view scheme() const override { return "unix"; }

  absl::StatusOr<Caps> Describe(const Address& address, Role role) const override {
    absl::StatusOr<Settings> settings = Read(address, role);
    if (!settings.ok()) return settings.status();
    return CapsOf(*settings);
  }

  absl::StatusOr<std::unique_ptr<Opening>> Open(const Address& address, Role role, Node& node,
                                                LinkSink& sink) const override {
    absl::StatusOr<Settings> settings = Read(address, role);
    if (!settings.ok()) return settings.status();
    const int fd = node.sys().Socket(AF_UNIX, settings->packets ? SOCK_SEQPACKET : SOCK_STREAM, 0);
    if (fd < 0) return SysError(-fd, Text("socket for ", address.ToString()));
    return role == Role::kServe ? Serve(address, *settings, node, sink, fd)
                                : Connect(address, *settings, node, sink, fd);
  }

 private:
  static absl::StatusOr<std::unique_ptr<Opening>> Connect(const Address& address,
                                                          const Settings& settings, Node& node,
                                                          LinkSink& sink, int fd) {
    const std::string what = address.ToString();
    int result = node.sys().Connect(fd, reinterpret_cast<const sockaddr*>(&settings.name),
                                    settings.name_bytes);
    // A full backlog is EAGAIN for unix sockets: worth another try, like a service that is not
    // there yet.
    if (result == -EAGAIN) result = -ECONNREFUSED;
    return MakeSocketClient(node, sink, fd, result, Text("connect ", what),
                            MakeHandOver(node, settings, what, Role::kConnect));
  }

  static absl::StatusOr<std::unique_ptr<Opening>> Serve(const Address& address,
                                                        const Settings& settings, Node& node,
                                                        LinkSink& sink, int fd) {
    std::unique_ptr<SocketPath> path;
    const auto fail = [fd](absl::Status status) {
      close(fd);
      return status;
    };
    if (settings.path) {
      absl::StatusOr<std::unique_ptr<SocketPath>> claimed =
          SocketPath::Claim(address.target(), address.ToString());
      if (!claimed.ok()) return fail(claimed.status());
      path = *std::move(claimed);
    }
    int result = node.sys().Bind(fd, reinterpret_cast<const sockaddr*>(&settings.name),
                                 address.bare() ? sizeof(sa_family_t) : settings.name_bytes);
    if (result == 0 && path != nullptr) path->SetBound(settings.mode);
    if (result == 0) result = node.sys().Listen(fd, SOMAXCONN);
    if (result < 0) return fail(SysError(-result, Text("serve ", address.ToString())));

    Address actual = address;
    if (address.bare()) {
      sockaddr_un name{};
      socklen_t bytes = sizeof name;
      getsockname(fd, reinterpret_cast<sockaddr*>(&name), &bytes);
      actual = address.WithTarget(
          "@" + std::string(name.sun_path + 1, bytes - offsetof(sockaddr_un, sun_path) - 1));
    }
    std::string description = actual.ToString();
    std::unique_ptr<Opening> server =
        MakeSocketServer(node, sink, fd, std::move(actual),
                         MakeHandOver(node, settings, std::move(description), Role::kServe));
    if (path == nullptr) return server;
    return std::make_unique<PathServer>(std::move(path), std::move(server));
  }
};

}  // namespace

std::unique_ptr<Transport> MakeUnixTransport() { return std::make_unique<UnixTransport>(); }

}  // namespace jackfield
