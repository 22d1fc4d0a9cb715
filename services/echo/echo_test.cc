// The echo service through its stubs, over a real transport: client and server on one node, driven
// in turn.
#include "services/echo/echo.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "jackfield/node.h"
#include "jackfield/transports.h"

namespace jackfield::echo {
namespace {

using ::testing::HasSubstr;

class EchoTest : public ::testing::Test {
 protected:
  void SetUp() override {
    AddBuiltinTransports(registry_);
    absl::StatusOr<std::unique_ptr<Node>> node =
        Node::Create({.name = "echo", .registry = &registry_});
    ASSERT_TRUE(node.ok()) << node.status();
    node_ = *std::move(node);
    absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(*node_, {"unix:"});
    ASSERT_TRUE(port.ok()) << port.status();
    port_ = *std::move(port);
    echo_.RegisterOn(*port_);
    ASSERT_TRUE(port_->WaitServing().ok());
    absl::StatusOr<std::unique_ptr<Channel>> channel = Channel::Open(*node_, port_->addresses()[0]);
    ASSERT_TRUE(channel.ok()) << channel.status();
    channel_ = *std::move(channel);
    client_ = std::make_unique<EchoClient>(*channel_);
  }

  // A request that says `text`.
  static auto Saying(std::string_view text) {
    return [text](flatbuffers::FlatBufferBuilder& fbb) {
      return CreateSayRequest(fbb, fbb.CreateString(text.data(), text.size()));
    };
  }
  static auto Repeating(std::string_view text, uint32_t times) {
    return [text, times](flatbuffers::FlatBufferBuilder& fbb) {
      return CreateRepeatRequest(fbb, fbb.CreateString(text.data(), text.size()), times);
    };
  }

  Registry registry_;
  std::unique_ptr<Node> node_;
  Echo echo_;
  std::unique_ptr<Port> port_;
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<EchoClient> client_;
};

TEST_F(EchoTest, AnswersABlockingCall) {
  absl::StatusOr<MessageOf<SayReply>> reply = client_->Say(Saying("hello")).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->text()->string_view(), "hello");
}

TEST_F(EchoTest, AnswersAreOwnedAndMayBeMoved) {
  std::vector<MessageOf<SayReply>> replies;
  for (const char* text : {"one", "two", "three"}) {
    absl::StatusOr<MessageOf<SayReply>> reply = client_->Say(Saying(text)).Wait();
    ASSERT_TRUE(reply.ok()) << reply.status();
    replies.push_back(*std::move(reply));
  }
  EXPECT_EQ(replies[0]->text()->string_view(), "one");
  EXPECT_EQ(replies[1]->text()->string_view(), "two");
  EXPECT_EQ(replies[2]->text()->string_view(), "three");
}

TEST_F(EchoTest, TakesFinishedBytesAsARequest) {
  flatbuffers::FlatBufferBuilder fbb;
  fbb.Finish(CreateSayRequestDirect(fbb, "finished"));
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(fbb.GetBufferPointer()),
                                         fbb.GetSize());
  absl::StatusOr<MessageOf<SayReply>> reply = client_->Say(bytes).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->text()->string_view(), "finished");
}

TEST_F(EchoTest, AnswersACallback) {
  ASSERT_TRUE(channel_->WaitOpen().ok());
  std::string heard;
  absl::Status started =
      client_->SayAsync(Saying("hello"), {}, [&heard](absl::StatusOr<MessageOf<SayReply>> reply) {
        heard = reply.ok() ? (*reply)->text()->str() : reply.status().ToString();
      });
  ASSERT_TRUE(started.ok()) << started;
  EXPECT_EQ(heard, "");  // never from inside the call that started it
  node_->RunUntil([&heard] { return !heard.empty(); });
  EXPECT_EQ(heard, "hello");
}

TEST_F(EchoTest, AnswersAFuture) {
  ASSERT_TRUE(channel_->WaitOpen().ok());
  Future<MessageOf<SayReply>> one = client_->SayFuture(Saying("one"));
  Future<MessageOf<SayReply>> two = client_->SayFuture(Saying("two"));
  absl::StatusOr<MessageOf<SayReply>> second = two.Wait();
  absl::StatusOr<MessageOf<SayReply>> first = one.Wait();
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ((*first)->text()->string_view(), "one");
  EXPECT_EQ((*second)->text()->string_view(), "two");
}

