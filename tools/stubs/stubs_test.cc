// What stubs promise beyond what services/echo shows: errors, defaults, limits, coroutines that
// wait for others, and the schema service. Client and servers are on one node, driven in turn.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/registry.h"
#include "schemas/sys_service.h"
#include "tools/stubs/probe_service.h"
#include "transports/builtin.h"

namespace jackfield::probe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

auto Asking(int number) {
  return [number](flatbuffers::FlatBufferBuilder& fbb) { return CreateAsk(fbb, number); };
}
auto Answering(int number) {
  return [number](flatbuffers::FlatBufferBuilder& fbb) { return CreateAnswer(fbb, number); };
}

auto Parts(int count) {
  return [count](flatbuffers::FlatBufferBuilder& fbb) {
    std::vector<flatbuffers::Offset<Part>> parts;
    for (int i = 0; i < count; ++i) parts.push_back(CreatePart(fbb, i));
    return CreateAnswer(fbb, count, fbb.CreateVector(parts));
  };
}

class TestedProbe final : public ProbeService {
 public:
  Handling Next(CallOf<Ask, Answer> call) override {
    if (call->number() == -1) return absl::NotFoundError("no number follows that one");
    if (call->number() == -2) return absl::OkStatus();
    return call.Reply(Answering(call->number() + 1));
  }
  Handling Wait(CallOf<Ask, Answer> call) override {
    call.call().Hold();
    call.call().OnCancel([this] { ++cancelled; });
    held.push_back(&call.call());
    return absl::OkStatus();
  }
  Handling Wide(CallOf<Ask, Answer> call) override { return call.Reply(Parts(call->number())); }
  Handling Narrow(CallOf<Ask, Answer> call) override { return call.Reply(Parts(call->number())); }
  Handling Letters(CallOf<shop::v1::Item, Answer> call) override {
    return call.Reply(
        Answering(call->name() == nullptr ? 0 : static_cast<int>(call->name()->size())));
  }
  Handling Forward(CallOf<Ask, Answer> call) override {
    if (behind == nullptr) co_return absl::FailedPreconditionError("nobody is behind");
    absl::StatusOr<MessageOf<Answer>> answer = co_await behind->Next(Asking(call->number()));
    remaining = call.call().remaining();
    if (!answer.ok()) co_return answer.status();
    co_return call.Reply(Answering((*answer)->number()));
  }

  OtherClient* behind = nullptr;
  int cancelled = 0;
  nanoseconds remaining = 0s;
  std::vector<ServerCall*> held;
};

class TestedOther final : public OtherService {
 public:
  Handling Next(CallOf<Ask, Answer> call) override {
    co_await call.node().Sleep(1us);
    if (call->number() == -1) co_return absl::NotFoundError("nor here");
    co_return call.Reply(Answering(call->number() + 10));
  }
  Handling Twice(CallOf<Request, Done> call) override {
    const int twice = 2 * call->number();
    co_return call.Reply(
        [twice](flatbuffers::FlatBufferBuilder& fbb) { return CreateDone(fbb, twice); });
  }
};

// Within this class the names of its functions hide those of the tables, as in every C++ class.
class TestedDesk final : public DeskService {
 public:
  using OrderTable = ::jackfield::probe::Order;
  Handling Order(CallOf<OrderTable, PayloadT> call) override {
    return call.Reply([&](flatbuffers::FlatBufferBuilder& fbb) {
      return CreatePayloadT(fbb, call->number() + 1);
    });
  }
  Handling Note(OneWayOf<OrderTable>) override { return absl::OkStatus(); }
  Handling List(ServerStreamOf<OrderTable, OrderTable>) override { return absl::OkStatus(); }
  Handling Sum(ClientStreamOf<OrderTable, OrderTable>) override {
    return absl::UnimplementedError("no sums");
  }
  Handling call(CallOf<Ask, Answer> call) override {
    return call.Reply(Answering(call->number() + 2));
  }
  Handling port(CallOf<Ask, Answer> call) override {
    return call.Reply(Answering(call->number() + 3));
  }
};

class StubsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    AddBuiltinTransports(registry_);
    node_ = *Node::Create({.name = "prober", .registry = &registry_});
    // One node is client and server, and Forward calls it again.
    port_ = *Port::Open(*node_, {"unix:"}, {.reentrant = true});
    probe_.RegisterOn(*port_);
    other_.RegisterOn(*port_);
    ASSERT_TRUE(port_->WaitServing().ok());
    channel_ = *Channel::Open(*node_, port_->addresses()[0]);
    ASSERT_TRUE(channel_->WaitOpen().ok());
    client_ = std::make_unique<ProbeClient>(*channel_);
    other_client_ = std::make_unique<OtherClient>(*channel_);
  }

  Registry registry_;
  std::unique_ptr<Node> node_;
  TestedProbe probe_;
  TestedOther other_;
  std::unique_ptr<Port> port_;
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<ProbeClient> client_;
  std::unique_ptr<OtherClient> other_client_;
};

TEST_F(StubsTest, TheStatusOfAHandlerReachesTheCaller) {
  EXPECT_EQ((*client_->Next(Asking(1)).Wait())->number(), 2);
  const absl::Status refused = client_->Next(Asking(-1)).Wait().status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(std::string(refused.message()), "no number follows that one");
  EXPECT_EQ(OutcomeOf(refused), Outcome::kOk);  // it is an answer
}

TEST_F(StubsTest, AHandlerThatDoesNotAnswerIsInternal) {
  const absl::Status status = client_->Next(Asking(-2)).Wait().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("jackfield.probe.Probe/Next: the handler returned without an answer"));
}

TEST_F(StubsTest, ServicesOfOneFileShareAPort) {
  EXPECT_EQ((*client_->Next(Asking(1)).Wait())->number(), 2);
  EXPECT_EQ((*other_client_->Next(Asking(1)).Wait())->number(), 11);
}

// In each style: they are templates, and compiled only where they are used.
TEST_F(StubsTest, TablesMayBeCalledRequestAndDone) {
  const auto three = [](flatbuffers::FlatBufferBuilder& fbb) { return CreateRequest(fbb, 3); };
  EXPECT_EQ((*other_client_->Twice(three).Wait())->number(), 6);
  EXPECT_EQ((*other_client_->TwiceFuture(three).Wait())->number(), 6);
  int twice = 0;
  ASSERT_TRUE(other_client_
                  ->TwiceAsync(three, {},
                               [&](absl::StatusOr<MessageOf<Done>> done) {
                                 if (done.ok()) twice = (*done)->number();
                               })
                  .ok());
  for (int i = 0; i < 10'000 && twice == 0; ++i) node_->Turn(Node::kDoNotSleep);
  EXPECT_EQ(twice, 6);
}

TEST_F(StubsTest, AMethodTakesATableOfAnotherNamespace) {
  const auto item = [](flatbuffers::FlatBufferBuilder& fbb) {
    return shop::v1::CreateItemDirect(fbb, "spoon");
  };
  EXPECT_EQ((*client_->Letters(item).Wait())->number(), 5);
}

TEST_F(StubsTest, ACoroutineHandlerAnswersAfterItHasWaitedForAnotherService) {
  EXPECT_EQ(client_->Forward(Asking(5)).Wait().status().code(),
            absl::StatusCode::kFailedPrecondition);
  probe_.behind = other_client_.get();
  for (int i = 0; i < 100; ++i) {
    absl::StatusOr<MessageOf<Answer>> answer = client_->Forward(Asking(i)).Wait();
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ((*answer)->number(), i + 10);
  }
  const absl::Status refused = client_->Forward(Asking(-1)).Wait().status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(std::string(refused.message()), "nor here");
  EXPECT_EQ(node_->current_call(), nullptr);
  node_->RunUntil([this] { return port_->calls_under_way() == 0; });
}

TEST_F(StubsTest, ACallInsideAHandlerInheritsWhatRemainsOfItsDeadline) {
  probe_.behind = other_client_.get();
  ASSERT_TRUE(client_->Forward(Asking(1), {.timeout = 3s}).Wait().ok());
  EXPECT_GT(probe_.remaining, 0s);
  EXPECT_LE(probe_.remaining, 3s);
}

TEST_F(StubsTest, TheDeadlineOfTheSchemaHoldsForACallThatNamesNone) {
  const absl::Status late = client_->Wait(Asking(1)).Wait().status();
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded);
  node_->RunUntil([this] { return probe_.cancelled == 1; });
  // The handler may still answer, to nobody; that ends the call.
  probe_.held.at(0)
      ->Reply(Build([](flatbuffers::FlatBufferBuilder& fbb) { fbb.Finish(CreateAnswer(fbb)); }))
      .IgnoreError();
  EXPECT_EQ(port_->calls_under_way(), 0u);
}

