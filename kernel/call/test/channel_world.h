// For tests of channels: a client and a service on one node, over a medium that the test holds in
// its hand, by a clock that it moves.
//
// Thread: the test's.
#ifndef JACKFIELD_KERNEL_CALL_TEST_CHANNEL_WORLD_H_
#define JACKFIELD_KERNEL_CALL_TEST_CHANNEL_WORLD_H_

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "kernel/test/pair_driver.h"

namespace jackfield {

inline constexpr uint32_t kEcho = 1, kNote = 2, kLeave = 3, kReplace = 4, kRelay = 5, kUnread = 6;

// Two ends on one node.
struct Wire {
  bool blocked = false;   // what is sent stays with its sender
  bool silent = false;    // nobody answers who connects, not even with a refusal
  absl::Status refuses;   // whoever connects
  absl::Status no_place;  // whoever wants to serve, in a later turn
  uint32_t frame_bytes_max = 2 << 20;
  std::map<std::string, LinkSink*> servers;
};

class WireTransport final : public Transport {
 public:
  explicit WireTransport(Wire& wire) : wire_(wire) {}
  std::string_view scheme() const override { return "wire"; }
  absl::StatusOr<Caps> Describe(const Address&, Role) const override {
    Caps caps = CallNeeds();
    caps.frame_bytes_max = wire_.frame_bytes_max;
    return caps;
  }
  absl::StatusOr<std::unique_ptr<Opening>> Open(const Address& address, Role role, Loop& loop,
                                                LinkSink& sink) const override {
    if (role == Role::kServe) {
      if (!wire_.no_place.ok()) {
        loop.Defer([this, &sink] { sink.OnOpenFailed(wire_.no_place); });
        return std::make_unique<Opening>();
      }
      wire_.servers[address.target()] = &sink;
      loop.Defer([this, &sink, target = address.target()] {
        const auto server = wire_.servers.find(target);
        if (server != wire_.servers.end() && server->second == &sink)
          sink.OnServing(Address("wire", target));
      });
      return std::make_unique<Serving>(wire_, address.target());
    }
    if (wire_.silent) return std::make_unique<Opening>();
    if (!wire_.refuses.ok()) return wire_.refuses;
    if (!wire_.servers.contains(address.target()))
      return absl::UnavailableError("nobody serves there");
    auto opening = std::make_unique<Connecting>();
    loop.Defer([this, &sink, target = address.target(), lives = std::weak_ptr(opening->lives)] {
      if (lives.expired()) return;
      const auto server = wire_.servers.find(target);
      if (server == wire_.servers.end())
        return sink.OnOpenFailed(absl::UnavailableError("it has gone again"));
      auto pair = std::make_shared<Pair>();
      LinkTraits traits;
      traits.caps = *Describe(Address("wire", "x"), Role::kConnect);
      traits.description = "wire:x";
      server->second->OnLink(std::make_unique<PairDriver>(pair, 0, wire_.blocked), traits);
      sink.OnLink(std::make_unique<PairDriver>(pair, 1, wire_.blocked), traits);
    });
    return opening;
  }

 private:
  struct Connecting final : Opening {
    std::shared_ptr<int> lives = std::make_shared<int>();
  };
  struct Serving final : Opening {
    Serving(Wire& wire, std::string target) : wire(wire), target(std::move(target)) {}
    ~Serving() override { wire.servers.erase(target); }
    Wire& wire;
    const std::string target;
  };
  Wire& wire_;
};

class ChannelWorld : public testing::Test {
 protected:
  ChannelWorld() {
    registry_.Add(std::make_unique<WireTransport>(wire_));
    node_ = *Node::Create({.name = "both", .registry = &registry_, .spin_ns = 0, .clock = &clock_});
  }
  void Serve(PortOptions options = {}) {
    port_ = *Port::Open(*node_, {"wire:x"}, options);
    port_->Handle(kEcho,
                  [](ServerCall& call) { call.Reply(Bytes(call.message().text())).IgnoreError(); });
    port_->Handle(kNote, [this](ServerCall&) { ++notes_; });
    port_->Handle(kLeave, [](ServerCall& call) { call.Hold(); });
    // Answers the one that is held, and is held itself.
    port_->Handle(kReplace, [this](ServerCall& call) {
      if (ServerCall* held = std::exchange(held_, &call)) held->Reply(Bytes("next")).IgnoreError();
      call.Hold();
    });
    port_->HandleTask(kUnread, [](ServerCall& call) -> Task<absl::Status> {
      co_await call.node().Sleep(1s);
      co_return call.Reply(Bytes("late"));
    });
  }
  void Connect(ChannelOptions options = {}) {
    channel_ = *Channel::Open(*node_, "wire:x", std::move(options));
  }
  // Both, with a session that is open.
  void Begin(ChannelOptions options = {}) {
    Serve();
    Connect(std::move(options));
    Turns();
    ASSERT_TRUE(channel_->open());
  }
  void Turns(int count = 50) {
    for (int i = 0; i < count; ++i) {
      node_->Turn(Node::kDoNotSleep);
      CheckInvariants();
    }
  }
  void CheckInvariants() {
    for (Port* port = node_->ports().front(); port != nullptr; port = node_->ports().next(port))
      ASSERT_EQ(port->CheckInvariants(), absl::OkStatus());
    if (channel_ == nullptr) return;
    ASSERT_EQ(channel_->CheckInvariants(), absl::OkStatus());
  }
  // Time passes, in steps that every timer sees.
  void Pass(int64_t ns) {
    for (const int64_t end_ns = clock_.NowNs() + ns; clock_.NowNs() < end_ns;) {
      clock_.AdvanceToNs(std::min(end_ns, clock_.NowNs() + 1'000'000));
      Turns(4);
    }
  }
  using Result = std::optional<absl::StatusOr<std::string>>;
  absl::Status Start(uint32_t type, Payload& payload, Result& result, CallOptions options = {}) {
    return channel_->CallAsync(type, payload, options, [&result](Answer& m) {
      result.emplace(m.ok() ? absl::StatusOr<std::string>(m->text()) : m.status());
    });
  }
  absl::Status Start(uint32_t type, std::string_view text, Result& result,
                     CallOptions options = {}) {
    Bytes payload(text);
    return Start(type, payload, result, options);
  }
  // The same by co_await.
  void Await(uint32_t type, std::string_view text, Result& result, CallOptions options = {}) {
    node_->Spawn([](Node&, Channel& channel, uint32_t type, std::string text, Result& result,
                    CallOptions options) -> Task<void> {
      absl::StatusOr<Message> m = co_await channel.Call(type, Bytes(text), options);
      result.emplace(m.ok() ? absl::StatusOr<std::string>(m->text()) : m.status());
    }(*node_, *channel_, type, std::string(text), result, options));
    Turns(2);
  }
  bool TryNote() {
    Bytes text("note");
    return channel_->TrySend(kNote, text).ok();
  }

  ManualClock clock_;
  Wire wire_;
  Registry registry_;
  std::deque<Result> results_;  // outlive the node, which tells those who have not heard
  std::deque<std::vector<Result>> lists_;
  std::unique_ptr<Node> node_;
  ServerCall* held_ = nullptr;
  int notes_ = 0;
  std::unique_ptr<Port> port_;
  std::unique_ptr<Channel> channel_;
};

inline PortOptions Window(uint32_t units) {
  PortOptions options;
  options.session.window_units = units;
  return options;
}

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_CALL_TEST_CHANNEL_WORLD_H_
