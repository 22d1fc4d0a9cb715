#include "transports/udp/udp.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "kernel/node.h"
#include "kernel/text.h"
#include "transports/engine/hub/hub.h"
#include "transports/engine/internet_name.h"
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

class UdpTransport final : public Transport {
 public:
  std::string_view scheme() const override { return "udp"; }

  absl::StatusOr<Caps> Describe(const Address& address, Role role) const override {
    absl::StatusOr<UdpSettings> settings = UdpSettings::Read(address, role);
    if (!settings.ok()) return settings.status();
    return CapsOf(*settings, role);
  }

  absl::StatusOr<std::unique_ptr<Opening>> Open(const Address& address, Role role, Node& node,
                                                LinkSink& sink) const override {
    absl::StatusOr<UdpSettings> settings = UdpSettings::Read(address, role);
    if (!settings.ok()) return settings.status();
    absl::StatusOr<InternetName> where = Resolve(address, *settings);
    if (!where.ok()) return where.status();
    const Sys& sys = node.sys();
    const int fd = sys.Socket(where->address.ss_family, SOCK_DGRAM, 0);
    if (fd < 0) return SysError(-fd, Text("socket for ", address.ToString()));
    sys.SetOption(fd, SOL_SOCKET, SO_RCVBUF, kBufferBytes);  // as much as there is to be had
    sys.SetOption(fd, SOL_SOCKET, SO_SNDBUF, kBufferBytes);
    absl::Status status = role == Role::kServe ? Bind(address, *settings, *where, sys, fd)
                                               : Connect(address, *settings, *where, sys, fd);
    if (!status.ok()) {
      close(fd);
      return status;
    }
    HubLimits limits;
    limits.reliable = false;
    limits.silent_ns = settings->multicast ? kSenderSilentNs : kPeerSilentNs;
    const Caps caps = CapsOf(*settings, role);
    if (role == Role::kConnect) {
      return MakeHubClient(
          node, sink,
          std::make_unique<UdpMedium>(node, fd, UdpMedium::Peers::kOne, caps, address.ToString()),
          limits, Text("connect ", address.ToString()));
    }
    Address actual = address.WithTarget(TargetOf(fd));
    auto medium =
        std::make_unique<UdpMedium>(node, fd, UdpMedium::Peers::kMany, caps, actual.ToString());
    return MakeHubServer(node, sink, std::move(medium), limits, std::move(actual));
  }

 private:
  static absl::Status Bind(const Address& address, const UdpSettings& settings,
                           const InternetName& where, const Sys& sys, int fd) {
    // Each receiver of a group on this machine has a socket on the same port.
    if (settings.multicast) sys.SetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (const int result = sys.Bind(fd, where.get(), where.bytes); result < 0)
      return SysError(-result, Text("serve ", address.ToString()));
    return settings.multicast ? Join(sys, fd, where, settings, address) : absl::OkStatus();
  }

  static absl::Status Connect(const Address& address, const UdpSettings& settings,
                              const InternetName& where, const Sys& sys, int fd) {
    if (settings.multicast) {
      if (absl::Status set = SetSender(sys, fd, where, settings, address); !set.ok()) return set;
    }
    const int result = sys.Connect(fd, where.get(), where.bytes);
    if (result < 0) return SysError(-result, Text("connect ", address.ToString()));
    // It would talk to itself, and keep the port from its server.
    if (!settings.multicast && IsConnectedToItself(fd))
      return SysError(ECONNREFUSED, Text("connect ", address.ToString()));
    return absl::OkStatus();
  }
};

}  // namespace

absl::Status CheckUdpMachine(const Address& address, Role role) {
  absl::StatusOr<UdpSettings> settings = UdpSettings::Read(address, role);
  return settings.ok() ? Resolve(address, *settings).status() : settings.status();
}

std::unique_ptr<Transport> MakeUdpTransport() { return std::make_unique<UdpTransport>(); }

}  // namespace jackfield
