// FAULTS G26: an exception leaves a handler, a callback, or a function that builds a message. The
// caller gets INTERNAL with the method's name and the exception's words; nothing of the call is
// left; the service goes on, and other clients notice nothing.
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "services/echo/echo_service.h"
#include "tests/conformance/subjects.h"

namespace jackfield::echo {
namespace {

using flatbuffers::FlatBufferBuilder;
using ::testing::HasSubstr;

auto Saying(std::string_view text) {
  return [text](FlatBufferBuilder& fbb) {
    return CreateSayRequest(fbb, fbb.CreateString(text.data(), text.size()));
  };
}

auto Answer() {
  return [](FlatBufferBuilder& fbb) { return CreateSayReplyDirect(fbb, "well"); };
}

// Throws where it is told to.
class ThrowingEcho final : public EchoService {
 public:
  Handling Say(CallOf<SayRequest, SayReply> call) override {
    const std::string_view where = call->text()->string_view();
    if (where == "plain") throw std::runtime_error("out of \x1b cheese");
    if (where == "number") throw 7;
    if (where == "answered") {
      call.Reply(Answer()).IgnoreError();
      throw std::runtime_error("too late");
    }
    if (where == "held") {
      call.call().Hold();
      held = &call.call();
      throw std::runtime_error("after the hold");
    }
    if (where == "builder") {
      return call.Reply([](FlatBufferBuilder& fbb) -> flatbuffers::Offset<SayReply> {
        fbb.CreateString("half of it");
        throw std::runtime_error("in the builder");
      });
    }
    if (where == "later") return SayLater(call);
    if (where == "before") return SayAtOnce(call);
    if (where == "told") {
      call.call().Hold();
      held = &call.call();
      call.call().OnCancel([] { throw std::runtime_error("of a cancel"); });
      return absl::OkStatus();
    }
    return call.Reply(Answer());
  }
  Handling Hear(OneWayOf<SayRequest>) override {
    ++heard;
    throw std::runtime_error("nobody waits for this");
  }
  Handling Repeat(ServerStreamOf<RepeatRequest, SayReply> call) override {
    if (absl::Status sent = co_await call.Write(Answer()); !sent.ok()) co_return sent;
    throw std::runtime_error("in the middle");
  }
  Handling Join(ClientStreamOf<SayRequest, Joined> call) override {
    const std::optional<MessageOf<SayRequest>> item = co_await call.Read();
    if (item.has_value()) throw std::runtime_error("at an item");
    co_return absl::OkStatus();
  }
  Handling Chat(BothStreamsOf<SayRequest, SayReply>) override {
    throw std::runtime_error("before it began");
  }

  ServerCall* held = nullptr;
  int heard = 0;

 private:
  Task<int> Deep(Node& node) {
    co_await node.Sleep(0s);
    throw std::logic_error("two coroutines down");
  }
  Handling SayLater(CallOf<SayRequest, SayReply> call) {
    const int never = co_await Deep(call.node());
    co_return absl::InternalError(std::to_string(never));
  }
  Handling SayAtOnce(CallOf<SayRequest, SayReply> call) {
    if (call.call().answered()) co_return absl::OkStatus();
    throw std::runtime_error("before it waited");
  }
};

class Exceptions : public testing::Test {
 protected:
  void SetUp() override {
    node_ = Node::Create({.name = "echo", .registry = &conformance::TestRegistry()}).value();
    port_ = Port::Open(*node_, {"unix:"}, {.handlers_max = 4}).value();
    echo_.RegisterOn(*port_);
    ASSERT_TRUE(port_->WaitServing().ok());
    channel_ = Channel::Open(*node_, port_->addresses()[0], {.calls_max = 4}).value();
    other_ = Channel::Open(*node_, port_->addresses()[0]).value();
    ASSERT_TRUE(channel_->WaitOpen().ok());
    ASSERT_TRUE(other_->WaitOpen().ok());
    ASSERT_TRUE(EchoClient(*other_).Say(Saying("hello")).Wait().ok());
  }
  absl::Status Say(std::string_view where) {
    return EchoClient(*channel_).Say(Saying(where)).Wait().status();
  }
  // More often than there are places for calls, handlers or credit: none is lost.
  void ExpectInternal(std::string_view where, std::string_view words) {
    for (int i = 0; i < 20; ++i) {
      const absl::Status status = Say(where);
      ASSERT_EQ(status.code(), absl::StatusCode::kInternal) << where << ": " << status;
      EXPECT_EQ(std::string(status.message()), words);
      EXPECT_EQ(OutcomeOf(status), Outcome::kOk) << "the handler has run";
    }
    ExpectWell();
  }
  void ExpectWell() {
    EXPECT_TRUE(EchoClient(*other_).Say(Saying("hello")).Wait().ok());
    EXPECT_TRUE(EchoClient(*channel_).Say(Saying("hello")).Wait().ok());
    node_->RunUntil([&] { return port_->calls_under_way() == 0; });
    EXPECT_EQ(port_->waiting(), 0u);
    EXPECT_EQ(port_->clients(), 2u);
    EXPECT_EQ(channel_->calls_under_way(), 0u);
    EXPECT_EQ(port_->ledger().received, port_->ledger().handled);
    EXPECT_EQ(node_->current_call(), nullptr);
  }

