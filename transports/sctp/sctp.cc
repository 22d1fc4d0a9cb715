#include "transports/sctp/sctp.h"

#include <netinet/in.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "kernel/loop/loop.h"
#include "transports/engine/about.h"
#include "transports/engine/connected_socket.h"
#include "transports/engine/internet_name.h"
#include "transports/engine/packet/packet_driver.h"
#include "transports/engine/seamed.h"
#include "transports/engine/transport_of.h"

namespace jackfield {
namespace {

constexpr std::string_view kKeys[] = {"plain"};
constexpr uint32_t kSctpFrameBytesMax = 16 << 10;
// The system takes a packet whole or not at all, so several must fit; and what is not read yet must
// never be so much that it begins to hand over a packet in parts.
constexpr int kBufferBytes = 32 * static_cast<int>(kSctpFrameBytesMax);
// Of linux/sctp.h, which is not installed everywhere.
constexpr int kSctpRtoInfo = 0, kSctpNoDelay = 3;
struct SctpRtoInfo {
  int32_t association = 0;  // of this socket
  uint32_t initial_ms, max_ms, min_ms;
};
// The system's least is a second (RFC 9260, 16), and a receiver without room drops: then each drop
// would cost one. RFC 9260 lets it be less on paths that are known to be short.
constexpr SctpRtoInfo kRtoInfo{.initial_ms = 1000, .max_ms = 10'000, .min_ms = 50};

absl::StatusOr<HostPort> Read(const Address& address, Role role) {
  if (absl::Status status = address.CheckKeys(kKeys); !status.ok()) return status;
  return ReadAllowed(address, role);
}

Caps SctpCaps() {
  Caps caps;
  caps.send = caps.receive = caps.reply = caps.ordered = caps.reliable = caps.peer_loss =
      caps.multi_host = true;
  caps.frame_bytes_max = kSctpFrameBytesMax;
  caps.depth_frames = Link::kDepthFrames;
  return caps;
}

std::unique_ptr<LinkDriver> MakeDriver(Loop& loop, int fd) {
  loop.sys().SetOption(fd, IPPROTO_SCTP, kSctpNoDelay, 1);
  ThroughSeam(loop.sys(), Site::kSetOption, fd, [fd] {
    return setsockopt(fd, IPPROTO_SCTP, kSctpRtoInfo, &kRtoInfo, sizeof kRtoInfo);
  });
  loop.sys().SetOption(fd, SOL_SOCKET, SO_SNDBUF, kBufferBytes);
  loop.sys().SetOption(fd, SOL_SOCKET, SO_RCVBUF, kBufferBytes);
  return std::make_unique<PacketDriver>(loop, fd, kSctpFrameBytesMax,
                                        PacketDriver::WholeBy::kEndOfRecord);
}

absl::Status Explain(const Address& address, int error) {
  if (error == ENOSYS) {
    return MakeStatus(Outcome::kRefused, Reason::kResource,
                      About(address,
                            "this kernel cannot sign SCTP's cookies; load what "
                            "net.sctp.cookie_hmac_alg names: modprobe sha1_generic or md5"));
  }
  if (error != EPROTONOSUPPORT && error != ESOCKTNOSUPPORT) return absl::OkStatus();
  return MakeStatus(Outcome::kRefused, Reason::kResource,
                    About(address,
                          "this kernel has no SCTP; load its module: modprobe sctp "
                          "(CONFIG_IP_SCTP; Debian keeps it from loading by itself), or use tcp:"));
}

class SctpTransport final : public TransportOf<HostPort, Read, SctpCaps> {
 public:
  std::string_view scheme() const override { return "sctp"; }

  absl::StatusOr<std::unique_ptr<Opening>> Start(HostPort& place, const Address& address, Role role,
                                                 Loop& loop, LinkSink& sink) const override {
    ConnectedSocket socket;
    socket.protocol = IPPROTO_SCTP;
    socket.caps = SctpCaps();
    socket.explain = [address](int error) { return Explain(address, error); };
    socket.make_driver = [&loop](int fd) { return MakeDriver(loop, fd); };
    return OpenInternetSocket(address, role, loop, sink, place, std::move(socket));
  }
};

}  // namespace

absl::Status CheckSctpMachine(const Address& address, Role role) {
  absl::StatusOr<HostPort> place = Read(address, role);
  if (!place.ok()) return place.status();
  const absl::StatusOr<InternetNames> where = ResolveAllowed(address, *place);
  if (!where.ok()) return where.status();
  const Sys sys(nullptr);
  const OwnedFd fd(sys.Socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP));
  // The cookie's signer is missed only by who listens, here at a port that the system chooses.
  const std::optional<InternetName> loopback = HostPort().Number();
  int result = fd.get();
  if (result >= 0) result = sys.Bind(fd.get(), loopback->get(), loopback->bytes);
  if (result >= 0) result = sys.Listen(fd.get(), 1);
  return result < 0 ? Explain(address, -result) : absl::OkStatus();
}

std::unique_ptr<Transport> MakeSctpTransport() { return std::make_unique<SctpTransport>(); }

}  // namespace jackfield
