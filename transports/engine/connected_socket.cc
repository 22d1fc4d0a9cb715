#include "transports/engine/connected_socket.h"

#include <cstring>
#include <utility>
#include <vector>

#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "transports/engine/resolved_opening.h"
#include "transports/engine/socket_opening.h"

namespace jackfield {
namespace {

constexpr int64_t kNextPlaceNs = 250'000'000;

ConnectedSocket At(const ConnectedSocket& socket, const InternetName& where) {
  ConnectedSocket at = socket;
  at.name = where.address;
  at.name_bytes = where.bytes;
  at.target_of = TargetOf;
  return at;
}

// Connects to whichever of several places is the first to answer.
class ConnectToAny final : public Opening {
 public:
  ConnectToAny(const Address& address, Loop& loop, LinkSink& sink, const InternetNames& names,
               ConnectedSocket socket)
      : address_(address),
        loop_(loop),
        sink_(sink),
        socket_(std::move(socket)),
        timer_([](Timer& timer) { static_cast<ConnectToAny*>(timer.user)->TryNext(); }, this) {
    for (const InternetName& name : names) tries_.push_back(std::make_unique<Try>(*this, name));
    loop_.timers().Arm(timer_, 0);  // the sink is not called from inside Open
  }
  ~ConnectToAny() override { loop_.timers().Cancel(timer_); }

 private:
  struct Try final : LinkSink {
    Try(ConnectToAny& all, const InternetName& name)
        : all(all), name(name), failed{TextOf(name.address), absl::OkStatus()} {}
    void OnServing(const Address&) override {}
    void OnLink(std::unique_ptr<LinkDriver> driver, LinkTraits traits) override {
      all.Take(*this, std::move(driver), std::move(traits));
    }
    void OnOpenFailed(absl::Status status) override { all.Fail(*this, std::move(status)); }

    ConnectToAny& all;
    const InternetName name;
    FailedPlace failed;
    std::unique_ptr<Opening> opening;
  };

  void TryNext() {
    Try& next = *tries_[begun_++];
    if (begun_ < tries_.size()) loop_.timers().Arm(timer_, loop_.clock().NowNs() + kNextPlaceNs);
    ConnectedSocket socket = At(socket_, next.name);
    socket.what = next.failed.place;
    absl::StatusOr<std::unique_ptr<Opening>> opened =
        OpenConnectedSocket(address_, Role::kConnect, loop_, next, std::move(socket));
    if (opened.ok())
      next.opening = *std::move(opened);
    else
      Fail(next, opened.status());
  }
  // Last in whatever calls it: the sink may destroy this.
  void Fail(Try& one, absl::Status status) {
    one.failed.status = std::move(status);
    if (++failures_ < tries_.size()) {
      if (begun_ < tries_.size()) loop_.timers().Arm(timer_, 0);
      return;
    }
    std::vector<FailedPlace> failed;
    for (const auto& each : tries_) failed.push_back(each->failed);
    sink_.OnOpenFailed(NoneOf(Text("connect ", address_.ToString()), failed));
  }
  // Last, as Fail.
  void Take(Try& one, std::unique_ptr<LinkDriver> driver, LinkTraits traits) {
    loop_.timers().Cancel(timer_);
    for (const auto& each : tries_) {
      if (each.get() != &one) each->opening.reset();
    }
    sink_.OnLink(std::move(driver), std::move(traits));
  }

  const Address address_;
  Loop& loop_;
  LinkSink& sink_;
  const ConnectedSocket socket_;
  Timer timer_;
  std::vector<std::unique_ptr<Try>> tries_;
  size_t begun_ = 0, failures_ = 0;
};

absl::StatusOr<std::unique_ptr<Opening>> OpenAtAny(const Address& address, Role role, Loop& loop,
                                                   LinkSink& sink, const InternetNames& names,
                                                   const ConnectedSocket& socket) {
  if (role == Role::kConnect && names.size() > 1)
    return std::make_unique<ConnectToAny>(address, loop, sink, names, socket);
  if (role == Role::kConnect) {
    ConnectedSocket at = At(socket, names.front());
    // Of a name it is said what it was taken for.
    const std::string where = TextOf(names.front().address);
    if (where != address.target()) at.what = Text("connect ", address.ToString(), " at ", where);
    return OpenConnectedSocket(address, role, loop, sink, std::move(at));
  }
  absl::StatusOr<std::unique_ptr<Opening>> opened = absl::UnknownError("no place to serve at");
  for (const InternetName& name : ToServeAt(names)) {
    int error = 0;
    ConnectedSocket at = At(socket, name);
    at.explain = [&](int with) {
      error = with;
      return socket.explain ? socket.explain(with) : absl::OkStatus();
    };
    opened = OpenConnectedSocket(address, role, loop, sink, std::move(at));
    if (opened.ok() || !IsNotOfThisMachine(error)) break;
  }
  return opened;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Opening>> OpenConnectedSocket(const Address& address, Role role,
                                                             Loop& loop, LinkSink& sink,
                                                             ConnectedSocket socket) {
  const auto failed = [&](int result, std::string_view doing) {
    absl::Status status = socket.explain ? socket.explain(-result) : absl::OkStatus();
    if (!status.ok()) return status;
    const bool named = role == Role::kConnect && !socket.what.empty();
    return SysError(-result, named ? socket.what : Text(doing, " ", address.ToString()));
  };
  const auto* name = reinterpret_cast<const sockaddr*>(&socket.name);
  const int made = loop.sys().Socket(socket.name.ss_family, socket.type, socket.protocol);
  if (made < 0) return failed(made, "socket for");
  OwnedFd fd(made);
  const auto hand_over = [&socket](std::string description) -> HandOver {
    return [caps = socket.caps, make = socket.make_driver, description = std::move(description)](
               int connected, LinkSink& to) {
      LinkTraits traits;
      traits.caps = caps;
      traits.description = description;
      traits.peer_host = PeerHostOf(connected);
      to.OnLink(make(connected), std::move(traits));
    };
  };
  if (role == Role::kConnect) {
    const int result = loop.sys().Connect(fd.get(), name, socket.name_bytes);
    if (result < 0) {
      if (absl::Status status = socket.explain ? socket.explain(-result) : absl::OkStatus();
          !status.ok())
        return status;
    }
    std::string what = socket.what.empty() ? Text("connect ", address.ToString()) : socket.what;
    return MakeSocketClient(loop, sink, fd.Release(), result, std::move(what),
                            hand_over(address.ToString()));
  }
  loop.sys().SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  int result = loop.sys().Bind(fd.get(), name, socket.name_bytes);
  if (result == 0) result = loop.sys().Listen(fd.get(), SOMAXCONN);
  if (result < 0) return failed(result, "serve");
  Address actual = address.WithTarget(socket.target_of(fd.get()));
  std::string description = actual.ToString();
  return MakeSocketServer(loop, sink, fd.Release(), std::move(actual),
                          hand_over(std::move(description)));
}

absl::StatusOr<std::unique_ptr<Opening>> OpenInternetSocket(const Address& address, Role role,
                                                            Loop& loop, LinkSink& sink,
                                                            const HostPort& place,
                                                            ConnectedSocket socket) {
  return OpenResolved(
      loop, sink, address, place, [address, place] { return ResolveAllowed(address, place); },
      [address, role, &loop, socket = std::move(socket)](const InternetNames& names, LinkSink& to) {
        return OpenAtAny(address, role, loop, to, names, socket);
      });
}

}  // namespace jackfield
