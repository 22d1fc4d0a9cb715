// Messages over a medium that cannot answer.
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"

namespace jackfield {
namespace {

// A tape: what is appended to it is read from it, by frame. A test may cut frames out or repeat
// them.
struct Tape {
  uint64_t lost = 0;  // to be told by the driver
  std::deque<std::vector<std::byte>> frames;
  Link* reader = nullptr;
};

class TapeDriver final : public LinkDriver {
 public:
  TapeDriver(Tape& tape, bool reads) : tape_(tape), reads_(reads) {}
  ~TapeDriver() override {
    if (reads_) tape_.reader = nullptr;
  }
  void Pump(Link& link) override {
    if (reads_) tape_.reader = &link;
    while (!reads_ && link.has_tx()) {
      const FrameRef& frame = link.NextTx();
      tape_.frames.emplace_back(frame.data, frame.data + Align8(frame.bytes));
      link.PopTx(1);
      if (tape_.reader != nullptr) tape_.reader->Wake();
    }
    if (!reads_ || link.has_rx()) return;
    link.NoteLost(std::exchange(tape_.lost, 0));
    read_.clear();
    while (!tape_.frames.empty() && read_.size() < 64) {
      read_.push_back(std::move(tape_.frames.front()));
      tape_.frames.pop_front();
    }
    for (auto& frame : read_) link.PushRx({frame.data(), PeekFrameBytes(frame.data())});
  }
  void Close(Link& link) override { link.Closed(absl::OkStatus()); }

 private:
  Tape& tape_;
  const bool reads_;
  std::deque<std::vector<std::byte>> read_;
};

class TapeTransport final : public Transport {
 public:
  explicit TapeTransport(Tape& tape) : tape_(tape) {}
  std::string_view scheme() const override { return "tape"; }
  absl::StatusOr<Caps> Describe(const Address&, Role role) const override {
    Caps caps;
    (role == Role::kServe ? caps.receive : caps.send) = true;
    caps.ordered = true;
    caps.frame_bytes_max = 4096;
    return caps;
  }
  absl::StatusOr<std::unique_ptr<Opening>> Open(const Address&, Role role, Loop& loop,
                                                LinkSink& sink) const override {
    loop.Defer([this, &sink, role] {
      const Address address("tape", "x");
      if (role == Role::kServe) sink.OnServing(address);
      LinkTraits traits;
      traits.caps = *Describe(address, role);
      traits.description = "tape:x";
      sink.OnLink(std::make_unique<TapeDriver>(tape_, role == Role::kServe), std::move(traits));
    });
    return std::make_unique<Opening>();
  }

 private:
  Tape& tape_;
};

class OneWayTest : public testing::Test {
 protected:
  OneWayTest() {
    registry_.Add(std::make_unique<TapeTransport>(tape_));
    node_ = *Node::Create({.registry = &registry_, .spin_ns = 0});
  }
  std::unique_ptr<Channel> Connect() {
    ChannelOptions options;
    options.needs = SendNeeds();
    std::unique_ptr<Channel> channel = *Channel::Open(*node_, "tape:x", std::move(options));
    EXPECT_TRUE(channel->WaitOpen().ok());
    return channel;
  }
  std::unique_ptr<Port> Serve(PortOptions options = {}) {
    options.needs = ReceiveNeeds();
    std::unique_ptr<Port> port = *Port::Open(*node_, {"tape:x"}, options);
    port->Handle(1, [this](ServerCall& call) { got_ += std::string(call.message().text()); });
    EXPECT_TRUE(port->WaitServing().ok());
    return port;
  }
  void TurnUntilQuiet() {
    while (node_->Turn(Node::kDoNotSleep)) {
    }
  }

