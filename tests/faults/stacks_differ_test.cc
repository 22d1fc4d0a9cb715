// The two ends of a channel stack other shims: because one says ?raw, or another size, or names a
// shim that the other does not. Each hears at once what is wrong and what to change, and the client
// does not go on trying.
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"

namespace jackfield::conformance {
namespace {

constexpr int64_t kGiveUpNs = 60'000'000'000;

struct Ends {
  const char* name;
  const char* serve;
  const char* call_shims;   // in front of where it serves
  const char* call_params;  // instead of the server's
};

class StacksDiffer : public testing::TestWithParam<Ends> {};

TEST_P(StacksDiffer, IsSaidAtOnceOnBothSides) {
  const auto node = Node::Create({.name = "echo", .registry = &TestRegistry()}).value();
  const auto port = Port::Open(*node, {GetParam().serve}).value();
  ASSERT_TRUE(port->WaitServing().ok());
  absl::Status gone;
  port->OnClientGone([&](const std::string&, const absl::Status& why) { gone = why; });
  const Address& actual = port->addresses()[0];
  ChannelOptions options;  // longer than the watchdog: what ends earlier was told
  options.connect_timeout = 10min;
  options.session.hello = 10min;
  testing::internal::CaptureStderr();
  const auto channel = Channel::Open(*node,
                                     Text(GetParam().call_shims, actual.scheme(), ":",
                                          actual.target(), GetParam().call_params),
                                     options)
                           .value();
  EXPECT_TRUE(node->RunUntil([&] { return !channel->ended_why().ok() && !gone.ok(); },
                             SystemClock().NowNs() + kGiveUpNs))
      << "client: " << channel->ended_why() << "; service: " << gone;
  const std::string notes = testing::internal::GetCapturedStderr();
  for (const absl::Status& status : {channel->ended_why(), gone}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    EXPECT_EQ(OutcomeOf(status), Outcome::kRefused) << status;
    EXPECT_NE(status.ToString().find("the two ends stack different shims"), std::string::npos)
        << status;
  }
  EXPECT_EQ(notes.find("echo: a client was turned away: "), 0u) << notes;
  EXPECT_NE(notes.find("the two ends stack different shims"), std::string::npos) << notes;
}

constexpr Ends kEnds[] = {
    {"unix", "unix:", "fragment+", ""},
    {"unix_back", "fragment+unix:", "", ""},
    {"unix_reliable", "unix:", "reliable+", ""},
    {"unix_reliable_back", "reliable+unix:", "", ""},
    {"seqpacket", "unix:?type=seqpacket&raw", "fragment+", "?type=seqpacket"},
    {"seqpacket_back", "fragment+unix:?type=seqpacket", "", "?type=seqpacket&raw"},
    {"seqpacket_reliable", "reliable+unix:?type=seqpacket&raw", "", "?type=seqpacket&raw"},
    {"order", "fragment+reliable+unix:?type=seqpacket", "reliable+fragment+", "?type=seqpacket"},
    {"order_back", "reliable+fragment+unix:?type=seqpacket", "fragment+reliable+",
     "?type=seqpacket"},
    {"dgram", "unix:?type=dgram&raw", "fragment+", "?type=dgram"},
    {"dgram_back", "fragment+unix:?type=dgram", "", "?type=dgram&raw"},
    {"chaos", "chaos+unix:", "fragment+", ""},
    {"chaos_back", "fragment+chaos+unix:", "chaos+", ""},
    {"tcp", "tcp://127.0.0.1:0", "fragment+", ""},
    {"tcp_back", "fragment+tcp://127.0.0.1:0", "", ""},
    {"fifo", "fifo:", "fragment+", ""},
    {"fifo_back", "fragment+fifo:", "", ""},
    {"shm", "fragment+shm:", "", ""},
    {"shm_back", "shm:?raw", "fragment+", ""},
    {"inproc", "inproc:?raw", "fragment+", ""},
    {"inproc_back", "fragment+inproc:", "", "?raw"},
    {"mq", "mq:?depth=2&frame=8KiB", "", "?depth=2&frame=8KiB&raw"},
    {"mq_back", "mq:?depth=2&frame=8KiB&raw", "", "?depth=2&frame=8KiB"},
    {"sysv", "sysv:", "", "?raw"},
    {"sysv_back", "sysv:?raw", "", ""},
    {"udp_over_reliable", "reliable+udp://127.0.0.1:0?raw", "fragment+reliable+", ""},
    {"udp_over_reliable_back", "fragment+reliable+udp://127.0.0.1:0", "reliable+", "?raw"},
};

INSTANTIATE_TEST_SUITE_P(Over, StacksDiffer, testing::ValuesIn(kEnds),
                         [](const testing::TestParamInfo<Ends>& info) {
                           return std::string(info.param.name);
                         });

TEST(SameStacks, OnBothEndsAreServed) {
  const auto node = Node::Create({.registry = &TestRegistry()}).value();
  for (const std::string address : {"fragment+unix:", "reliable+unix:?type=seqpacket",
                                    "fragment+reliable+unix:?type=seqpacket", "fragment+shm:"}) {
    const auto port = Port::Open(*node, {address}).value();
    ASSERT_TRUE(port->WaitServing().ok()) << address;
    const auto channel = Channel::Open(*node, port->addresses()[0]).value();
    EXPECT_TRUE(channel->WaitOpen().ok()) << address << ": " << channel->ended_why();
  }
}

}  // namespace
}  // namespace jackfield::conformance