Task<void> SayTwice(Node&, EchoClient& client, std::string& heard, bool& done) {
  for (const char* text : {"hello ", "again"}) {
    absl::StatusOr<MessageOf<SayReply>> reply = co_await client.Say(
        [text](flatbuffers::FlatBufferBuilder& fbb) { return CreateSayRequestDirect(fbb, text); });
    heard += reply.ok() ? (*reply)->text()->str() : reply.status().ToString();
  }
  done = true;
}

TEST_F(EchoTest, AnswersACoroutine) {
  std::string heard;
  bool done = false;
  node_->Spawn(SayTwice(*node_, *client_, heard, done));
  node_->RunUntil([&done] { return done; });
  EXPECT_EQ(heard, "hello again");
}

TEST_F(EchoTest, HearsOneWayMessages) {
  ASSERT_TRUE(client_->Hear(Saying("psst")).Wait().ok());
  ASSERT_TRUE(client_->TryHear(Saying("psst")).ok());
  node_->RunUntil([this] { return echo_.heard() == 2; });
}

TEST_F(EchoTest, RepeatsOverAStreamOfTheServer) {
  absl::StatusOr<ReadStream<SayReply>> stream = client_->Repeat(Repeating("again", 1000));
  ASSERT_TRUE(stream.ok()) << stream.status();
  int items = 0;
  while (std::optional<MessageOf<SayReply>> item = stream->Read().Wait()) {
    EXPECT_EQ((*item)->text()->string_view(), "again");
    ++items;
  }
  EXPECT_EQ(items, 1000);
  EXPECT_TRUE(stream->Finish().Wait().ok());
}

TEST_F(EchoTest, TellsWhyAStreamOfTheServerEnded) {
  absl::StatusOr<ReadStream<SayReply>> stream =
      client_->Repeat(Repeating("again", Echo::kRepeatsMax + 1));
  ASSERT_TRUE(stream.ok()) << stream.status();
  EXPECT_FALSE(stream->Read().Wait().has_value());
  const absl::Status ended = stream->Finish().Wait();
  EXPECT_EQ(ended.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(ended.message()), HasSubstr("times is at most 1000000"));
}

TEST_F(EchoTest, JoinsAStreamOfTheClient) {
  absl::StatusOr<WriteStream<SayRequest, Joined>> stream = client_->Join();
  ASSERT_TRUE(stream.ok()) << stream.status();
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(stream->Write(Saying("ab")).Wait().ok()) << i;
  ASSERT_TRUE(stream->EndWrites().ok());
  absl::StatusOr<MessageOf<Joined>> joined = stream->Finish().Wait();
  ASSERT_TRUE(joined.ok()) << joined.status();
  EXPECT_EQ((*joined)->items(), 500u);
  EXPECT_EQ((*joined)->text()->size(), 1000u);
}

TEST_F(EchoTest, ChatsInBothDirections) {
  absl::StatusOr<BothStreams<SayRequest, SayReply>> chat = client_->Chat();
  ASSERT_TRUE(chat.ok()) << chat.status();
  for (int i = 0; i < 500; ++i) {
    const std::string text = std::to_string(i);
    ASSERT_TRUE(chat->Write(Saying(text)).Wait().ok());
    std::optional<MessageOf<SayReply>> reply = chat->Read().Wait();
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ((*reply)->text()->string_view(), text);
  }
  ASSERT_TRUE(chat->EndWrites().ok());
  EXPECT_FALSE(chat->Read().Wait().has_value());
  EXPECT_TRUE(chat->Finish().Wait().ok());
}

Task<void> ChatAway(Node&, EchoClient& client, absl::Status& ended, bool& done) {
  absl::StatusOr<BothStreams<SayRequest, SayReply>> chat = client.Chat();
  if (chat.ok()) {
    ended = co_await chat->Write(
        [](flatbuffers::FlatBufferBuilder& fbb) { return CreateSayRequestDirect(fbb, "x"); });
    std::optional<MessageOf<SayReply>> reply = co_await chat->Read();
    if (!reply.has_value() || (*reply)->text()->string_view() != "x")
      ended = absl::InternalError("another answer");
    ended.Update(chat->EndWrites());
    ended.Update(co_await chat->Finish());
  } else {
    ended = chat.status();
  }
  done = true;
}

