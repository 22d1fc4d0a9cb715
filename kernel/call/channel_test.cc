// Calls and their ends at moments that a real medium hits rarely. What holds on every medium is
// proven by tests/conformance.
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/call/test/channel_world.h"

namespace jackfield {
namespace {

class ChannelTest : public ChannelWorld {};

TEST_F(ChannelTest, ADeadlineTooFarForTheHeaderHoldsAllTheSame) {
  Serve();
  Connect();
  Turns();
  Result& held = results_.emplace_back();
  Result& forever = results_.emplace_back();
  CallOptions options;
  options.timeout = 3h;
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
  options.timeout = nanoseconds::max();
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
  ASSERT_TRUE(Start(kEcho, build, outer).ok());
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
  ASSERT_TRUE(Start(kEcho, build, outer).ok());
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
  options.connect_timeout = 1s;
  Connect(options);
  Result& result = results_.emplace_back();
  CallOptions patient;
  patient.timeout = 1h;
  Await(kEcho, "", result, patient);
  Pass(2'900'000'000);
  EXPECT_FALSE(result.has_value());
  Pass(200'000'000);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(ReasonOf(result->status()), Reason::kUnreachable) << result->status();
}

TEST_F(ChannelTest, WhoAsksToBeToldOfACancelThatHasComeIsTold) {
  Serve();
  int told = 0;
  port_->HandleTask(kRelay, [&told](ServerCall& call) -> Task<absl::Status> {
    co_await call.node().Sleep(30ms);
    call.OnCancel([&told] { ++told; });
    co_await call.node().Sleep(30ms);
    co_return absl::OkStatus();
  });
  Connect();
  Turns();
  CallOptions soon;
  soon.timeout = 10ms;
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

TEST_F(ChannelTest, MayBeClosedByWhoIsToldOfAnAnswer) {
  Serve();
  Connect();
  Turns();
  bool told = false;
  ASSERT_TRUE(channel_
                  ->CallAsync(kEcho, Bytes("x"), {},
                              [&](Answer& reply) {
                                told = reply.ok();
                                Start(kEcho, "again", results_.emplace_back()).IgnoreError();
                                channel_->Close(0s);
                              })
                  .ok());
  Turns();
  EXPECT_TRUE(told);
  ASSERT_EQ(results_.size(), 1u);
  EXPECT_TRUE(results_[0].has_value());
  EXPECT_EQ(ReasonOf(channel_->ended_why()), Reason::kClosed);
}

TEST_F(ChannelTest, MayBeClosedByWhoIsToldThatAQueuedCallIsRefused) {
  wire_.frame_bytes_max = 4096;
  Serve();
  Connect();  // not open yet: both are queued
  int refused = 0;
  for (int i = 0; i < 2; ++i) {
    const std::string large(8000, 'x');
    ASSERT_TRUE(channel_
                    ->CallAsync(kEcho, Bytes(large), {},
                                [&](Answer& reply) {
                                  refused += reply.ok() ? 0 : 1;
                                  channel_->Close(0s);
                                })
                    .ok());
  }
  Turns();
  EXPECT_EQ(refused, 2);
}

TEST_F(ChannelTest, ACallWhoseDeadlineHasPassedIsNotMade) {
  Serve();
  Result inner;
  port_->HandleTask(kRelay, [&](ServerCall& call) -> Task<absl::Status> {
    co_await call.node().Sleep(30ms);  // longer than its caller waits
    absl::StatusOr<Message> reply = co_await channel_->Call(kEcho, Bytes(""));
    inner.emplace(reply.status());
    co_return absl::OkStatus();
  });
  Connect();
  Turns();
  CallOptions past;
  past.timeout = -1us;
  const absl::Status status = Start(kEcho, "", results_.emplace_back(), past);
  EXPECT_EQ(ReasonOf(status), Reason::kDeadline) << status;
  EXPECT_EQ(OutcomeOf(status), Outcome::kRefused) << status;
  CallOptions soon;
  soon.timeout = 10ms;
  ASSERT_TRUE(Start(kRelay, "", results_.emplace_back(), soon).ok());
  Pass(50'000'000);
  ASSERT_TRUE(inner.has_value());
  EXPECT_EQ(ReasonOf(inner->status()), Reason::kDeadline) << inner->status();
  EXPECT_EQ(OutcomeOf(inner->status()), Outcome::kRefused) << inner->status();
  EXPECT_EQ(port_->ledger().received, 1u);
}

TEST_F(ChannelTest, AShortTimeoutBeginsWithTheCallAndNotWithTheTurn) {
  PortOptions options;
  options.reentrant = true;
  Serve(options);
  Result inner;
  port_->HandleTask(kRelay, [&](ServerCall& call) -> Task<absl::Status> {
    clock_.AdvanceToNs(clock_.NowNs() + 20'000'000);  // it computes
    CallOptions soon;
    soon.timeout = 10ms;
    absl::StatusOr<Message> reply = co_await channel_->Call(kEcho, Bytes("x"), soon);
    inner.emplace(reply.ok() ? absl::StatusOr<std::string>(reply->text()) : reply.status());
    co_return call.Reply(Bytes(""));
  });
  Connect();
  Turns();
  ASSERT_TRUE(Start(kRelay, "", results_.emplace_back()).ok());
  Turns();
  ASSERT_TRUE(inner.has_value());
  EXPECT_EQ(inner->value_or("?"), "x") << inner->status();
}

TEST_F(ChannelTest, ACallThatNeverFoundAConnectionSaysWhyThereIsNone) {
  Serve();
  Connect();
  node_->Turn(Node::kDoNotSleep);
  port_.reset();  // before its hello
  Result &queued = results_.emplace_back(), &awaited = results_.emplace_back();
  CallOptions soon;
  soon.timeout = 20us;
  ASSERT_TRUE(Start(kEcho, "", queued, soon).ok());
  Await(kEcho, "", awaited, soon);
  Turns();
  clock_.AdvanceToNs(clock_.NowNs() + 20'000);
  Turns();
  for (const Result& result : {queued, awaited}) {
    ASSERT_TRUE(result.has_value());
    EXPECT_NE(result->status().message().find("before it said hello"), std::string::npos)
        << result->status();
  }
}

TEST_F(ChannelTest, AWindowLargerThanAnyPeerBelievesInIsCutToThat) {
  Serve(Window(UINT32_MAX));
  Connect();
  Turns();
  for (int i = 0; i < 3; ++i) {
    Result& result = results_.emplace_back();
    ASSERT_TRUE(Start(kEcho, "x", result).ok());
    Turns();
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->value_or("?"), "x") << result->status();
  }
}

TEST_F(ChannelTest, WhoIsAskedToStopWhileNothingWasSentIsRefusedAndNotInDoubt) {
  wire_.silent = true;
  Serve();
  Connect();
  node_->Interrupt();
  const absl::Status send = channel_->Send(kNote, Bytes("x")).Wait();
  EXPECT_EQ(OutcomeOf(send), Outcome::kRefused) << send;
  EXPECT_EQ(ReasonOf(send), Reason::kCancelled) << send;
  EXPECT_EQ(ReasonOf(channel_->WaitOpen()), Reason::kCancelled);
  auto stream = channel_->OpenStream(kUnread, Bytes(""));
  ASSERT_TRUE(stream.ok()) << stream.status();
  EXPECT_EQ(OutcomeOf((*stream)->Write(Bytes("x")).Wait()), Outcome::kRefused);
}

TEST_F(ChannelTest, AServiceThatClosesIsNotThereYetToWhoHasJustConnected) {
  Serve();
  Connect();
  Turns();
  std::unique_ptr<Channel> late = *Channel::Open(*node_, "wire:x");
  node_->Turn(Node::kDoNotSleep);  // its hello is on its way
  EXPECT_EQ(port_->Close(1s).size(), 1u);
  port_.reset();
  Turns();
  EXPECT_TRUE(late->ended_why().ok()) << late->ended_why();
  Serve();
  Pass(100'000'000);
  EXPECT_TRUE(late->open());
}

class ReceiveTest : public ChannelWorld {
 protected:
  void SetUp() override {
    port_ = *Port::Open(*node_, {"wire:x"});
    port_->KeepForReceive();
    Connect();
    Turns();
  }
  Task<void> TakeOne() {
    const std::vector<uint32_t> any;
    got_.push_back(co_await port_->Receive(any));
  }
  // Two messages come, one for each of two receivers; the one that goes on first acts.
  template <class Act>
  Task<void> TakeOneThen(Act act) {
    co_await TakeOne();
    act();
  }
  std::vector<ServerCall*> got_;
};

TEST_F(ReceiveTest, AMessageWhoseReceiverIsGoneBeforeItTookItGoesToTheNext) {
  auto gone = std::make_unique<Task<void>>(TakeOne());
  node_->Spawn(TakeOneThen([&] { gone.reset(); }));
  Turns();
  gone->Start(nullptr, nullptr);
  Result &first = results_.emplace_back(), &second = results_.emplace_back();
  ASSERT_TRUE(Start(kEcho, "1", first).ok() && Start(kEcho, "2", second).ok());
  Turns();
  ASSERT_EQ(gone, nullptr);
  EXPECT_EQ(port_->waiting(), 1u);
  EXPECT_EQ(port_->calls_under_way(), 1u);
  node_->Spawn(TakeOne());
  Turns();
  ASSERT_EQ(got_.size(), 2u);
  ASSERT_NE(got_[1], nullptr);
  EXPECT_TRUE(got_[1]->Reply(Bytes("taken")).ok());
  port_->Finish(*got_[1]);
  Turns();
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->value_or("?"), "taken");
}

TEST_F(ReceiveTest, AReceiverWhosePortIsGoneBeforeItTookItsMessageGetsNone) {
  node_->Spawn(TakeOneThen([&] { port_.reset(); }));
  Turns();
  node_->Spawn(TakeOne());
  Result &first = results_.emplace_back(), &second = results_.emplace_back();
  ASSERT_TRUE(Start(kEcho, "1", first).ok() && Start(kEcho, "2", second).ok());
  Turns();
  ASSERT_EQ(got_.size(), 2u);
  EXPECT_EQ(got_[1], nullptr);
}

TEST_F(ChannelTest, AStreamMayOutliveItsChannelThoughSomebodyWaitsForItsEnd) {
  Serve();
  Connect();
  Turns();
  absl::StatusOr<std::unique_ptr<ClientStream>> stream = channel_->OpenStream(kUnread, Bytes(""));
  ASSERT_TRUE(stream.ok()) << stream.status();
  bool ended = false;
  // GCC 14 mistakes a coroutine's parameter for a variable of the same name around it.
  node_->Spawn([](Node&, ClientStream& opened, bool& over) -> Task<void> {
    over = !(co_await opened.Finish()).ok();
  }(*node_, **stream, ended));
  Turns();
  channel_.reset();
  stream->reset();
  Turns();
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace jackfield
