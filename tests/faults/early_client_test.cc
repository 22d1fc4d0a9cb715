// A client that is started before its service waits for it, over every transport whose ends meet
// by an address; and one whose service never comes is told, when its connect_timeout has passed.
#include <string>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/reactor_case.h"

namespace jackfield::conformance {
namespace {

constexpr uint32_t kEcho = 1;

std::vector<ReactorCase> EveryParam() {
  std::vector<ReactorCase> params;
  for (const Subject& subject : Subjects()) {
    if (Answers(subject) && MeetsByAddress(subject)) AddOverEachReactor(subject, params);
  }
  return params;
}

class EarlyClient : public testing::TestWithParam<ReactorCase> {
 protected:
  void SetUp() override {
    if (const std::string lacks = Lacks(GetParam().subject); !lacks.empty()) GTEST_SKIP() << lacks;
    auto node = Node::Create({.registry = &TestRegistry(), .wait = GetParam().wait});
    if (!node.ok()) GTEST_SKIP() << "no io_uring here";
    node_ = *std::move(node);
    // A place that is free, and was taken just now.
    const auto port = Serve(std::string(GetParam().subject.serve));
    ASSERT_TRUE(port.ok()) << port.status();
    place_ = (*port)->addresses()[0].ToString();
    // One beside it stays, and with it what places may share: a directory of the bus's own.
    if (auto beside = Serve(std::string(GetParam().subject.serve)); beside.ok())
      beside_ = *std::move(beside);
  }
  absl::StatusOr<std::unique_ptr<Port>> Serve(const std::string& address) {
    auto port = Port::Open(*node_, {Raw(address)});
    if (!port.ok()) return port;
    (*port)->Handle(kEcho,
                    [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
    if (absl::Status status = (*port)->WaitServing(); !status.ok()) return status;
    return port;
  }
  std::unique_ptr<Node> node_;
  std::unique_ptr<Port> beside_;
  std::string place_;
};

TEST_P(EarlyClient, WaitsForItsServiceAndIsServed) {
  ChannelOptions options;
  options.connect_timeout = 60s;
  const auto channel = Channel::Open(*node_, Raw(place_), options).value();
  // Long enough for several attempts, none of which is the end.
  EXPECT_FALSE(node_->RunUntil([&] { return !channel->ended_why().ok(); },
                               node_->clock().NowNs() + 300'000'000))
      << channel->ended_why();
  const auto port = Serve(place_);
  ASSERT_TRUE(port.ok()) << port.status();
  CallOptions call;
  call.timeout = 60s;
  const absl::StatusOr<Message> reply = channel->Call(kEcho, Bytes("hello"), call).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->text(), "hello");
}

TEST_P(EarlyClient, WhoseServiceNeverComesIsToldSo) {
  ChannelOptions options;
  options.connect_timeout = 100ms;
  const auto channel = Channel::Open(*node_, Raw(place_), options).value();
  const absl::Status why = channel->WaitOpen();
  EXPECT_EQ(why.code(), absl::StatusCode::kUnavailable) << why;
  EXPECT_EQ(OutcomeOf(why), Outcome::kRefused) << why;
}

INSTANTIATE_TEST_SUITE_P(Over, EarlyClient, testing::ValuesIn(EveryParam()), NameOfCase);

}  // namespace
}  // namespace jackfield::conformance
