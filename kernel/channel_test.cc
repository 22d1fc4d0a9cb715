// Calls over a medium that a test holds in its hand: what happens at moments that a real one hits
// rarely. What holds on every medium is proven by tests/conformance.
#include "kernel/channel.h"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/node.h"
#include "kernel/outcome.h"
#include "kernel/port.h"
#include "kernel/registry.h"

namespace jackfield {
namespace {

constexpr uint32_t kEcho = 1, kNote = 2, kLeave = 3, kReplace = 4, kRelay = 5, kUnread = 6;

// Two ends on one node.
struct Wire {
  bool blocked = false;  // what is sent stays with its sender
  bool silent = false;   // nobody answers who connects, not even with a refusal
  uint32_t frame_bytes_max = 2 << 20;
  std::map<std::string, LinkSink*> servers;
};

class WireEnd final : public LinkDriver {
 public:
  struct Lane {
    std::deque<std::vector<std::byte>> frames;
    Link* reader = nullptr;
    bool closed = false;
  };
  struct Pair {
    Lane lanes[2];
  };
  WireEnd(const Wire& wire, std::shared_ptr<Pair> pair, int side)
      : wire_(wire),
        pair_(std::move(pair)),
        in_(pair_->lanes[side]),
        out_(pair_->lanes[1 - side]) {}
  ~WireEnd() override { in_.reader = nullptr; }

  void Pump(Link& link) override {
    in_.reader = &link;
    while (!closing_ && !wire_.blocked && link.has_tx()) {
      const FrameRef& frame = link.NextTx();
      out_.frames.emplace_back(frame.data, frame.data + Align8(frame.bytes));
      link.PopTx(1);
      if (out_.reader != nullptr) out_.reader->Wake();
    }
    if (link.has_rx()) return;
    read_.clear();
    for (; !in_.frames.empty() && read_.size() < 64; in_.frames.pop_front())
      read_.push_back(std::move(in_.frames.front()));
    for (auto& frame : read_) link.PushRx({frame.data(), PeekFrameBytes(frame.data()), 0});
    if (read_.empty() && in_.closed) link.Closed(absl::OkStatus());
  }
  void Close(Link& link) override {
    closing_ = out_.closed = true;
    if (out_.reader != nullptr) out_.reader->Wake();
    link.Closed(absl::OkStatus());
  }

 private:
  const Wire& wire_;
  const std::shared_ptr<Pair> pair_;
  Lane& in_;
  Lane& out_;
  bool closing_ = false;
  std::deque<std::vector<std::byte>> read_;
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
  absl::StatusOr<std::unique_ptr<Opening>> Open(const Address& address, Role role, Node& node,
                                                LinkSink& sink) const override {
    if (role == Role::kServe) {
      wire_.servers[address.target()] = &sink;
      node.Defer([&sink, target = address.target()] { sink.OnServing(Address("wire", target)); });
    } else if (!wire_.silent) {
      node.Defer([this, &sink, target = address.target()] {
        auto pair = std::make_shared<WireEnd::Pair>();
        LinkTraits traits;
        traits.caps = *Describe(Address("wire", "x"), Role::kConnect);
        traits.description = "wire:x";
        wire_.servers[target]->OnLink(std::make_unique<WireEnd>(wire_, pair, 0), traits);
        sink.OnLink(std::make_unique<WireEnd>(wire_, pair, 1), traits);
      });
    }
    return std::make_unique<Opening>();
  }