TEST_F(StubsTest, TheCallersDeadlineGoesBeforeThatOfTheSchema) {
  bool ended = false;
  ASSERT_TRUE(client_
                  ->WaitAsync(Asking(1), {.timeout = 60s},
                              [&ended](absl::StatusOr<MessageOf<Answer>> answer) {
                                EXPECT_TRUE(answer.ok()) << answer.status();
                                ended = true;
                              })
                  .ok());
  node_->RunUntil([this] { return !probe_.held.empty(); });
  EXPECT_GT(probe_.held[0]->remaining(), 1s);
  probe_.held[0]
      ->Reply(Build([](flatbuffers::FlatBufferBuilder& fbb) { fbb.Finish(CreateAnswer(fbb)); }))
      .IgnoreError();
  node_->RunUntil([&ended] { return ended; });
}

TEST_F(StubsTest, AnAnswerOfManyTablesNeedsAMethodThatAllowsThem) {
  EXPECT_EQ((*client_->Wide(Asking(4000)).Wait())->parts()->size(), 4000u);
  EXPECT_EQ(client_->Wide(Asking(6000)).Wait().status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(client_->Narrow(Asking(900)).Wait().ok());
  const absl::Status refused = client_->Narrow(Asking(4000)).Wait().status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("jackfield.probe.Probe/Narrow: the answer of"));
}

