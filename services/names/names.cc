#include "services/names/names.h"

#include <coroutine>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/base/text.h"

namespace jackfield::names {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

// A wait in a handler, until somebody wakes it or the call is cancelled.
class Waiting {
 public:
  explicit Waiting(ServerCall& call) : call_(call) {
    call.OnCancel([this] { Wake(); });
  }
  void Wake() {
    woken_ = true;
    waiting_.Resume(call_.node());
  }
  bool await_ready() const { return woken_ || call_.cancelled(); }
  void await_suspend(std::coroutine_handle<> waiting) { waiting_.Suspend(call_.node(), waiting); }
  void await_resume() { woken_ = false; }

 private:
  ServerCall& call_;
  Suspended waiting_;
  bool woken_ = false;
};

std::string_view TextOf(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : text->string_view();
}

Listed ListedOf(const Announcement& announcement, const ServerCall& call) {
  const PeerIdentity peer = call.peer();
  Listed listed{.name = announcement.name()->str(),
                .addresses = {},
                .interfaces = {},
                .owner = call.peer_name(),
                .pid = peer.known ? static_cast<int>(peer.pid) : 0};
  if (announcement.addresses() != nullptr) {
    for (const auto* address : *announcement.addresses())
      listed.addresses.push_back(address->str());
  }
  if (announcement.interfaces() != nullptr) {
    for (const Interface* interface : *announcement.interfaces())
      listed.interfaces.push_back({interface->name()->str(), interface->schema_hash()});
  }
  return listed;
}

Offset<names::Service> Build(FlatBufferBuilder& fbb, const Listed& listed) {
  std::vector<Offset<flatbuffers::String>> addresses;
  for (const std::string& address : listed.addresses)
    addresses.push_back(fbb.CreateString(address));
  std::vector<Offset<Interface>> interfaces;
  for (const Listed::Interface& interface : listed.interfaces) {
    interfaces.push_back(
        CreateInterface(fbb, fbb.CreateString(interface.name), interface.schema_hash));
  }
  const auto name = fbb.CreateString(listed.name), owner = fbb.CreateString(listed.owner);
  return CreateService(fbb, name, fbb.CreateVector(addresses), fbb.CreateVector(interfaces), owner,
                       listed.pid);
}

}  // namespace

PortOptions NamesServer::OptionsForPort() {
  PortOptions options;
  options.handlers_max = kNamesMax + kWatchersMax + 1024;
  return options;
}

Handling NamesServer::Announce(ServerStreamOf<Announcement, Announced> call) {
  Directory::Listing listing(directory_);
  absl::Status status = listing.Enter(ListedOf(call.request(), call.call()));
  if (!status.ok()) co_return status;
  Waiting waiting(call.call());
  status = co_await call.Write([](FlatBufferBuilder& fbb) { return CreateAnnounced(fbb); });
  while (status.ok() && !call.cancelled()) co_await waiting;
  co_return status;
}

Handling NamesServer::Find(CallOf<FindRequest, names::Service> call) {
  const absl::StatusOr<const Listed*> listed = directory_.Find(call->name()->string_view());
  if (!listed.ok()) return listed.status();
  return call.Reply([&](FlatBufferBuilder& fbb) { return Build(fbb, **listed); });
}

Handling NamesServer::Watch(ServerStreamOf<WatchRequest, Change> call) {
  if (watchers_ == kWatchersMax) {
    co_return absl::ResourceExhaustedError(
        Text("there are ", kWatchersMax, " watchers, which is the limit"));
  }
  struct Counted {
    explicit Counted(uint32_t& of) : count(of) { ++count; }
    ~Counted() { --count; }
    uint32_t& count;
  } counted(watchers_);
  Waiting waiting(call.call());
  Directory::Watcher watcher(directory_, TextOf(call->name()), TextOf(call->interface()),
                             [&waiting] { waiting.Wake(); });
  const bool follows = call->follow();
  bool complete = false;
  absl::Status status;
  while (status.ok() && !call.cancelled()) {
    if (const std::optional<Directory::Watcher::Change> change = watcher.Next()) {
      // A copy: the directory may change while the item waits for room.
      const Listed listed =
          change->there != nullptr ? *change->there : Listed{.name = change->name};
      const What what = change->there != nullptr ? What::There : What::Gone;
      status = co_await call.Write(
          [&](FlatBufferBuilder& fbb) { return CreateChange(fbb, what, Build(fbb, listed)); });
    } else if (!complete) {
      complete = true;
      status = co_await call.Write(
          [](FlatBufferBuilder& fbb) { return CreateChange(fbb, What::Complete); });
    } else if (follows) {
      co_await waiting;
    } else {
      break;
    }
  }
  co_return status;
}

absl::Status RunNames(jackfield::Service& service) {
  NamesServer server;
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve(NamesServer::OptionsForPort());
  if (!port.ok()) return port.status();
  server.RegisterOn(**port);
  return service.Run();
}

}  // namespace jackfield::names
