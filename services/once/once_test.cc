// A deed is done once: over calls that come again, connections that break, and a service that is
// started anew.
#include "services/once/once.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "services/once/till_service.h"
#include "services/test_transports.h"

namespace jackfield::once {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using Reply = absl::StatusOr<MessageOf<till::Receipt>>;

class Till final : public till::TillService {
 public:
  explicit Till(Node& node, const WindowLimits& limits = {})
      : node_(node), window_(node.clock().NowNs(), limits) {}
  Handling Pay(CallOf<till::Payment, till::Receipt> call) override {
    return DoOnce(window_, call, call->key(),
                  [this, call](FlatBufferBuilder& fbb) { return Add(call.request(), fbb); });
  }
  Handling PayLater(CallOf<till::Payment, till::Receipt> call) override {
    return DoOnce(window_, call, call->key(),
                  [this, call](FlatBufferBuilder& fbb) { return Later(node_, *this, call, fbb); });
  }
  bool may_go_on = true;
  int64_t sum = 0;
  int deeds = 0;

 private:
  absl::StatusOr<Offset<till::Receipt>> Add(const till::Payment& payment, FlatBufferBuilder& fbb) {
    ++deeds;
    if (payment.amount() < 0) return absl::OutOfRangeError("no money is paid out");
    sum += payment.amount();
    return till::CreateReceipt(fbb, sum, fbb.CreateString(std::string(payment.filling(), 'x')));
  }
  static Task<absl::StatusOr<Offset<till::Receipt>>> Later(
      Node& node, Till& self, CallOf<till::Payment, till::Receipt> call, FlatBufferBuilder& fbb) {
    const int32_t amount = call->amount();
    while (!self.may_go_on) co_await node.Sleep(1ms);
    ++self.deeds;
    self.sum += amount;
    co_return till::CreateReceipt(fbb, self.sum);
  }
  Node& node_;
  Window window_;
};

auto Payment(const Key& key, int32_t amount, uint32_t filling = 0) {
  return [key, amount, filling](FlatBufferBuilder& fbb) {
    return till::CreatePayment(fbb, &key, amount, filling);
  };
}

class OnceTest : public testing::TestWithParam<std::string> {
 protected:
  OnceTest() {
    node_ = Node::Create({.name = "test", .registry = &Transports()}).value();
    address_ = GetParam();
    till_ = std::make_unique<Till>(*node_);
    Serve();
    channel_ = Channel::Open(*node_, address_).value();
  }
  void Serve() {
    port_ = Port::Open(*node_, {address_}).value();
    till_->RegisterOn(*port_);
    ASSERT_TRUE(port_->WaitServing().ok()) << port_->failure();
    address_ = port_->addresses()[0].ToString();
  }
  template <class Done>
  bool Until(Done done) {
    return node_->RunUntil(done, node_->clock().NowNs() + 60'000'000'000);
  }
  Reply Pay(const Key& key, int32_t amount, uint32_t filling = 0) {
    return till::TillClient(*channel_).Pay(Payment(key, amount, filling)).Wait();
  }
  // A call by CallOnce, in the background.
  struct Ended {
    bool ended = false;
    absl::Status status;
    int64_t sum = 0;
  };
  void PayLater(int32_t amount, Ended& to) {
    node_->Spawn([](Node&, OnceTest& self, int32_t paid, Ended& end) -> Task<void> {
      const Reply reply = co_await CallOnce(
          *self.channel_, self.keys_, {}, [&](const Key& key, const CallOptions& options) {
            return till::TillClient(*self.channel_).PayLater(Payment(key, paid), options);
          });
      end = {true, reply.status(), reply.ok() ? (*reply)->sum() : 0};
    }(*node_, *this, amount, to));
  }

  std::string address_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Till> till_;
  std::unique_ptr<Port> port_;
  std::unique_ptr<Channel> channel_;
  Keys keys_;
};

TEST_P(OnceTest, ACallThatComesAgainGetsTheAnswerOfTheFirst) {
  const Key key = keys_.Next();
  EXPECT_EQ((*Pay(key, 5))->sum(), 5);
  EXPECT_EQ((*Pay(key, 5))->sum(), 5);
  EXPECT_EQ((*Pay(Key(key.client(), key.number(), true), 5))->sum(), 5);
  EXPECT_EQ(till_->deeds, 1);
  EXPECT_EQ((*Pay(keys_.Next(), 5))->sum(), 10);
}

TEST_P(OnceTest, AnErrorIsAnAnswerToo) {
  const Key key = keys_.Next();
  for (int i = 0; i < 2; ++i) {
    const absl::Status status = Pay(key, -1).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange) << status;
  }
  EXPECT_EQ(till_->deeds, 1);
}

TEST_P(OnceTest, ALongAnswerIsNotKeptButThatItWasDoneIs) {
  const Key key = keys_.Next();
  EXPECT_EQ((*Pay(key, 5, 5000))->filling()->size(), 5000u);
  EXPECT_EQ(Pay(key, 5, 5000).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(till_->deeds, 1);
}

TEST_P(OnceTest, ACallWithoutAKeyIsRefusedWithWhatHelps) {
  const auto keyless = [](FlatBufferBuilder& fbb) { return till::CreatePayment(fbb, nullptr, 5); };
  const absl::Status status = till::TillClient(*channel_).Pay(keyless).Wait().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.ToString().find("try: CallOnce"), std::string::npos) << status;
  EXPECT_EQ(till_->deeds, 0);
}

TEST_P(OnceTest, ACallThatComesWhileTheFirstGoesOnWaitsForItsAnswer) {
  till_->may_go_on = false;
  const Key key = keys_.Next();
  std::vector<Future<MessageOf<till::Receipt>>> replies;
  for (int i = 0; i < 3; ++i)
    replies.push_back(till::TillClient(*channel_).PayLaterFuture(Payment(key, 5)));
  ASSERT_TRUE(Until([&] { return port_->calls_under_way() == 3; }));
  till_->may_go_on = true;
  for (auto& reply : replies) {
    const Reply ended = reply.Wait();
    ASSERT_TRUE(ended.ok()) << ended.status();
    EXPECT_EQ((*ended)->sum(), 5);
  }
  EXPECT_EQ(till_->deeds, 1);
}

TEST_P(OnceTest, WhoWaitsForTheFirstMayGiveUp) {
  till_->may_go_on = false;
  const Key key = keys_.Next();
  const auto first = till::TillClient(*channel_).PayLaterFuture(Payment(key, 5));
  ASSERT_TRUE(Until([&] { return port_->calls_under_way() == 1; }));
  CallOptions options;
  options.timeout = 20ms;
  EXPECT_FALSE(till::TillClient(*channel_).PayLater(Payment(key, 5), options).Wait().ok());
  ASSERT_TRUE(Until([&] { return port_->calls_under_way() == 1; }));
  till_->may_go_on = true;
  ASSERT_TRUE(Until([&] { return port_->calls_under_way() == 0; }));
  EXPECT_EQ(till_->deeds, 1);
}

// The service has gone with its window, and another one is there, which knows nothing.
TEST_P(OnceTest, AfterARestartACallThatMayHaveBeenDoneIsNotDoneAndIsInDoubt) {
  till_->may_go_on = false;
  Ended end;
  PayLater(5, end);
  ASSERT_TRUE(Until([&] { return port_->calls_under_way() == 1; }));
  port_.reset();
  till_ = std::make_unique<Till>(*node_);
  Serve();
  ASSERT_TRUE(Until([&] { return end.ended; }));
  EXPECT_EQ(OutcomeOf(end.status), Outcome::kInDoubt) << end.status;
  EXPECT_EQ(end.status.code(), absl::StatusCode::kAborted) << end.status;
  EXPECT_EQ(till_->deeds, 0);
  EXPECT_EQ((*Pay(keys_.Next(), 7))->sum(), 7) << "what is new is done at once";
}

INSTANTIATE_TEST_SUITE_P(Over, OnceTest, testing::Values("unix:", "tcp://127.0.0.1:0"),
                         [](const auto& info) {
                           return info.param.substr(0, info.param.find(':'));
                         });

class BreakingTest : public testing::TestWithParam<int> {};

// Connections break between any two frames, and the service lives.
TEST_P(BreakingTest, OverBrokenConnectionsEachDeedIsDoneOnceAtMostAndAnsweredOnesExactlyOnce) {
  const auto node = Node::Create({.name = "test", .registry = &Transports()}).value();
  Till till(*node);
  const auto port = Port::Open(*node, {Text("chaos+unix:?cut=2%&seed=", GetParam())}).value();
  till.RegisterOn(*port);
  ASSERT_TRUE(port->WaitServing().ok()) << port->failure();
  const auto channel = Channel::Open(*node, port->addresses()[0]).value();
  Keys keys;
  constexpr int kCalls = 1000;
  int ok = 0, in_doubt = 0, other = 0, again = 0, running = 0;
  std::set<int64_t> sums;
  for (int i = 0; i < kCalls; ++i) {
    ++running;
    node->Spawn([](Node&, Channel& on, Keys& of, int& fine, int& doubt, int& no, int& repeated,
                   int& runs, std::set<int64_t>& all) -> Task<void> {
      const Reply reply =
          co_await CallOnce(on, of, {}, [&](const Key& key, const CallOptions& options) {
            repeated += key.again();
            return till::TillClient(on).Pay(Payment(key, 1), options);
          });
      --runs;
      if (reply.ok())
        ++fine, all.insert((*reply)->sum());
      else
        ++(OutcomeOf(reply.status()) == Outcome::kInDoubt ? doubt : no);
    }(*node, *channel, keys, ok, in_doubt, other, again, running, sums));
    ASSERT_TRUE(node->RunUntil([&] { return running < 4; }, INT64_MAX));
  }
  ASSERT_TRUE(node->RunUntil([&] { return running == 0; }, INT64_MAX));
  EXPECT_EQ(sums.size(), static_cast<size_t>(ok)) << "two were told of the same deed";
  EXPECT_GE(till.deeds, ok);
  EXPECT_LE(till.deeds, ok + in_doubt);
  EXPECT_EQ(till.sum, till.deeds);
  EXPECT_EQ(other, 0);
  EXPECT_GT(again, 0) << "nothing broke";
  EXPECT_GT(ok, kCalls / 2);
}

INSTANTIATE_TEST_SUITE_P(Seeds, BreakingTest, testing::Range(1, 6));

}  // namespace
}  // namespace jackfield::once
