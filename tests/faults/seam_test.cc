// FAULTS E3, E6, C1: every (site, documented errno) pair, injected through the fault seam, ends in
// an outcome; short reads and writes change nothing; a listener without descriptors lives.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/reactor_case.h"
#include "tests/faults/seams.h"

namespace jackfield::conformance {
namespace {

constexpr uint32_t kEcho = 1;

class Seam : public testing::TestWithParam<ReactorCase> {
 protected:
  void SetUp() override {
    if (const std::string lacks = Lacks(GetParam().subject); !lacks.empty()) GTEST_SKIP() << lacks;
  }
};

std::unique_ptr<Node> NodeWith(const ReactorCase& param, FaultSeam* seam) {
  absl::StatusOr<std::unique_ptr<Node>> node =
      Node::Create({.registry = &TestRegistry(), .wait = param.wait, .seam = seam});
  return node.ok() ? *std::move(node) : nullptr;
}

// One client and one server on a node with faults: three calls of different sizes, driven until
// each has ended.
void RunOnce(const ReactorCase& param, OneSite& seam, const std::string& what) {
  const std::unique_ptr<Node> node = NodeWith(param, &seam);
  if (node == nullptr) return;  // refused at its making: an outcome
  const absl::StatusOr<std::unique_ptr<Port>> port =
      Port::Open(*node, {std::string(param.subject.serve)});
  if (!port.ok()) return;
  (*port)->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
  SystemClock clock;
  const int64_t give_up_ns = clock.NowNs() + 20'000'000'000;
  node->RunUntil([&] { return (*port)->serving() || !(*port)->failure().ok(); }, give_up_ns);
  ASSERT_TRUE((*port)->serving() || !(*port)->failure().ok()) << what;
  if (!(*port)->serving()) return;
  ChannelOptions options;
  options.connect_timeout = 200ms;
  options.session.hello = 200ms;
  const absl::StatusOr<std::unique_ptr<Channel>> channel =
      Channel::Open(*node, (*port)->addresses()[0], options);
  if (!channel.ok()) return;
  for (const size_t bytes : {size_t{0}, size_t{1000}, size_t{100'000}}) {
    const std::string payload(bytes, 'x');
    bool done = false;
    CallOptions within;
    within.timeout = 400ms;
    const absl::Status started =
        (*channel)->CallAsync(kEcho, Bytes(payload), within, [&](Answer& reply) {
          done = true;
          EXPECT_TRUE(!reply.ok() || reply->text() == payload) << what;
        });
    if (!started.ok()) continue;
    node->RunUntil([&] { return done; }, give_up_ns);
    ASSERT_TRUE(done) << what << ": a call without an end";
  }
  const Ledger ledger = (*channel)->ledger();
  EXPECT_LE(ledger.delivered + ledger.failed + ledger.in_doubt, ledger.sent) << what;
}

TEST_P(Seam, EveryFaultEndsInAnOutcome) {
  for (const SiteError& pair : kSiteErrors) {
    for (const int skip : {0, 1, 3}) {
      for (const int times : {1, 1'000'000}) {
        if (times > 1 && skip == 1) continue;
        OneSite seam(pair.site, pair.error, skip, times);
        RunOnce(GetParam(), seam,
                Text(Name(pair.site), " ", strerrorname_np(pair.error), " skip ", skip, " times ",
                     times));
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(Seam, MovesOfOneByteGiveTheSameResult) {
  for (const size_t bytes_max : {size_t{1}, size_t{7}, size_t{4096}}) {
    ShortMoves seam(bytes_max);
    const std::unique_ptr<Node> node = NodeWith(GetParam(), &seam);
    if (node == nullptr) GTEST_SKIP() << "this system has no io_uring";
    const std::unique_ptr<Port> port =
        Port::Open(*node, {std::string(GetParam().subject.serve)}).value();
    port->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
    ASSERT_TRUE(port->WaitServing().ok());
    if (GetParam().subject.name.find("seqpacket") != std::string_view::npos)
      GTEST_SKIP() << "a packet is not moved in parts";
    const std::unique_ptr<Channel> channel = Channel::Open(*node, port->addresses()[0]).value();
    for (const size_t bytes : {size_t{0}, size_t{1}, size_t{63}, size_t{5000}, size_t{40'000}}) {
      std::string payload(bytes, '\0');
      for (size_t i = 0; i < bytes; ++i) payload[i] = static_cast<char>(i * 7);
      CallOptions within;
      within.timeout = 60s;
      absl::StatusOr<Message> reply = channel->Call(kEcho, Bytes(payload), within).Wait();
      ASSERT_TRUE(reply.ok()) << bytes_max << ": " << reply.status();
      EXPECT_TRUE(reply->text() == payload) << bytes_max << " " << bytes;
    }
  }
}

TEST_P(Seam, AListenerWithoutDescriptorsLives) {
  OneSite seam(Site::kAccept, EMFILE, 0, 3);
  const std::unique_ptr<Node> node = NodeWith(GetParam(), &seam);
  if (node == nullptr) GTEST_SKIP() << "this system has no io_uring";
  const std::unique_ptr<Port> port =
      Port::Open(*node, {std::string(GetParam().subject.serve)}).value();
  port->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
  ASSERT_TRUE(port->WaitServing().ok());
  // Whom it has no descriptor for is told so; the next one is let in.
  std::unique_ptr<Channel> channel;
  for (int tries = 0; tries < 4; ++tries) {
    channel = Channel::Open(*node, port->addresses()[0]).value();
    if (channel->WaitOpen().ok()) break;
    EXPECT_EQ(ReasonOf(channel->ended_why()), Reason::kResource) << channel->ended_why();
  }
  EXPECT_TRUE(channel->Call(kEcho, Bytes("well")).Wait().ok()) << channel->ended_why();
}

// A shim makes no system call: what stands behind one is tried bare, if calls go over it bare.
bool IsTriedBare(const Subject& subject) {
  const Address address = TestRegistry().Parse(subject.serve).value();
  if (address.shims().empty()) return false;
  return std::any_of(Subjects().begin(), Subjects().end(), [&](const Subject& other) {
    const Address bare = TestRegistry().Parse(other.serve).value();
    return bare.shims().empty() && bare.scheme() == address.scheme() && Answers(other);
  });
}

std::vector<ReactorCase> Params() {
  std::vector<ReactorCase> params;
  for (const Subject& subject : Subjects()) {
    if (!MeetsByAddress(subject) || !Answers(subject) || IsTriedBare(subject)) continue;
    AddOverEachReactor(subject, params);
  }
  return params;
}

INSTANTIATE_TEST_SUITE_P(All, Seam, testing::ValuesIn(Params()), NameOfCase);

}  // namespace
}  // namespace jackfield::conformance