  ThrowingEcho echo_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Port> port_;
  std::unique_ptr<Channel> channel_, other_;
};

TEST_F(Exceptions, OutOfAPlainHandlerAreItsCallersInternal) {
  ExpectInternal("plain", "jackfield.echo.Echo/Say: the handler threw: out of \\x1b cheese");
  ExpectInternal("number", "jackfield.echo.Echo/Say: the handler threw: an exception of type int");
}

TEST_F(Exceptions, OutOfACoroutineToo) {
  ExpectInternal("before", "jackfield.echo.Echo/Say: the handler threw: before it waited");
  ExpectInternal("later", "jackfield.echo.Echo/Say: the handler threw: two coroutines down");
}

TEST_F(Exceptions, OutOfTheBuildingOfAnAnswerToo) {
  ExpectInternal(
      "builder",
      "jackfield.echo.Echo/Say: the function that builds the message threw: in the builder");
}

TEST_F(Exceptions, AfterTheAnswerChangeNothing) {
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Say("answered").ok());
  ExpectWell();
}

TEST_F(Exceptions, AfterAHoldAnswerAndWhoHoldsTheCallAnswersInVain) {
  // More than all the memory that a link which works has for itself.
  const uint64_t in_use = node_->blocks().bytes_in_use();
  for (int i = 0; i < 4000; ++i) {
    ASSERT_EQ(std::string(Say("held").message()),
              "jackfield.echo.Echo/Say: the handler threw: after the hold");
    ASSERT_NE(echo_.held, nullptr);
    EXPECT_EQ(ReasonOf(echo_.held->Reply(Bytes("x"))), Reason::kMisuse);
  }
  ExpectWell();
  EXPECT_TRUE(node_->RunUntil([&] { return node_->blocks().bytes_in_use() <= in_use; },
                              SystemClock().NowNs() + 60'000'000'000));
}

TEST_F(Exceptions, OutOfAStreamsHandlerEndIt) {
  EchoClient client(*channel_);
  for (int i = 0; i < 20; ++i) {
    absl::StatusOr<ReadStream<SayReply>> items =
        client.Repeat([](auto& fbb) { return CreateRepeatRequest(fbb, fbb.CreateString("x"), 3); });
    ASSERT_TRUE(items.ok()) << items.status();
    EXPECT_TRUE(items->Read().Wait().has_value());
    EXPECT_FALSE(items->Read().Wait().has_value());
    EXPECT_EQ(std::string(items->Finish().Wait().message()),
              "jackfield.echo.Echo/Repeat: the handler threw: in the middle");
    absl::StatusOr<WriteStream<SayRequest, Joined>> joined = client.Join();
    ASSERT_TRUE(joined.ok()) << joined.status();
    joined->Write(Saying("one")).Wait().IgnoreError();
    EXPECT_EQ(std::string(joined->Finish().Wait().status().message()),
              "jackfield.echo.Echo/Join: the handler threw: at an item");
    absl::StatusOr<BothStreams<SayRequest, SayReply>> chat = client.Chat();
    ASSERT_TRUE(chat.ok()) << chat.status();
    EXPECT_EQ(std::string(chat->Finish().Wait().message()),
              "jackfield.echo.Echo/Chat: the handler threw: before it began");
  }
  ExpectWell();
}

TEST_F(Exceptions, OutOfAOneWayHandlerAreSaidOnStderr) {
  testing::internal::CaptureStderr();
  EXPECT_TRUE(EchoClient(*channel_).Hear(Saying("x")).Wait().ok());
  node_->RunUntil([&] { return echo_.heard == 1; });
  ExpectWell();
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("jackfield: jackfield.echo.Echo/Hear: the handler threw: nobody waits for "
                        "this\n"));
}

TEST_F(Exceptions, OutOfTheBuildingOfARequestRefuseItAndSendNothing) {
  EchoClient client(*channel_);
  const auto thrower = [](FlatBufferBuilder& fbb) -> flatbuffers::Offset<SayRequest> {
    fbb.CreateString("half");
    throw std::runtime_error("no words");
  };
  const uint64_t sent = channel_->ledger().sent;
  for (int i = 0; i < 20; ++i) {
    const absl::Status status = client.Say(thrower).Wait().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_EQ(OutcomeOf(status), Outcome::kRefused);
    EXPECT_EQ(std::string(status.message()),
              "the function that builds the message threw: no words");
    EXPECT_EQ(client.SayFuture(thrower).Wait().status().code(), absl::StatusCode::kInternal);
    EXPECT_EQ(client.TryHear(thrower).code(), absl::StatusCode::kInternal);
    absl::StatusOr<BothStreams<SayRequest, SayReply>> chat = client.Chat();
    EXPECT_EQ(chat->Write(thrower).Wait().code(), absl::StatusCode::kInternal);
    chat->Cancel();
  }
  EXPECT_EQ(channel_->ledger().sent, sent + 20) << "the requests of the streams, and no more";
  ExpectWell();
}

TEST_F(Exceptions, WhereNobodyWaitsForThemAreSaidOnStderr) {
  testing::internal::CaptureStderr();
  int done = 0;
  ASSERT_TRUE(EchoClient(*channel_)
                  .SayAsync(Saying("hello"), {},
                            [&done](absl::StatusOr<MessageOf<SayReply>>) {
                              ++done;
                              throw std::runtime_error("of a callback");
                            })
                  .ok());
  node_->RunUntil([&] { return done == 1; });
  const auto task = [](Node& node, int& done) -> Task<void> {
    co_await node.Sleep(0s);
    ++done;
    throw std::runtime_error("of a task");
  };
  node_->Spawn(task(*node_, done));
  node_->Defer([&done] {
    ++done;
    throw std::runtime_error("of a deferred function");
  });
  ASSERT_TRUE(node_->handle().Run([&done] {
    ++done;
    throw std::runtime_error("of a posted function");
  }));
  node_->RunUntil([&] { return done == 4; });
  const absl::Status late =
      EchoClient(*channel_).Say(Saying("told"), {.timeout = 20ms}).Wait().status();
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded);
  node_->RunUntil([&] { return echo_.held->cancelled(); });
  for (int i = 0; i < 10; ++i) node_->Turn(Node::kDoNotSleep);
  echo_.held->Fail(absl::CancelledError("")).IgnoreError();
  ExpectWell();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("jackfield: the callback of a call threw: of a callback\n"));
  EXPECT_THAT(said, HasSubstr("jackfield: a spawned task threw: of a task\n"));
  EXPECT_THAT(said, HasSubstr("jackfield: a deferred function threw: of a deferred function\n"));
  EXPECT_THAT(said, HasSubstr("jackfield: a posted function threw: of a posted function\n"));
  EXPECT_THAT(said, HasSubstr("jackfield: the function of OnCancel threw: of a cancel\n"));
}

}  // namespace
}  // namespace jackfield::echo
