#include "transports/shm/shm.h"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/loop/loop.h"
#include "transports/engine/transport_of.h"
#include "transports/shm/shm_client.h"
#include "transports/shm/shm_server.h"
#include "transports/shm/shm_settings.h"

namespace jackfield {
namespace {

constexpr int kNamesTried = 8;  // until a random one is free

std::string RandomName(Loop& loop) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string name;
  for (uint64_t random = loop.NextRandom(); name.size() < 12; random >>= 4)
    name += kDigits[random & 15];
  return name;
}

class ShmTransport final : public TransportOf<ShmSettings, ShmSettings::Read, ShmSettings::caps> {
 public:
  std::string_view scheme() const override { return "shm"; }

  absl::StatusOr<std::unique_ptr<Opening>> Start(ShmSettings& settings, const Address& address,
                                                 Role role, Loop& loop,
                                                 LinkSink& sink) const override {
    if (role == Role::kConnect) return MakeShmClient(loop, sink, settings, address.ToString());
    return Serve(address, settings, loop, sink);
  }

 private:
  static absl::StatusOr<std::unique_ptr<Opening>> Serve(const Address& address,
                                                        ShmSettings settings, Loop& loop,
                                                        LinkSink& sink) {
    std::unique_ptr<SocketPath> path;
    if (!settings.path.empty()) {
      absl::StatusOr<std::unique_ptr<SocketPath>> claimed =
          SocketPath::Claim(settings.path, address.ToString());
      if (!claimed.ok()) return claimed.status();
      path = *std::move(claimed);
    }
    const int fd = loop.sys().Socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0) return SysError(-fd, Text("socket for ", address.ToString()));
    const bool chooses = settings.path.empty() && settings.name.empty();
    int result = -EADDRINUSE;
    for (int tries = 0; result == -EADDRINUSE && tries < (chooses ? kNamesTried : 1); ++tries) {
      if (chooses) settings.name = RandomName(loop);
      const sockaddr_un name = settings.socket_name();
      result = loop.sys().Bind(fd, reinterpret_cast<const sockaddr*>(&name),
                               settings.socket_name_bytes());
    }
    if (result == 0 && path != nullptr) {
      if (absl::Status bound = path->SetBound("shm", settings.permissions); !bound.ok()) {
        close(fd);
        return bound;
      }
    }
    if (result == 0) result = loop.sys().Listen(fd, SOMAXCONN);
    if (result < 0) {
      close(fd);
      return SysError(-result, Text("serve ", address.ToString()));
    }
    Address actual = chooses ? address.WithTarget(settings.name) : address;
    return std::make_unique<ShmServer>(loop, sink, settings, fd, std::move(actual),
                                       std::move(path));
  }
};

}  // namespace

std::unique_ptr<Transport> MakeShmTransport() { return std::make_unique<ShmTransport>(); }

}  // namespace jackfield