  Tape tape_;
  Registry registry_;
  std::unique_ptr<Node> node_;
  std::string got_;
};

TEST_F(OneWayTest, WhatIsSentArrivesInOrderAndIsDeliveredWhenTheMediumHasIt) {
  auto channel = Connect();
  for (const char* letter : {"a", "b", "c"})
    ASSERT_TRUE(channel->Send(1, Bytes(std::string_view(letter))).Wait().ok());
  const Receipt receipt = channel->Close(1s);
  EXPECT_EQ(receipt.delivered, 3u);
  EXPECT_EQ(receipt.handled + receipt.in_doubt + receipt.undelivered, 0u);
  auto port = Serve();
  TurnUntilQuiet();
  EXPECT_EQ(got_, "abc");
  EXPECT_EQ(port->ledger().received, 3u);
  EXPECT_EQ(port->ledger().lost, 0u);
}

TEST_F(OneWayTest, WhatIsSentBeforeTheLinkIsThereLeavesAsSoonAsItIs) {
  ChannelOptions options;
  options.needs = SendNeeds();
  const auto channel = *Channel::Open(*node_, "tape:x", std::move(options));
  bool sent = false;
  node_->Spawn([](Node&, Channel& channel, bool& sent) -> Task<void> {
    sent = (co_await channel.Send(1, Bytes("early"))).ok();
  }(*node_, *channel, sent));
  EXPECT_EQ(channel->ledger().sent, 0u);
  TurnUntilQuiet();
  EXPECT_TRUE(sent) << "not only at its deadline";
  EXPECT_EQ(tape_.frames.size(), 1u);
}

TEST_F(OneWayTest, ACallIsRefusedWhenTheChannelIsOpenedOrWhenItIsMade) {
  const auto channel = Channel::Open(*node_, "tape:x");
  ASSERT_EQ(channel.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(channel.status().ToString().find("reply"), std::string::npos) << channel.status();
  auto one_way = Connect();
  const absl::Status status = one_way->Call(1, Bytes("x")).Wait().status();
  EXPECT_EQ(ReasonOf(status), Reason::kMisuse) << status;
  EXPECT_TRUE(tape_.frames.empty());
}

TEST_F(OneWayTest, AGapIsCountedAndWhatCameAlreadyIsDropped) {
  auto channel = Connect();
  for (const char* letter : {"a", "b", "c", "d"})
    ASSERT_TRUE(channel->Send(1, Bytes(std::string_view(letter))).Wait().ok());
  channel->Close(1s);
  tape_.frames.push_back(tape_.frames[3]);  // again
  tape_.frames.erase(tape_.frames.begin() + 1, tape_.frames.begin() + 3);
  auto port = Serve();
  TurnUntilQuiet();
  EXPECT_EQ(got_, "ad");
  EXPECT_EQ(port->ledger().lost, 2u);
  EXPECT_EQ(port->ledger().stale, 1u);
}

TEST_F(OneWayTest, WhatTheMediumSaysItLostIsCountedOnce) {
  auto channel = Connect();
  for (const char* letter : {"a", "b", "c", "d", "e"})
    ASSERT_TRUE(channel->Send(1, Bytes(std::string_view(letter))).Wait().ok());
  channel->Close(1s);
  const auto rest = std::exchange(tape_.frames, {});
  auto port = Serve();
  tape_.frames.push_back(rest[0]);
  TurnUntilQuiet();
  tape_.lost = 2;  // b, and one of a sender that is never heard of again
  tape_.frames.push_back(rest[2]);
  tape_.reader->Wake();
  TurnUntilQuiet();
  EXPECT_EQ(port->ledger().lost, 2u);
  tape_.frames.push_back(rest[4]);  // of d the medium knows nothing but that one was lost
  tape_.reader->Wake();
  TurnUntilQuiet();
  EXPECT_EQ(got_, "ace");
  EXPECT_EQ(port->ledger().lost, 2u);
}

TEST_F(OneWayTest, WhatTheMediumTookIsDeliveredThoughTheChannelClosesAtOnce) {
  auto channel = Connect();
  ASSERT_TRUE(channel->Send(1, Bytes("a")).Wait().ok());
  const Receipt receipt = channel->Close(0s);
  EXPECT_EQ(tape_.frames.size(), 1u);
  EXPECT_EQ(receipt.delivered, 1u);
  EXPECT_EQ(receipt.in_doubt, 0u);
}

TEST_F(OneWayTest, ChannelsOfOneNodeAtOnceOrInTurnAreSendersOfTheirOwn) {
  auto first = Connect(), second = Connect();
  for (const char* letter : {"a", "b"}) {
    ASSERT_TRUE(first->Send(1, Bytes(std::string_view(letter))).Wait().ok());
    ASSERT_TRUE(second->Send(1, Bytes(std::string_view(letter))).Wait().ok());
  }
  first->Close(1s);
  first = Connect();
  ASSERT_TRUE(first->Send(1, Bytes("c")).Wait().ok());
  auto port = Serve();
  TurnUntilQuiet();
  EXPECT_EQ(got_, "ababc");
  EXPECT_EQ(port->ledger().stale, 0u);
  EXPECT_EQ(port->ledger().lost, 0u);
}

TEST_F(OneWayTest, WhatCannotBeReadIsDroppedAndTheRestArrives) {
  auto channel = Connect();
  ASSERT_TRUE(channel->Send(1, Bytes("a")).Wait().ok());
  channel->Close(1s);
  std::vector<std::byte> rubbish(64, std::byte{0x4a});
  rubbish[4] = std::byte{64}, rubbish[5] = rubbish[6] = rubbish[7] = std::byte{0};
  tape_.frames.push_front(rubbish);
  auto port = Serve();
  TurnUntilQuiet();
  EXPECT_EQ(got_, "a");
  EXPECT_EQ(port->ledger().stale, 1u);
}

TEST_F(OneWayTest, APortWithNoRoomLeavesTheRestInTheMedium) {
  auto channel = Connect();
  constexpr int kMessages = 500;
  for (int i = 0; i < kMessages; ++i) ASSERT_TRUE(channel->Send(1, Bytes("x")).Wait().ok());
  channel->Close(1s);
  PortOptions options;
  options.session.window_units = 10;
  auto port = Serve(options);
  port->Pause();
  TurnUntilQuiet();
  EXPECT_EQ(port->waiting(), 10u);
  EXPECT_GE(tape_.frames.size(), kMessages - 2u * 64);  // of which one batch was handled before
  port->Resume();
  TurnUntilQuiet();
  EXPECT_EQ(got_.size(), static_cast<size_t>(kMessages));
}

}  // namespace
}  // namespace jackfield