 private:
  Wire& wire_;
};

class ChannelTest : public testing::Test {
 protected:
  ChannelTest() {
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
      co_await call.node().Sleep(1'000'000'000);
      co_return call.Reply(Bytes("late"));
    });
  }
  void Connect(ChannelOptions options = {}) {
    channel_ = *Channel::Open(*node_, "wire:x", std::move(options));
  }
  void Turns(int count = 50) {
    for (int i = 0; i < count; ++i) node_->Turn(Node::kDoNotSleep);
  }
  // Time passes, in steps that every timer sees.
  void Pass(int64_t ns) {
    for (const int64_t end_ns = clock_.NowNs() + ns; clock_.NowNs() < end_ns;) {
      clock_.AdvanceToNs(std::min(end_ns, clock_.NowNs() + 1'000'000));
      Turns(4);
    }
  }
  using Result = std::optional<absl::StatusOr<std::string>>;
  absl::Status Start(uint32_t type, std::string_view text, Result& result,
                     CallOptions options = {}) {
    return channel_->CallAsync(type, Bytes(text), options, [&result](absl::StatusOr<Message> m) {
      result.emplace(m.ok() ? absl::StatusOr<std::string>(m->text()) : m.status());
    });
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
  std::unique_ptr<Node> node_;
  ServerCall* held_ = nullptr;
  int notes_ = 0;
  std::deque<Result> results_;  // outlive the channel
  std::deque<std::vector<Result>> lists_;
  std::unique_ptr<Port> port_;
  std::unique_ptr<Channel> channel_;
};

PortOptions Window(uint32_t units) {
  PortOptions options;
  options.session.window_units = units;
  return options;
}

TEST_F(ChannelTest, AHeldCallThatAnswersTheOneBeforeItTakesNoCreditFromOthers) {
  Serve(Window(16));
  Connect();
  Turns();
  Result& first = results_.emplace_back();
  Result& second = results_.emplace_back();
  ASSERT_TRUE(Start(kReplace, "", first).ok());
  Turns();
  ASSERT_TRUE(Start(kReplace, "", second).ok());
  Turns();
  ASSERT_TRUE(first.has_value() && !second.has_value());
  EXPECT_EQ(channel_->ledger().delivered, 1u) << "the second one is not handled";
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(TryNote()) << i;
    Pass(6'000'000);  // an acknowledgement's delay
  }
  EXPECT_EQ(notes_, 100);
}

TEST_F(ChannelTest, CreditIsToldThoughTheOldestMessageIsHeldAndLittleIsHandled) {
  Serve(Window(16));
  Connect();
  Turns();
  std::vector<Result>& held = lists_.emplace_back(13);
  for (Result& result : held) ASSERT_TRUE(Start(kLeave, "", result).ok());
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(TryNote()) << i;
    Pass(6'000'000);
  }
  EXPECT_EQ(notes_, 30);
}

