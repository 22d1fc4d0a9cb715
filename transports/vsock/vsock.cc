#include "transports/vsock/vsock.h"

#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "kernel/loop/loop.h"
#include "transports/engine/about.h"
#include "transports/engine/connected_socket.h"
#include "transports/engine/stream/stream_driver.h"
#include "transports/engine/transport_of.h"

namespace jackfield {
namespace {

struct Place {
  unsigned cid = VMADDR_CID_LOCAL;
  unsigned port = VMADDR_PORT_ANY;  // a server's: the system chooses
};

absl::StatusOr<Place> Read(const Address& address, Role role) {
  if (absl::Status status = address.CheckKeys({}); !status.ok()) return status;
  const auto bad = [&](std::string_view why) {
    return absl::InvalidArgumentError(About(address, why,
                                            "; write vsock://CID:PORT, where CID is a number, ",
                                            "local (1), host (2) or, to serve, any"));
  };
  const auto parse = [](std::string_view text, unsigned& number) {
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && stop == text.data() + text.size();
  };
  Place place;
  if (address.bare()) {
    if (role == Role::kConnect) return bad("a client needs to know where");
    return place;
  }
  const std::string_view target = address.target();
  const size_t colon = target.find(':');
  if (colon == std::string_view::npos) return bad("no port");
  const std::string_view cid = target.substr(0, colon);
  if (cid == "any") {
    if (role == Role::kConnect) return bad("a client needs one machine");
    place.cid = VMADDR_CID_ANY;
  } else if (cid == "host") {
    place.cid = VMADDR_CID_HOST;
  } else if (cid != "local" && (!parse(cid, place.cid) || place.cid == VMADDR_CID_ANY)) {
    return bad("no machine has that number");
  }
  unsigned port = 0;
  if (!parse(target.substr(colon + 1), port) || port == VMADDR_PORT_ANY)
    return bad("a port is 0..4294967294");
  if (port == 0 && role == Role::kConnect) return bad("a client needs a port other than 0");
  if (port != 0) place.port = port;
  return place;
}

Caps VsockCaps() {
  Caps caps;
  caps.send = caps.receive = caps.reply = caps.ordered = caps.reliable = caps.peer_loss =
      caps.multi_host = true;
  caps.frame_bytes_max = kFrameBytesMaxDefault;
  caps.depth_frames = Link::kDepthFrames;
  return caps;
}

sockaddr_storage NameOf(Place place) {
  sockaddr_vm vm{};
  vm.svm_family = AF_VSOCK;
  vm.svm_cid = place.cid;
  vm.svm_port = place.port;
  sockaddr_storage name{};
  std::memcpy(&name, &vm, sizeof vm);
  return name;
}

std::string TargetOf(int fd) {
  sockaddr_vm vm{};
  socklen_t bytes = sizeof vm;
  getsockname(fd, reinterpret_cast<sockaddr*>(&vm), &bytes);
  unsigned cid = vm.svm_cid;
  if (cid == VMADDR_CID_ANY) {
    const OwnedFd device(open("/dev/vsock", O_RDONLY | O_CLOEXEC));
    if (!device.ok() || ioctl(device.get(), IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid) != 0 ||
        cid == VMADDR_CID_ANY)
      cid = VMADDR_CID_LOCAL;
  }
  return Text(cid, ":", vm.svm_port);
}

// Without vsock_loopback the system sends what is for this machine to the hypervisor, which knows
// no such machine: connecting would end in silence, where binding tells.
absl::Status CheckLoopback(const Address& address, const Sys& sys) {
  const int made = sys.Socket(AF_VSOCK, SOCK_STREAM, 0);
  if (made < 0) return absl::OkStatus();  // told by whoever needs a socket next
  const OwnedFd fd(made);
  const sockaddr_storage name = NameOf({});
  const int result =
      sys.Bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(sockaddr_vm));
  if (result != -EADDRNOTAVAIL) return absl::OkStatus();
  return MakeStatus(Outcome::kRefused, Reason::kResource,
                    About(address,
                          "this kernel carries no vsock within one machine; load its module: "
                          "modprobe vsock_loopback (CONFIG_VSOCKETS_LOOPBACK)"));
}

absl::Status Explain(const Address& address, int error) {
  const auto lacks = [&](std::string_view what) {
    return MakeStatus(Outcome::kRefused, Reason::kResource, About(address, what));
  };
  switch (error) {
    case EAFNOSUPPORT:
      return lacks("this kernel has no vsock; load its module: modprobe vsock (CONFIG_VSOCKETS)");
    case ENODEV:
      return lacks(
          "nothing carries vsock to that machine: a guest needs the device of its hypervisor "
          "(modprobe vmw_vsock_virtio_transport), a host modprobe vhost_vsock");
    case EADDRNOTAVAIL:
      return lacks("this machine does not have that number; serve at vsock://any:PORT");
    default:
      return absl::OkStatus();
  }
}

class VsockTransport final : public TransportOf<Place, Read, VsockCaps> {
 public:
  std::string_view scheme() const override { return "vsock"; }

  absl::StatusOr<std::unique_ptr<Opening>> Start(Place& place, const Address& address, Role role,
                                                 Loop& loop, LinkSink& sink) const override {
    if (place.cid == VMADDR_CID_LOCAL) {
      if (absl::Status status = CheckLoopback(address, loop.sys()); !status.ok()) return status;
    }
    ConnectedSocket socket;
    socket.name = NameOf(place);
    socket.name_bytes = sizeof(sockaddr_vm);
    socket.caps = VsockCaps();
    socket.target_of = TargetOf;
    socket.explain = [&address](int error) { return Explain(address, error); };
    socket.make_driver = [&loop](int fd) {
      const StreamEnds ends{
          .read_fd = fd, .write_fd = fd, .socket = true, .frame_bytes_max = kFrameBytesMaxDefault};
      return std::make_unique<StreamDriver>(loop, ends);
    };
    return OpenConnectedSocket(address, role, loop, sink, std::move(socket));
  }
};

}  // namespace

absl::Status CheckVsockMachine(const Address& address, Role role) {
  const absl::StatusOr<Place> place = Read(address, role);
  if (!place.ok()) return place.status();
  const Sys sys(nullptr);
  const OwnedFd fd(sys.Socket(AF_VSOCK, SOCK_STREAM, 0));
  if (!fd.ok()) return Explain(address, -fd.get());
  return place->cid == VMADDR_CID_LOCAL ? CheckLoopback(address, sys) : absl::OkStatus();
}

std::unique_ptr<Transport> MakeVsockTransport() { return std::make_unique<VsockTransport>(); }

}  // namespace jackfield