TEST_F(EchoTest, ChatsWithACoroutine) {
  ASSERT_TRUE(channel_->WaitOpen().ok());
  absl::Status ended;
  bool done = false;
  node_->Spawn(ChatAway(*node_, *client_, ended, done));
  node_->RunUntil([&done] { return done; });
  EXPECT_TRUE(ended.ok()) << ended;
}

TEST_F(EchoTest, RefusesAStreamInACoroutineBeforeTheChannelIsOpen) {
  absl::Status ended;
  bool done = false;
  node_->Spawn(ChatAway(*node_, *client_, ended, done));
  node_->RunUntil([&done] { return done; });
  EXPECT_EQ(OutcomeOf(ended), Outcome::kRefused);
  EXPECT_THAT(std::string(ended.message()), HasSubstr("a stream needs a channel that is open"));
}

TEST_F(EchoTest, RefusesARequestThatIsNotWhatTheSchemaSays) {
  // The text is required.
  flatbuffers::FlatBufferBuilder fbb;
  fbb.Finish(CreateNothing(fbb));
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(fbb.GetBufferPointer()),
                                         fbb.GetSize());
  absl::StatusOr<MessageOf<SayReply>> reply = client_->Say(bytes).Wait();
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(reply.status().message()), HasSubstr("jackfield.echo.Echo/Say"));
  // No bytes at all, and one-way.
  EXPECT_EQ(client_->Say(Bytes()).Wait().status().code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(client_->Hear(Bytes()).Wait().ok());
  ASSERT_TRUE(client_->Say(Saying("still there")).Wait().ok());
  EXPECT_EQ(echo_.heard(), 0u);
}

TEST_F(EchoTest, RefusesAnItemThatIsNotWhatTheSchemaSays) {
  absl::StatusOr<WriteStream<SayRequest, Joined>> stream = client_->Join();
  ASSERT_TRUE(stream.ok()) << stream.status();
  ASSERT_TRUE(stream->Write(Saying("good")).Wait().ok());
  ASSERT_TRUE(stream->Write(Bytes("neither good nor long")).Wait().ok());
  absl::StatusOr<MessageOf<Joined>> joined = stream->Finish().Wait();
  EXPECT_EQ(joined.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(joined.status().message()),
              HasSubstr("jackfield.echo.Echo/Join: an item of 21 bytes"));
}

TEST_F(EchoTest, RefusesAStreamThatIsCalledAndACallThatIsStreamed) {
  absl::StatusOr<Message> called = channel_->Call(EchoMethods::kJoin.type, Bytes()).Wait();
  EXPECT_EQ(called.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(called.status().message()),
              HasSubstr("jackfield.echo.Echo/Join is a stream"));

  absl::StatusOr<std::unique_ptr<ClientStream>> stream =
      channel_->OpenStream(EchoMethods::kSay.type, Bytes());
  ASSERT_TRUE(stream.ok()) << stream.status();
  const absl::StatusOr<Message> streamed = (*stream)->Finish().Wait();
  EXPECT_EQ(streamed.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(streamed.status().message()),
              HasSubstr("jackfield.echo.Echo/Say is not a stream"));
}

TEST_F(EchoTest, NamesItsMethodsWhenAskedForAnother) {
  absl::StatusOr<Message> reply =
      channel_->Call(MessageType("jackfield.echo.Echo/Sya"), Bytes()).Wait();
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(OutcomeOf(reply.status()), Outcome::kRefused);
  EXPECT_THAT(std::string(reply.status().message()),
              HasSubstr("it serves jackfield.echo.Echo (Say, Hear, Repeat, Join and Chat), "
                        "jackfield.sys.Schema (List and Get)"));
}

TEST_F(EchoTest, EndsAStreamThatItsClientCancels) {
  absl::StatusOr<BothStreams<SayRequest, SayReply>> chat = client_->Chat();
  ASSERT_TRUE(chat.ok()) << chat.status();
  ASSERT_TRUE(chat->Write(Saying("x")).Wait().ok());
  ASSERT_TRUE(chat->Read().Wait().has_value());
  EXPECT_EQ(port_->calls_under_way(), 1u);
  chat->Cancel();
  EXPECT_EQ(chat->Finish().Wait().code(), absl::StatusCode::kCancelled);
  node_->RunUntil([this] { return port_->calls_under_way() == 0; });
}

}  // namespace
}  // namespace jackfield::echo