TEST_F(StubsTest, AnAnswerThatIsNotWhatTheSchemaSaysIsDataLoss) {
  const std::unique_ptr<Port> port = *Port::Open(*node_, {"unix:"});
  port->Handle(ProbeMethods::kNext.type,
               [](ServerCall& call) { call.Reply(Bytes("not a table")).IgnoreError(); });
  ASSERT_TRUE(port->WaitServing().ok());
  const std::unique_ptr<Channel> channel = *Channel::Open(*node_, port->addresses()[0]);
  ProbeClient client(*channel);
  EXPECT_EQ(client.Next(Asking(1)).Wait().status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(client.NextFuture(Asking(1)).Wait().status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(StubsTest, ADestroyedPortEndsCoroutinesThatWait) {
  probe_.behind = other_client_.get();
  bool ended = false;
  ASSERT_TRUE(client_
                  ->ForwardAsync(Asking(1), {},
                                 [&ended](absl::StatusOr<MessageOf<Answer>> answer) {
                                   EXPECT_FALSE(answer.ok());
                                   ended = true;
                                 })
                  .ok());
  node_->RunUntil([this] { return port_->calls_under_way() > 0; });
  port_.reset();
  node_->RunUntil([&ended] { return ended; });
}

TEST_F(StubsTest, EveryPortServesItsSchemas) {
  sys::SchemaClient schemas(*channel_);
  const auto nothing = [](flatbuffers::FlatBufferBuilder& fbb) {
    return sys::CreateListRequest(fbb);
  };
  absl::StatusOr<MessageOf<sys::ListReply>> list = schemas.List(nothing).Wait();
  ASSERT_TRUE(list.ok()) << list.status();
  std::vector<std::string> names;
  for (const auto* entry : *(*list)->interfaces()) names.push_back(entry->name()->str());
  EXPECT_THAT(
      names, ElementsAre("jackfield.probe.Probe", "jackfield.sys.Schema", "jackfield.probe.Other"));
  EXPECT_EQ((*list)->interfaces()->Get(0)->methods()->Get(0)->name()->str(), "Next");
  EXPECT_EQ((*list)->interfaces()->Get(0)->methods()->Get(0)->message_type(),
            ProbeMethods::kNext.type);

  const auto probe = [](flatbuffers::FlatBufferBuilder& fbb) {
    return sys::CreateGetRequestDirect(fbb, "jackfield.probe.Probe");
  };
  absl::StatusOr<MessageOf<sys::GetReply>> got = schemas.Get(probe).Wait();
  ASSERT_TRUE(got.ok()) << got.status();
  const std::string_view bytes(reinterpret_cast<const char*>((*got)->schema()->data()),
                               (*got)->schema()->size());
  EXPECT_EQ(bytes, kProbeInterface.schema);
  EXPECT_EQ((*got)->schema_hash(), kProbeSchemaHash);
  EXPECT_EQ(bytes.substr(4, 4), "BFBS");
  EXPECT_EQ(reinterpret_cast<uintptr_t>(bytes.data()) % 8, 0u);

  const auto misspelt = [](flatbuffers::FlatBufferBuilder& fbb) {
    return sys::CreateGetRequestDirect(fbb, "jackfield.probe.Prob");
  };
  const absl::Status missing = schemas.Get(misspelt).Wait().status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()),
              HasSubstr("prober does not serve \"jackfield.probe.Prob\"; did you mean "
                        "\"jackfield.probe.Probe\"?"));
}

TEST_F(StubsTest, MethodsMayHaveTheNamesOfTheirTablesAndOfWhatTheStubsCallThings) {
  TestedDesk desk;
  const std::unique_ptr<Port> port = *Port::Open(*node_, {"unix:"});
  desk.RegisterOn(*port);
  ASSERT_TRUE(port->WaitServing().ok());
  const std::unique_ptr<Channel> channel = *Channel::Open(*node_, port->addresses()[0]);
  DeskClient client(*channel);
  const auto order = [](flatbuffers::FlatBufferBuilder& fbb) { return CreateOrder(fbb, 1); };
  EXPECT_EQ((*client.Order(order).Wait())->number(), 2);
  EXPECT_EQ((*client.OrderFuture(order).Wait())->number(), 2);
  EXPECT_TRUE(client.Note(order).Wait().ok());
  EXPECT_EQ((*client.call(Asking(1)).Wait())->number(), 3);
  EXPECT_EQ((*client.port(Asking(1)).Wait())->number(), 4);
}

TEST(FindMethod, KnowsMethodsByShortAndByFullName) {
  EXPECT_EQ((*FindMethod(kProbeInterface, "Next"))->type, ProbeMethods::kNext.type);
  EXPECT_EQ((*FindMethod(kProbeInterface, "jackfield.probe.Probe/Next"))->type,
            ProbeMethods::kNext.type);
}

TEST(FindMethod, NamesTheNearestOfAnUnknownOne) {
  const absl::Status unknown = FindMethod(kProbeInterface, "Forwrd").status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(ReasonOf(unknown), Reason::kUnknownMethod);
  EXPECT_EQ(std::string(unknown.message()),
            "jackfield.probe.Probe has no method \"Forwrd\"; did you mean \"Forward\"?");
  EXPECT_THAT(std::string(FindMethod(kProbeInterface, "Elephant").status().message()),
              HasSubstr("it has Next, Wait, Wide, Narrow, Letters and Forward"));
}

}  // namespace
}  // namespace jackfield::probe
