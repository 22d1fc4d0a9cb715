// Any frames that come to a port, or to a channel with calls under way, are obeyed or refused;
// every call ends, the ledger adds up, and no memory is kept when it is over.
//
// Input: one byte (bit 0: a channel, not a port; bit 1: the hello is sent properly first), then
// frames: one byte (bit 0: magic, version and size made right; bit 1: the epoch; bit 2: the
// sequence), two bytes (how long it is), its bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "schemas/control_generated.h"

namespace {

using namespace jackfield;

constexpr uint64_t kPeerEpoch = 3;

// A medium on which the input comes in, and on which what goes out is lost.
struct Medium {
  std::vector<std::vector<std::byte>> frames;
  size_t next = 0;
};

class Driver final : public LinkDriver {
 public:
  explicit Driver(Medium& medium) : medium_(medium) {}
  void Pump(Link& link) override {
    link.PopTx(link.tx_frames());
    while (link.rx_room() > 0 && medium_.next < medium_.frames.size() && !closed_) {
      std::vector<std::byte>& frame = medium_.frames[medium_.next++];
      link.PushRx({frame.data(), static_cast<uint32_t>(frame.size())});
    }
  }
  void Close(Link& link) override {
    closed_ = true;
    link.Closed(absl::UnavailableError("closed"));
  }

