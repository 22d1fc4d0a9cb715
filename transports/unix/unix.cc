#include "transports/unix/unix.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "kernel/loop/loop.h"
#include "transports/engine/connect_error.h"
#include "transports/engine/hub/hub.h"
#include "transports/engine/packet/packet_driver.h"
#include "transports/engine/socket_opening.h"
#include "transports/engine/socket_path.h"
#include "transports/engine/stream/stream_driver.h"
#include "transports/engine/transport_of.h"
#include "transports/engine/turn_away.h"
#include "transports/unix/datagram.h"
#include "transports/unix/settings.h"

namespace jackfield {
namespace {

HandOver MakeHandOver(Loop& loop, const UnixSettings& settings, std::string description,
                      Role role) {
  return [&loop, settings, description = std::move(description), role](int fd, LinkSink& sink) {
    LinkTraits traits;
    traits.caps = CapsOf(settings);
    traits.peer = PeerOf(fd);
    traits.description = description;
    if (traits.peer.known && !settings.Admits(traits.peer.uid)) {
      OwnedFd stranger(fd);
      if (role == Role::kServe) {
        const absl::Status why = TakesNoClientOf(traits.peer.uid);
        TurnAway(std::move(stranger), why);
        return sink.OnRefused(
            Refused(Reason::kPermission, Text(description, ": ", std::string(why.message()))));
      }
      return sink.OnOpenFailed(MakeStatus(
          Outcome::kRefused, Reason::kPermission,
          Text(description, " is served by uid ", traits.peer.uid, ", not by this program's ",
               geteuid(), "; if that is meant, say ?uid=any")));
    }
    if (settings.type == UnixSettings::Type::kPackets) {
      loop.sys().SetOption(fd, SOL_SOCKET, SO_SNDBUF,
                           4 * static_cast<int>(kUnixPacketFrameBytesMax));
      sink.OnLink(std::make_unique<PacketDriver>(loop, fd, kUnixPacketFrameBytesMax),
                  std::move(traits));
    } else {
      StreamEnds ends{
          .read_fd = fd, .write_fd = fd, .socket = true, .frame_bytes_max = kFrameBytesMaxDefault};
      sink.OnLink(std::make_unique<StreamDriver>(loop, ends), std::move(traits));
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

class UnixTransport final : public TransportOf<UnixSettings, ReadUnixSettings, CapsOf> {
 public:
  std::string_view scheme() const override { return "unix"; }

  absl::StatusOr<std::unique_ptr<Opening>> Start(UnixSettings& settings, const Address& address,
                                                 Role role, Loop& loop,
                                                 LinkSink& sink) const override {
    const int fd = loop.sys().Socket(AF_UNIX, settings.socket_type(), 0);
    if (fd < 0) return SysError(-fd, Text("socket for ", address.ToString()));
    return role == Role::kServe ? Serve(address, settings, loop, sink, fd)
                                : Connect(address, settings, loop, sink, fd);
  }

 private:
  static absl::StatusOr<std::unique_ptr<Opening>> Connect(const Address& address,
                                                          const UnixSettings& settings, Loop& loop,
                                                          LinkSink& sink, int fd) {
    const std::string what = address.ToString();
    int result = loop.sys().Connect(fd, settings.sockname(), settings.name_bytes);
    if (settings.type == UnixSettings::Type::kDatagrams)
      return ConnectDatagrams(what, settings, loop, sink, fd, result);
    // A full backlog is EAGAIN for unix sockets: worth another try, like a service that is not
    // there yet.
    if (result == -EAGAIN) result = -ECONNREFUSED;
    return MakeSocketClient(loop, sink, fd, result, Text("connect ", what),
                            MakeHandOver(loop, settings, what, Role::kConnect));
  }

  static absl::StatusOr<std::unique_ptr<Opening>> ConnectDatagrams(const std::string& what,
                                                                   const UnixSettings& settings,
                                                                   Loop& loop, LinkSink& sink,
                                                                   int fd, int result) {
    // A name of its own, so that the server can tell it from others.
    const sockaddr_un own{.sun_family = AF_UNIX, .sun_path = {}};
    if (result == 0) {
      result = loop.sys().Bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof own.sun_family);
    }
    absl::Status status =
        result < 0 ? ConnectError(-result, Text("connect ", what)) : WidenDatagrams(loop, fd);
    if (!status.ok()) {
      close(fd);
      return status;
    }
    absl::StatusOr<std::unique_ptr<HubMedium>> medium =
        MakeDatagramClient(loop, settings, fd, what);
    if (!medium.ok()) return medium.status();
    return MakeHubClient(loop, sink, *std::move(medium), {}, Text("connect ", what));
  }

  static absl::StatusOr<std::unique_ptr<Opening>> Serve(const Address& address,
                                                        const UnixSettings& settings, Loop& loop,
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
    int result = loop.sys().Bind(fd, settings.sockname(),
                                 address.bare() ? sizeof(sa_family_t) : settings.name_bytes);
    if (result == 0 && path != nullptr) {
      absl::Status bound = path->SetBound("unix", settings.permissions);
      if (!bound.ok()) return fail(std::move(bound));
    }
    const bool datagrams = settings.type == UnixSettings::Type::kDatagrams;
    if (result == 0) {
      result = datagrams ? loop.sys().SetOption(fd, SOL_SOCKET, SO_PASSCRED, 1)
                         : loop.sys().Listen(fd, SOMAXCONN);
    }
    if (result < 0) return fail(SysError(-result, Text("serve ", address.ToString())));

    Address actual = ActualAddress(address, fd);
    std::string description = actual.ToString();
    std::unique_ptr<Opening> server;
    if (datagrams) {
      std::unique_ptr<HubMedium> medium =
          MakeDatagramServer(loop, settings, fd, std::move(description));
      server = MakeHubServer(loop, sink, std::move(medium), {}, std::move(actual));
    } else {
      server = MakeSocketServer(loop, sink, fd, std::move(actual),
                                MakeHandOver(loop, settings, std::move(description), Role::kServe));
    }
    if (path == nullptr) return server;
    return std::make_unique<PathServer>(std::move(path), std::move(server));
  }
};

}  // namespace

std::unique_ptr<Transport> MakeUnixTransport() { return std::make_unique<UnixTransport>(); }

}  // namespace jackfield
