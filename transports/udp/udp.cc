#include "transports/udp/udp.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <utility>

#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "kernel/loop/loop.h"
#include "transports/engine/hub/hub.h"
#include "transports/engine/internet_name.h"
#include "transports/engine/resolved_opening.h"
#include "transports/engine/transport_of.h"
#include "transports/udp/places.h"
#include "transports/udp/resolve.h"
#include "transports/udp/settings.h"
#include "transports/udp/udp_medium.h"

namespace jackfield {
namespace {

// Bursts of a whole congestion window must fit; the system gives at most net.core.rmem_max.
constexpr int kBufferBytes = 4 << 20;

// Nothing tells a receiver that a sender has gone. One of a group loses nothing with its place: it
// gets another with its next datagram. Any other may have a session there, which ?idle= of the
// reliable shim keeps silent for an hour at most.
constexpr int64_t kSenderSilentNs = 10'000'000'000;
constexpr int64_t kPeerSilentNs = int64_t{2} * 3600 * 1'000'000'000;

class UdpTransport final : public TransportOf<UdpSettings, UdpSettings::Read, CapsOf> {
 public:
  std::string_view scheme() const override { return "udp"; }

  absl::StatusOr<std::unique_ptr<Opening>> Start(UdpSettings& settings, const Address& address,
                                                 Role role, Loop& loop,
                                                 LinkSink& sink) const override {
    return OpenResolved(
        loop, sink, address, settings.where,
        [address, settings = settings] { return Resolve(address, settings); },
        [address, settings = settings, role, &loop](const InternetNames& names, LinkSink& to) {
          return role == Role::kServe ? Serve(address, settings, names, loop, to)
                                      : Connect(address, settings, names, loop, to);
        });
  }

 private:
  static HubLimits LimitsOf(const UdpSettings& settings) {
    HubLimits limits;
    limits.reliable = false;
    limits.silent_ns = settings.multicast ? kSenderSilentNs : kPeerSilentNs;
    return limits;
  }
  static void SetBuffers(const Sys& sys, int fd) {  // as much as there is to be had
    sys.SetOption(fd, SOL_SOCKET, SO_RCVBUF, kBufferBytes);
    sys.SetOption(fd, SOL_SOCKET, SO_SNDBUF, kBufferBytes);
  }

  static absl::StatusOr<std::unique_ptr<Opening>> Connect(const Address& address,
                                                          const UdpSettings& settings,
                                                          const InternetNames& names, Loop& loop,
                                                          LinkSink& sink) {
    const Sys& sys = loop.sys();
    auto places = std::make_unique<UdpPlaces>(address, names);
    OwnedFd fd(places->MakeSocket(sys));
    if (!fd.ok()) return SysError(-fd.get(), Text("socket for ", address.ToString()));
    SetBuffers(sys, fd.get());
    if (settings.multicast) {
      absl::Status set = ConnectSender(sys, fd.get(), names.front(), settings, address);
      if (!set.ok()) return set;
    } else {
      const int result = places->ConnectFirst(sys, fd.get(), loop.clock().NowNs());
      if (result < 0) return places->Why(-result);
    }
    return MakeHubClient(
        loop, sink,
        std::make_unique<UdpMedium>(loop, fd.Release(), std::move(places),
                                    CapsOf(settings, Role::kConnect), address.ToString()),
        LimitsOf(settings), Text("connect ", address.ToString()));
  }

  static absl::StatusOr<std::unique_ptr<Opening>> Serve(const Address& address,
                                                        const UdpSettings& settings,
                                                        const InternetNames& names, Loop& loop,
                                                        LinkSink& sink) {
    const Sys& sys = loop.sys();
    absl::StatusOr<OwnedFd> fd = absl::UnknownError("no place to serve at");
    for (const InternetName& name : ToServeAt(names)) {
      int error = 0;
      fd = Bind(address, settings, name, sys, error);
      if (fd.ok() || !IsNotOfThisMachine(error)) break;
    }
    if (!fd.ok()) return fd.status();
    Address actual = address.WithTarget(TargetOf(fd->get()));
    auto medium = std::make_unique<UdpMedium>(loop, fd->Release(), nullptr,
                                              CapsOf(settings, Role::kServe), actual.ToString());
    return MakeHubServer(loop, sink, std::move(medium), LimitsOf(settings), std::move(actual));
  }

  static absl::StatusOr<OwnedFd> Bind(const Address& address, const UdpSettings& settings,
                                      const InternetName& where, const Sys& sys, int& error) {
    const auto failed = [&](int result, std::string_view doing) {
      error = -result;
      return SysError(error, Text(doing, " ", address.ToString()));
    };
    OwnedFd fd(sys.Socket(where.address.ss_family, SOCK_DGRAM, 0));
    if (!fd.ok()) return failed(fd.get(), "socket for");
    SetBuffers(sys, fd.get());
    // Each receiver of a group on this machine has a socket on the same port.
    if (settings.multicast) sys.SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    // On loopback nobody but this system can say that a peer's socket is closed, so it is believed.
    if (!settings.multicast && where.IsLoopback()) {
      const bool v6 = where.address.ss_family == AF_INET6;
      sys.SetOption(fd.get(), v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, 1);
    }
    if (const int result = sys.Bind(fd.get(), where.get(), where.bytes); result < 0)
      return failed(result, "serve");
    if (settings.multicast) {
      if (absl::Status joined = Join(sys, fd.get(), where, settings, address); !joined.ok())
        return joined;
    }
    return fd;
  }
};

}  // namespace

absl::Status CheckUdpMachine(const Address& address, Role role) {
  absl::StatusOr<UdpSettings> settings = UdpSettings::Read(address, role);
  return settings.ok() ? Resolve(address, *settings).status() : settings.status();
}

std::unique_ptr<Transport> MakeUdpTransport() { return std::make_unique<UdpTransport>(); }

}  // namespace jackfield