 private:
  Medium& medium_;
  bool closed_ = false;
};

class Transport final : public jackfield::Transport {
 public:
  std::string_view scheme() const override { return "fuzz"; }
  absl::StatusOr<Caps> Describe(const Address&, Role) const override {
    Caps caps;
    caps.send = caps.receive = caps.reply = caps.ordered = caps.reliable = caps.peer_loss = true;
    caps.frame_bytes_max = 1 << 20;
    caps.depth_frames = Link::kDepthFrames;
    return caps;
  }
  absl::StatusOr<std::unique_ptr<Opening>> Open(const Address& address, Role role, Loop& loop,
                                                LinkSink& sink) const override {
    // Lives until the deferred part has run: every input turns the loop before it lets go.
    struct Once final : Opening {
      const Transport* transport;
      LinkSink* sink;
      Address address;
      Role role;
    };
    auto opening = std::make_unique<Once>();
    opening->transport = this;
    opening->sink = &sink;
    opening->address = address;
    opening->role = role;
    loop.Defer([once = opening.get()] {
      if (once->role == Role::kServe) once->sink->OnServing(once->address);
      LinkTraits traits;
      traits.caps = *once->transport->Describe(once->address, once->role);
      traits.description = "fuzz";
      once->sink->OnLink(std::make_unique<Driver>(*once->transport->medium), std::move(traits));
    });
    return opening;
  }
  Medium* medium = nullptr;
};

struct House {
  Registry registry;
  Transport* transport;
  std::unique_ptr<Node> node;
};

House& TheHouse() {
  static House* const house = [] {
    auto* made = new House;
    auto transport = std::make_unique<Transport>();
    made->transport = transport.get();
    made->registry.Add(std::move(transport));
    made->node = Node::Create({.name = "fuzz",
                               .registry = &made->registry,
                               .wait = NodeOptions::Wait::kEpoll,
                               .epoch = 2})
                     .value();
    return made;
  }();
  return *house;
}

std::vector<std::byte> Finished(FrameKind kind, uint64_t epoch,
                                flatbuffers::FlatBufferBuilder& fbb) {
  std::vector<std::byte> frame(kHeaderBytes + fbb.GetSize());
  new (frame.data()) FrameHeader(kMagic, kVersionMax, kind, 0, static_cast<uint32_t>(frame.size()),
                                 0, 0, 0, 0, 0, 0, epoch, 0, 0, kNoDeadline, 1000);
  std::memcpy(frame.data() + kHeaderBytes, fbb.GetBufferPointer(), fbb.GetSize());
  return frame;
}

std::vector<std::byte> Greeting(bool welcome, uint64_t epoch) {
  flatbuffers::FlatBufferBuilder fbb;
  const auto name = fbb.CreateString("peer");
  if (welcome)
    fbb.Finish(wire::CreateWelcome(fbb, kVersionMax, 0, kPeerEpoch, 1 << 20, 1000, 64, name));
  else
    fbb.Finish(
        wire::CreateHello(fbb, kVersionMin, kVersionMax, 0, kPeerEpoch, 1 << 20, 1000, 64, name));
  return Finished(welcome ? FrameKind::Welcome : FrameKind::Hello, welcome ? epoch : 0, fbb);
}

// docs/WIRE.md says what lies where.
template <class T>
void Put(std::vector<std::byte>& frame, size_t at, T value) {
  std::memcpy(frame.data() + at, &value, sizeof value);
}

void ReadFrames(const std::uint8_t* data, std::size_t size, uint64_t epoch, Medium& medium) {
  uint32_t sequence = 0;
  while (size >= 3) {
    const uint8_t right = data[0];
    const size_t bytes = std::min<size_t>(size - 3, data[1] | data[2] << 8);
    std::vector<std::byte> frame(std::max<size_t>(bytes, kHeaderBytes));
    std::memcpy(frame.data(), data + 3, bytes);
    data += 3 + bytes;
    size -= 3 + bytes;
    if ((right & 1) != 0) {
      frame[0] = std::byte{kMagic};
      frame[1] = std::byte{kVersionMax};
      Put(frame, 4, static_cast<uint32_t>(frame.size()));
    }
    if ((right & 2) != 0) Put(frame, 24, epoch);
    if ((right & 4) != 0)
      Put(frame, 32, IsSequenced(CopyHeader(frame.data()).kind()) ? ++sequence : 0u);
    medium.frames.push_back(std::move(frame));
  }
}

void Check(const Ledger& ledger) {
  if (ledger.delivered + ledger.failed + ledger.in_doubt > ledger.sent) std::abort();
  if (ledger.handled > ledger.received) std::abort();
}

void TurnAll(Node& node, const Medium& medium) {
  for (int i = 0; i < 1000 && medium.next < medium.frames.size(); ++i) node.Turn(Node::kDoNotSleep);
  for (int i = 0; i < 3; ++i) node.Turn(Node::kDoNotSleep);
}

void ServeAll(House& house, Medium& medium) {
  Node& node = *house.node;
  const std::unique_ptr<Port> port = Port::Open(node, {"fuzz:x"}).value();
  port->Handle(1, [](ServerCall& call) {
    if (!call.one_way()) call.Reply(Bytes(call.payload())).IgnoreError();
  });
  port->Handle(2, [](ServerCall& call) {
    if (call.one_way()) return;
    call.Hold();
    call.OnCancel([&call] { call.Fail(absl::CancelledError("")).IgnoreError(); });
  });
  port->HandleTask(3, [](ServerCall& call) -> Task<absl::Status> {
    if (call.stream() == nullptr) co_return absl::InvalidArgumentError("no stream");
    while (std::optional<Message> item = co_await call.stream()->Read()) {
      const absl::Status sent = co_await call.stream()->Write(Bytes(item->payload()));
      if (!sent.ok()) co_return sent;
    }
    co_return absl::OkStatus();
  });
  TurnAll(node, medium);
  Check(port->ledger());
}

void CallAll(House& house, Medium& medium) {
  Node& node = *house.node;
  int ended = 0;
  {
    const std::unique_ptr<Channel> channel = Channel::Open(node, "fuzz:x").value();
    int started = 0;
    for (int i = 0; i < 3; ++i) {
      started += channel
                     ->CallAsync(1, Bytes("call"), {},
                                 [&ended](Answer& reply) {
                                   ++ended;
                                   if (reply.ok()) reply->text();
                                 })
                     .ok();
    }
    const auto stream = channel->OpenStream(3, Bytes("stream"));
    TurnAll(node, medium);
    if (stream.ok()) {
      while ((*stream)->Read().await_ready()) {
        if (!(*stream)->Read().Wait()) break;
      }
    }
    Check(channel->ledger());
    channel->Close(0s);
    TurnAll(node, medium);
    if (ended != started) std::abort();
    Check(channel->ledger());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  House& house = TheHouse();
  Node& node = *house.node;
  const uint64_t in_use = node.blocks().bytes_in_use();
  Medium medium;
  house.transport->medium = &medium;
  const bool channel = (data[0] & 1) != 0;
  if ((data[0] & 2) != 0) medium.frames.push_back(Greeting(channel, node.epoch()));
  ReadFrames(data + 1, size - 1, node.epoch(), medium);
  if (channel)
    CallAll(house, medium);
  else
    ServeAll(house, medium);
  for (int i = 0; i < 4; ++i) node.Turn(Node::kDoNotSleep);
  if (node.blocks().bytes_in_use() != in_use) std::abort();
  return 0;
}
