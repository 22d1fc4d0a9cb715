// FAULTS E1, E12: signals at a high rate, whose handler restarts nothing, at a server's thread and
// at its client's, from before they open until after they have closed: over every transport nothing
// fails and nothing is lost. Both sleep between messages, so that what a signal can break off is
// under way most of the time.
#include "tests/faults/signal_flood.h"

#include <future>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/reactor_case.h"

namespace jackfield::conformance {
namespace {

constexpr uint32_t kEcho = 1;
constexpr uint32_t kMessages = 200;
constexpr int64_t kBetweenSignalsNs = 30'000;
constexpr int64_t kGiveUpNs = 120'000'000'000;

class Flooded : public testing::TestWithParam<ReactorCase> {
 protected:
  void SetUp() override {
    if (const std::string lacks = Lacks(GetParam().subject); !lacks.empty()) GTEST_SKIP() << lacks;
    if (MakeNode() == nullptr) GTEST_SKIP() << "no io_uring here";
  }
  static std::unique_ptr<Node> MakeNode() {
    absl::StatusOr<std::unique_ptr<Node>> node =
        Node::Create({.registry = &TestRegistry(), .wait = GetParam().wait, .spin_ns = 0});
    return node.ok() ? *std::move(node) : nullptr;
  }
  static std::string PayloadOf(uint32_t number) {
    const Address address = TestRegistry().Parse(GetParam().subject.serve).value();
    const uint32_t frame_bytes_max =
        TestRegistry().Describe(address, Role::kServe).value().frame_bytes_max;
    const uint32_t bytes = number * 2099 % 60'000;
    return std::string(Answers(GetParam().subject)
                           ? bytes
                           : std::min<uint32_t>(bytes, frame_bytes_max - kHeaderBytes),
                       static_cast<char>('a' + number % 26));
  }
  struct Served {
    std::string address;
    MailboxHandle handle;
  };
  // Until `received` messages have come, and the client has gone.
  static uint32_t Serve(std::promise<Served>& serving, std::shared_future<void> done) {
    const SignalFlood flood(kBetweenSignalsNs);
    const bool answers = Answers(GetParam().subject);
    const std::unique_ptr<Node> node = MakeNode();
    PortOptions options;
    if (!answers) options.needs = ReceiveNeeds();
    const auto port = Port::Open(*node, {std::string(GetParam().subject.serve)}, options);
    EXPECT_TRUE(port.ok()) << port.status();
    uint32_t received = 0;
    (*port)->Handle(kEcho, [&](ServerCall& call) {
      EXPECT_TRUE(call.message().text() == PayloadOf(received)) << received;
      ++received;
      if (answers) call.Reply(Bytes(call.payload())).IgnoreError();
    });
    const absl::Status status = (*port)->WaitServing();
    EXPECT_TRUE(status.ok()) << status;
    serving.set_value({(*port)->addresses()[0].ToString(), node->handle()});
    const int64_t give_up_ns = SystemClock().NowNs() + kGiveUpNs;
    const auto over = [&] {
      return done.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    };
    EXPECT_TRUE(node->RunUntil([&] { return received >= kMessages && over(); }, give_up_ns))
        << received << " received";
    EXPECT_EQ((*port)->ledger().lost, 0u);
    return received;
  }
};

TEST_P(Flooded, NothingFailsAndNothingIsLost) {
  std::promise<Served> serving;
  std::promise<void> done;
  uint32_t received = 0;
  std::thread server([&, over = done.get_future().share()] { received = Serve(serving, over); });
  const Served served = serving.get_future().get();
  {
    const SignalFlood flood(kBetweenSignalsNs);
    const bool answers = Answers(GetParam().subject);
    const std::unique_ptr<Node> node = MakeNode();
    ChannelOptions options;
    options.timeout = 60s;
    options.connect_timeout = 60s;
    if (!answers) options.needs = SendNeeds();
    const auto channel = Channel::Open(*node, served.address, options);
    EXPECT_TRUE(channel.ok()) << channel.status();
    for (uint32_t i = 0; channel.ok() && i < kMessages; ++i) {
      const std::string payload = PayloadOf(i);
      if (!answers) {
        const absl::Status sent = (*channel)->Send(kEcho, Bytes(payload)).Wait();
        EXPECT_TRUE(sent.ok()) << i << ": " << sent;
        continue;
      }
      absl::StatusOr<Message> reply = (*channel)->Call(kEcho, Bytes(payload)).Wait();
      EXPECT_TRUE(reply.ok()) << i << ": " << reply.status();
      EXPECT_TRUE(!reply.ok() || reply->text() == payload) << i;
    }
    if (channel.ok()) {
      const Receipt receipt = (*channel)->Close(60s);
      EXPECT_EQ(receipt.in_doubt + receipt.undelivered, 0u);
    }
  }
  done.set_value();
  served.handle.Run([] {});  // wakes it
  server.join();
  EXPECT_EQ(received, kMessages);
  EXPECT_GT(SignalFlood::count(), 0u);
}

std::vector<ReactorCase> Params() {
  std::vector<ReactorCase> params;
  for (const Subject& subject : Subjects()) {
    const Address address = TestRegistry().Parse(subject.serve).value();
    const std::string_view name = subject.name;
    if (!MeetsByAddress(subject) || name.find("chaos") != name.npos || address.scheme() == "sim")
      continue;
    AddOverEachReactor(subject, params);
  }
  return params;
}

INSTANTIATE_TEST_SUITE_P(All, Flooded, testing::ValuesIn(Params()), NameOfCase);

}  // namespace
}  // namespace jackfield::conformance