TEST_F(ChannelTest, WhatWasQueuedAndTurnsOutTooLargeIsRefusedAndHoldsUpNobody) {
  PortOptions options;
  options.session.frame_bytes_max = 4096;
  Serve(options);
  Connect();
  Result& large = results_.emplace_back();
  Result& small = results_.emplace_back();
  ASSERT_TRUE(Start(kEcho, std::string(100'000, 'x'), large).ok()) << "not open: nobody knows yet";
  ASSERT_TRUE(Start(kEcho, "small", small).ok());
  Turns();
  ASSERT_TRUE(large.has_value() && small.has_value());
  EXPECT_EQ(ReasonOf(large->status()), Reason::kTooLarge) << large->status();
  EXPECT_EQ(small->value_or("?"), "small");
}

TEST_F(ChannelTest, NoRoomUntilTheDeadlineIsOneStatusHoweverTheCallIsMade) {
  Serve(Window(1));
  Connect();
  Turns();
  Result& held = results_.emplace_back();
  Result& queued = results_.emplace_back();
  Result& awaited = results_.emplace_back();
  ASSERT_TRUE(Start(kLeave, "", held).ok());
  CallOptions soon;
  soon.timeout_us = 20'000;
  ASSERT_TRUE(Start(kEcho, "", queued, soon).ok());
  Await(kEcho, "", awaited, soon);
  Pass(30'000'000);
  for (const Result& result : {queued, awaited}) {
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->status().code(), absl::StatusCode::kDeadlineExceeded) << result->status();
    EXPECT_EQ(OutcomeOf(result->status()), Outcome::kRefused) << result->status();
  }
}

TEST_F(ChannelTest, ADeadlineTooFarForTheHeaderHoldsAllTheSame) {
  Serve();
  Connect();
  Turns();
  Result& held = results_.emplace_back();
  Result& forever = results_.emplace_back();
  CallOptions options;
  options.timeout_us = int64_t{3} * 3600 * 1'000'000;
  ASSERT_TRUE(Start(kReplace, "", held, options).ok());
  Turns();
  ASSERT_NE(held_, nullptr);
  clock_.AdvanceToNs(clock_.NowNs() + int64_t{2} * 3600 * 1'000'000'000);
  Turns();
  EXPECT_FALSE(held_->cancelled());
  EXPECT_FALSE(held.has_value());
  clock_.AdvanceToNs(clock_.NowNs() + int64_t{2} * 3600 * 1'000'000'000);
  Turns();
  EXPECT_TRUE(held_->cancelled());
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(ReasonOf(held->status()), Reason::kDeadline);
  options.timeout_us = INT64_MAX;
  ASSERT_TRUE(Start(kEcho, "ever", forever, options).ok());
  Turns();
  ASSERT_TRUE(forever.has_value());
  EXPECT_EQ(forever->value_or("?"), "ever");
}

TEST_F(ChannelTest, ACallFromInsideTheBuildingOfAnotherIsRefusedAndHarmsNeither) {
  Serve();
  Connect();
  Turns();
  Result& inner = results_.emplace_back();
  Result& outer = results_.emplace_back();
  absl::Status nested;
  Build build([&](flatbuffers::FlatBufferBuilder& fbb) {
    const auto words = fbb.CreateString("outer");
    nested = Start(kEcho, "inner", inner);
    Result again;
    EXPECT_EQ(ReasonOf(Start(kEcho, "again", again)), Reason::kMisuse);
    fbb.Finish(words);
  });
  ASSERT_TRUE(channel_
                  ->CallAsync(kEcho, build, {},
                              [&](absl::StatusOr<Message> m) {
                                outer.emplace(m.ok() ? absl::StatusOr<std::string>(m->text())
                                                     : m.status());
                              })
                  .ok());
  EXPECT_EQ(ReasonOf(nested), Reason::kMisuse) << nested;
  Turns();
  ASSERT_TRUE(outer.has_value());
  EXPECT_NE(outer->value_or("?").find("outer"), std::string::npos);
}

TEST_F(ChannelTest, ACallFromInsideTheBuildingOfAQueuedOneIsACallOfItsOwn) {
  Serve();
  Connect();  // not open yet: both are queued
  Result& inner = results_.emplace_back();
  Result& outer = results_.emplace_back();
  Build build([&](flatbuffers::FlatBufferBuilder& fbb) {
    EXPECT_TRUE(Start(kEcho, "inner", inner).ok());
    fbb.Finish(fbb.CreateString("outer"));
  });
  ASSERT_TRUE(channel_
                  ->CallAsync(kEcho, build, {},
                              [&](absl::StatusOr<Message> m) {
                                outer.emplace(m.ok() ? absl::StatusOr<std::string>(m->text())
                                                     : m.status());
                              })
                  .ok());
  EXPECT_EQ(channel_->calls_under_way(), 2u);
  Turns();
  ASSERT_TRUE(outer.has_value() && inner.has_value());
  EXPECT_EQ(inner->value_or("?"), "inner");
  EXPECT_NE(outer->value_or("?").find("outer"), std::string::npos);
}

TEST_F(ChannelTest, ARequestThatNobodyWaitsForAnyMoreLeavesTheQueue) {
  Serve();
  Connect();
  auto stream = channel_->OpenStream(kReplace, Bytes(""));
  ASSERT_TRUE(stream.ok()) << stream.status();
  stream->reset();
  Turns();
  EXPECT_EQ(held_, nullptr) << "it ran";
  EXPECT_EQ(channel_->ledger().dropped, 1u);
}

TEST_F(ChannelTest, AnAwaitedCallDoesNotOvertakeAQueuedOne) {
  Serve();
  std::string order;
  port_->Handle(kRelay, [&](ServerCall& call) {
    order += call.message().text().front();
    call.Reply(Bytes("")).IgnoreError();
  });
  Connect();
  Turns();
  wire_.blocked = true;
  std::vector<Result>& results = lists_.emplace_back(3);
  ASSERT_TRUE(Start(kRelay, std::string(600'000, 'a'), results[0]).ok());
  ASSERT_TRUE(Start(kRelay, std::string(700'000, 'b'), results[1]).ok());
  Await(kRelay, "c", results[2]);
  wire_.blocked = false;
  Turns();
  EXPECT_EQ(order, "abc");
}

TEST_F(ChannelTest, CloseSendsWhatWasQueuedBeforeThereWasAConnection) {
  Serve();
  Connect();
  Result& echo = results_.emplace_back();
  ASSERT_TRUE(Start(kEcho, "x", echo).ok());
  const Receipt receipt = channel_->Close(1'000'000);
  EXPECT_EQ(receipt.handled, 1u);
  EXPECT_EQ(receipt.undelivered + receipt.in_doubt, 0u);
}

TEST_F(ChannelTest, StreamsThatNobodyReadsLeaveCreditToCalls) {
  Serve(Window(16));
  Connect();
  Turns();
  auto opened = channel_->OpenStream(kUnread, Bytes(""));
  ASSERT_TRUE(opened.ok());
  int written = 0;
  node_->Spawn([](Node&, ClientStream& stream, int& written) -> Task<void> {
    while ((co_await stream.Write(Bytes("item"))).ok()) ++written;
  }(*node_, **opened, written));
  Turns();
  EXPECT_GE(written, 8);
  EXPECT_LE(written, 14);
  Result& echo = results_.emplace_back();
  ASSERT_TRUE(Start(kEcho, "x", echo).ok());
  Turns();
  ASSERT_TRUE(echo.has_value());
  EXPECT_EQ(echo->value_or("?"), "x");

  // Behind the writer of an item that waits, too, when only a little credit comes back.
  Result &next = results_.emplace_back(), &leave = results_.emplace_back(),
         &last = results_.emplace_back();
  ASSERT_TRUE(Start(kReplace, "", next).ok());
  ASSERT_TRUE(Start(kLeave, "", leave).ok());
  Turns();
  Await(kEcho, "last", last);
  ASSERT_FALSE(last.has_value());
  held_->Reply(Bytes("")).IgnoreError();
  Turns();
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->value_or("?"), "last");
  opened->reset();
  Turns();
}

TEST_F(ChannelTest, AMessageTypeWithTwoHandlersIsRefusedAndTheOthersWork) {
  Serve();
  port_->Handle(kNote, [](ServerCall&) {});
  Connect();
  Turns();
  Result &note = results_.emplace_back(), &echo = results_.emplace_back();
  ASSERT_TRUE(Start(kNote, "", note).ok());
  ASSERT_TRUE(Start(kEcho, "x", echo).ok());
  Turns();
  ASSERT_TRUE(note.has_value() && echo.has_value());
  EXPECT_EQ(ReasonOf(note->status()), Reason::kMisuse) << note->status();
  EXPECT_EQ(echo->value_or("?"), "x");
  EXPECT_FALSE(port_->failure().ok());
}

TEST_F(ChannelTest, AConnectionThatIsNeverMadeIsGivenUp) {
  wire_.silent = true;
  ChannelOptions options;
  options.connect_us = 1'000'000;
  Connect(options);
  Result& result = results_.emplace_back();
  CallOptions patient;
  patient.timeout_us = 3'600'000'000;
  Await(kEcho, "", result, patient);
  Pass(2'900'000'000);
  EXPECT_FALSE(result.has_value());
  Pass(200'000'000);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(ReasonOf(result->status()), Reason::kUnreachable) << result->status();
}

TEST_F(ChannelTest, WithoutMessageMemoryACallIsRefusedAndDoesNotWaitForRoom) {
  Serve();
  Connect();
  Turns();
  std::vector<Block> all;
  for (const uint32_t bytes : {16u << 20, 64u << 10, 512u}) {
    while (Block block = node_->blocks().Get(bytes)) all.push_back(std::move(block));
  }
  Result& echo = results_.emplace_back();
  Await(kEcho, std::string(100'000, 'x'), echo);
  Turns();
  ASSERT_TRUE(echo.has_value());
  EXPECT_EQ(ReasonOf(echo->status()), Reason::kResource) << echo->status();
  EXPECT_EQ(OutcomeOf(echo->status()), Outcome::kRefused);
}

TEST_F(ChannelTest, WhoAsksToBeToldOfACancelThatHasComeIsTold) {
  Serve();
  int told = 0;
  port_->HandleTask(kRelay, [&told](ServerCall& call) -> Task<absl::Status> {
    co_await call.node().Sleep(30'000'000);
    call.OnCancel([&told] { ++told; });
    co_await call.node().Sleep(30'000'000);
    co_return absl::OkStatus();
  });
  Connect();
  Turns();
  CallOptions soon;
  soon.timeout_us = 10'000;
  ASSERT_TRUE(Start(kRelay, "", results_.emplace_back(), soon).ok());
  Pass(100'000'000);
  EXPECT_EQ(told, 1);
}

TEST_F(ChannelTest, TwoPortsOfOneNodeAreTwoServices) {
  Serve();
  std::unique_ptr<Port> other = *Port::Open(*node_, {"wire:y"});
  std::unique_ptr<Channel> to_other = *Channel::Open(*node_, "wire:y");
  std::unique_ptr<Channel> back = *Channel::Open(*node_, "wire:x");
  other->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes("the other's")).IgnoreError(); });
  const auto pass_on = [](Channel& to, uint32_t type) {
    return [&to, type](ServerCall& call) -> Task<absl::Status> {
      absl::StatusOr<Message> reply = co_await to.Call(type, Bytes(""));
      if (!reply.ok()) co_return reply.status();
      co_return call.Reply(Bytes(reply->text()));
    };
  };
  constexpr uint32_t kOut = 20, kOutAndBack = 21, kBack = 22;
  port_->HandleTask(kOut, pass_on(*to_other, kEcho));
  port_->HandleTask(kOutAndBack, pass_on(*to_other, kBack));
  other->HandleTask(kBack, pass_on(*back, kEcho));
  Connect();
  Turns();
  Result& out = results_.emplace_back();
  Result& cycle = results_.emplace_back();
  ASSERT_TRUE(Start(kOut, "", out).ok());
  ASSERT_TRUE(Start(kOutAndBack, "", cycle).ok());
  Turns();
  ASSERT_TRUE(out.has_value() && cycle.has_value());
  EXPECT_EQ(out->value_or("?"), "the other's");
  EXPECT_EQ(cycle->status().code(), absl::StatusCode::kFailedPrecondition) << cycle->status();
}

}  // namespace
}  // namespace jackfield
