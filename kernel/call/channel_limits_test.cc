// Limits of time: which calls and streams have one, and that both ends say which one it was.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/call/test/channel_world.h"

namespace jackfield {
namespace {

using testing::HasSubstr;

class StreamLimitTest : public ChannelWorld {
 protected:
  absl::Status EndOf(ClientStream& stream) {
    node_->Spawn([](Node&, ClientStream& stream, absl::Status& end) -> Task<void> {
      end = (co_await stream.Finish()).status();
    }(*node_, stream, end_));
    Turns();
    return end_;
  }
  absl::Status end_;
};

TEST_F(StreamLimitTest, AStreamHasNoLimitUnlessItIsTold) {
  Serve();
  port_->HandleTask(77, [](ServerCall& call) -> Task<absl::Status> {
    co_await call.stream()->Read();
    co_return call.Reply(Bytes("read"));
  });
  Connect();
  Turns();
  auto stream = channel_->OpenStream(77, Bytes(""));
  ASSERT_TRUE(stream.ok()) << stream.status();
  Turns();
  clock_.AdvanceToNs(clock_.NowNs() + int64_t{100} * 24 * 3600 * 1'000'000'000);
  Turns();
  ASSERT_TRUE((*stream)->EndWrites().ok());
  EXPECT_TRUE(EndOf(**stream).ok()) << end_;
}

TEST_F(StreamLimitTest, OneThatIsToldHasItAndBothEndsSayWhichLimitItWas) {
  Serve();
  absl::Status written;
  port_->HandleTask(77, [&written](ServerCall& call) -> Task<absl::Status> {
    while ((written = co_await call.stream()->Write(Bytes("item"))).ok())
      co_await call.node().Sleep(100ms);
    co_return written;
  });
  Connect();
  Turns();
  CallOptions options;
  options.timeout = 3s;
  auto stream = channel_->OpenStream(77, Bytes(""), options);
  ASSERT_TRUE(stream.ok()) << stream.status();
  Pass(3'200'000'000);
  const absl::Status end = EndOf(**stream);
  EXPECT_EQ(ReasonOf(end), Reason::kDeadline) << end;
  EXPECT_THAT(std::string(end.message()), HasSubstr("in time (3s, CallOptions.timeout or"));
  EXPECT_THAT(std::string(written.message()),
              HasSubstr("the caller no longer waits: its deadline"));
}

TEST_F(StreamLimitTest, AServerIsToldThatItsCallerCancelledOrIsGone) {
  for (const bool cancels : {true, false}) {
    Serve();
    absl::Status written;
    port_->HandleTask(77, [&written](ServerCall& call) -> Task<absl::Status> {
      while ((written = co_await call.stream()->Write(Bytes("item"))).ok())
        co_await call.node().Sleep(1ms);
      co_return written;
    });
    Connect();
    Turns();
    auto stream = channel_->OpenStream(77, Bytes(""));
    ASSERT_TRUE(stream.ok()) << stream.status();
    Turns();
    if (cancels)
      (*stream)->Cancel();
    else
      channel_->Close(0s);
    Pass(10'000'000);
    EXPECT_THAT(std::string(written.message()),
                HasSubstr(cancels ? "no longer waits: it cancelled the call"
                                  : "no longer waits: the client has gone"));
    stream->reset();
    channel_.reset();
    port_.reset();
    Turns();
  }
}

TEST_F(StreamLimitTest, ACallThatRanOutSaysWhoseLimitItWas) {
  Serve();
  Connect();
  Turns();
  Result &own = results_.emplace_back(), &channels = results_.emplace_back();
  CallOptions options;
  options.timeout = 200ms;
  Await(kLeave, "", own, options);
  Await(kLeave, "", channels);
  Pass(5'100'000'000);
  ASSERT_TRUE(own.has_value() && channels.has_value());
  EXPECT_THAT(std::string(own->status().message()), HasSubstr("(200ms, CallOptions.timeout"));
  EXPECT_THAT(std::string(channels->status().message()), HasSubstr("(5s, ChannelOptions.timeout)"));
}

TEST_F(StreamLimitTest, OneThatIsInheritedIsSaidToBe) {
  PortOptions reentrant;
  reentrant.reentrant = true;
  Serve(reentrant);
  absl::Status inner;
  static constexpr Method kOuter{.name = "shop.Stock/Take", .type = 78};
  static constexpr Interface kStock{"shop.Stock", {&kOuter, 1}, "", 0};
  port_->AddInterface(kStock);
  port_->HandleTask(78, [&](ServerCall&) -> Task<absl::Status> {
    inner = (co_await channel_->Call(kLeave, Bytes(""))).status();
    co_return inner;
  });
  Connect();
  std::unique_ptr<Channel> caller = *Channel::Open(*node_, "wire:x");
  Turns();
  CallOptions options;
  options.timeout = 300ms;
  ASSERT_TRUE(caller->CallAsync(78, Bytes(""), options, [](Answer&) {}).ok());
  Pass(400'000'000);
  EXPECT_EQ(ReasonOf(inner), Reason::kDeadline) << inner;
  EXPECT_THAT(std::string(inner.message()),
              HasSubstr("the deadline of the call being handled, shop.Stock/Take"));
}

}  // namespace
}  // namespace jackfield
