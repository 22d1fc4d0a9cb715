// Pulses: what a signal carries and what it cannot; who may send them; a full queue; deaths.
#include "transports/signal/signal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/signal/pulse.h"
#include "transports/signal/pulse_senders.h"

namespace jackfield {
namespace {

constexpr uint32_t kTick = 0x7155cc01, kTock = 2;

TEST(PulseTest, AFrameSurvivesBeingAPulse) {
  for (uint32_t bytes = 0; bytes <= Pulse::kPayloadBytesMax; ++bytes) {
    alignas(8) std::byte frame[Align8(Pulse::kFrameBytesMax)];
    const FrameHeader header(kMagic, kVersionMax, FrameKind::OneWay, 0, kHeaderBytes + bytes, 3, 0,
                             0, 0, 0xfedcba98, 0, 77, 0x12345678, 0, kNoDeadline, 0);
    std::memcpy(frame, &header, sizeof header);
    for (uint32_t i = 0; i < bytes; ++i) frame[kHeaderBytes + i] = std::byte(0xf0 + i);
    ASSERT_EQ(PulseFault(header), nullptr);
    const Pulse pulse = PulseOf(frame, Pulse::kChannels - 1);
    ASSERT_TRUE(pulse.sound());
    EXPECT_EQ(pulse.channel(), Pulse::kChannels - 1);
    alignas(8) std::byte again[Align8(Pulse::kFrameBytesMax)];
    EXPECT_EQ(FrameOf(pulse, 77, NearestSequence(0x12345670, pulse.sequence_low()), again),
              kHeaderBytes + bytes);
    EXPECT_EQ(std::memcmp(frame, again, kHeaderBytes + bytes), 0);
    EXPECT_EQ(HeaderFault(CopyHeader(again), kHeaderBytes + bytes), nullptr);
  }
}

TEST(PulseTest, ASequenceIsFoundByItsLowHalfAcrossEveryWrap) {
  for (const uint32_t last : {0u, 1u, 0xfffeu, 0xffffu, 0x10000u, 0xffffffffu, 0x7fffffffu}) {
    for (const uint32_t ahead : {0u, 1u, 100u, 30'000u}) {
      EXPECT_EQ(NearestSequence(last, static_cast<uint16_t>(last + ahead)), last + ahead);
      EXPECT_EQ(NearestSequence(last, static_cast<uint16_t>(last - ahead)), last - ahead);
    }
  }
}

TEST(PulseSendersTest, AnothersPidOrUidIsForgedAndChannelsOfOneProcessAreApart) {
  PulseSenders senders;
  const auto self = static_cast<uint32_t>(getpid());
  const uint32_t uid = geteuid();
  PulseSenders::Sender* one = senders.Find(self, uid, 1);
  ASSERT_NE(one, nullptr);
  const uint64_t epoch = one->epoch;
  PulseSenders::Sender* two = senders.Find(self, uid, 2);
  ASSERT_NE(two, nullptr);
  EXPECT_NE(two->epoch, epoch);
  EXPECT_EQ(senders.Find(self, uid + 54321, 1), nullptr) << "not our user";
  // Says it is root; the process of that number is not root's.
  if (uid != 0) {
    EXPECT_EQ(senders.Find(self, 0, 3), nullptr);
  }
  const pid_t child = fork();
  if (child == 0) _exit(0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_NE(senders.Find(static_cast<uint32_t>(child), uid, 0), nullptr) << "it has ended";
  senders.BeginBatch();
  EXPECT_EQ(senders.Find(self, uid, 1)->epoch, epoch);
}

class SignalTest : public testing::TestWithParam<NodeOptions::Wait> {
 protected:
  void SetUp() override {
    registry_.Add(MakeSignalTransport());
    absl::StatusOr<std::unique_ptr<Node>> node = MakeNode();
    if (!node.ok()) GTEST_SKIP() << node.status();
    node_ = *std::move(node);
  }
  absl::StatusOr<std::unique_ptr<Node>> MakeNode() {
    return Node::Create({.registry = &registry_, .wait = GetParam()});
  }
  static absl::StatusOr<std::unique_ptr<Channel>> Connect(Node& node, const std::string& address) {
    ChannelOptions options;
    options.needs = SendNeeds();
    options.connect_timeout = 100ms;
    return Channel::Open(node, address, std::move(options));
  }
  std::unique_ptr<Port> Serve(Node& node, std::vector<std::string>& got,
                              const std::string& address = "signal:") {
    PortOptions options;
    options.needs = ReceiveNeeds();
    absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(node, {address}, options);
    EXPECT_TRUE(port.ok()) << port.status();
    for (const uint32_t type : {kTick, kTock}) {
      (*port)->Handle(type, [&got](ServerCall& call) {
        got.push_back(Text(call.type() == kTick ? "tick" : "tock", " ", call.message().text()));
      });
    }
    EXPECT_TRUE((*port)->WaitServing().ok()) << (*port)->failure();
    return *std::move(port);
  }
  std::unique_ptr<Port> Serve(std::vector<std::string>& got) { return Serve(*node_, got); }
  bool Await(const std::vector<std::string>& got, size_t count) {
    return node_->RunUntil([&] { return got.size() >= count; },
                           SystemClock().NowNs() + 60'000'000'000);
  }
  static void Says(const absl::Status& status, std::string_view words) {
    EXPECT_NE(status.ToString().find(words), std::string::npos) << status;
  }

  Registry registry_;
  std::unique_ptr<Node> node_;
};

using Strings = std::vector<std::string>;

TEST_P(SignalTest, PulsesOfEveryLengthAndTypeArriveInOrder) {
  Strings got;
  const std::unique_ptr<Port> port = Serve(got);
  auto channel = Connect(*node_, port->addresses()[0].ToString());
  ASSERT_TRUE(channel.ok()) << channel.status();
  for (const char* payload : {"", "a", "bc", "def", "ghij"}) {
    ASSERT_TRUE((*channel)->Send(kTick, Bytes(std::string_view(payload))).Wait().ok());
    ASSERT_TRUE((*channel)->Send(kTock, Bytes(std::string_view(payload))).Wait().ok());
  }
  ASSERT_TRUE(Await(got, 10));
  EXPECT_EQ(got, (Strings{"tick ", "tock ", "tick a", "tock a", "tick bc", "tock bc", "tick def",
                          "tock def", "tick ghij", "tock ghij"}));
  EXPECT_EQ(port->ledger().lost + port->ledger().stale, 0u);
}

TEST_P(SignalTest, WhatIsNoPulseIsRefusedWithTheReason) {
  Strings got;
  const std::unique_ptr<Port> port = Serve(got);
  const std::string address = port->addresses()[0].ToString();
  Says(Channel::Open(*node_, address).status(), "reply");
  auto channel = Connect(*node_, address);
  ASSERT_TRUE(channel.ok()) << channel.status();
  ASSERT_TRUE((*channel)->WaitOpen().ok());
  Says((*channel)->Call(kTick, Bytes("x")).Wait().status(), "one way");
  const absl::Status large = (*channel)->Send(kTick, Bytes("fives")).Wait();
  EXPECT_EQ(ReasonOf(large), Reason::kTooLarge) << large;
  Says(registry_.Describe(*registry_.Parse("signal:12?signal=9"), Role::kConnect).status(),
       "34 to 64");
  Says(Connect(*node_, "signal:").status(), "which process");
  Says(Connect(*node_, "signal:me").status(), "by its number");
  EXPECT_TRUE((*channel)->Send(kTick, Bytes("four")).Wait().ok());
  ASSERT_TRUE(Await(got, 1));
}

TEST_P(SignalTest, AProcessThatDoesNotExpectPulsesIsNotKilledByOne) {
  int ready[2];
  ASSERT_EQ(pipe2(ready, O_CLOEXEC), 0);
  const pid_t child = fork();
  if (child == 0) {
    sigset_t none;
    sigemptyset(&none);
    // All are blocked during a fork, and some by whoever started the test.
    sigprocmask(SIG_SETMASK, &none, nullptr);
    if (write(ready[1], "x", 1) == 1) pause();
    _exit(0);
  }
  close(ready[1]);
  char word;
  EXPECT_EQ(read(ready[0], &word, 1), 1);
  close(ready[0]);
  auto channel = Connect(*node_, Text("signal:", child, "?signal=60"));
  const absl::Status opened = channel.ok() ? (*channel)->WaitOpen() : channel.status();
  Says(opened, "does not wait for signal");
  EXPECT_EQ(waitpid(child, nullptr, WNOHANG), 0) << "it lives";
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

TEST_P(SignalTest, AnEndedProcessIsNobodyAndALaterOneOfItsNumberIsNotMistaken) {
  Strings got;
  const std::unique_ptr<Port> port = Serve(got);
  auto later = Connect(*node_, port->addresses()[0].With("start", "1").ToString());
  Says(later.ok() ? (*later)->WaitOpen() : later.status(), "has its number now");
  const pid_t child = fork();
  if (child == 0) _exit(0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  auto gone = Connect(*node_, Text("signal:", child));
  Says(gone.ok() ? (*gone)->WaitOpen() : gone.status(), "no such process");
}

TEST_P(SignalTest, TwoServersAndManySendersOfOneProcessDoNotMix) {
  Strings first, second;
  const std::unique_ptr<Port> one = Serve(first), two = Serve(second);
  EXPECT_NE(one->addresses()[0].ToString(), two->addresses()[0].ToString());
  auto a = Connect(*node_, one->addresses()[0].ToString());
  auto b = Connect(*node_, one->addresses()[0].ToString());
  auto c = Connect(*node_, two->addresses()[0].ToString());
  ASSERT_TRUE(a.ok() && b.ok() && c.ok());
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE((*a)->Send(kTick, Bytes("a")).Wait().ok());
    ASSERT_TRUE((*b)->Send(kTick, Bytes("b")).Wait().ok());
    ASSERT_TRUE((*c)->Send(kTick, Bytes("c")).Wait().ok());
  }
  ASSERT_TRUE(Await(first, 200));
  ASSERT_TRUE(Await(second, 100));
  EXPECT_EQ(second, Strings(100, "tick c"));
  EXPECT_EQ(std::count(first.begin(), first.end(), "tick a"), 100);
  EXPECT_EQ(one->ledger().lost + one->ledger().stale, 0u);
}

TEST_P(SignalTest, OtherThreadsThatBlockNothingDoNotTakePulsesNorDieOfThem) {
  std::atomic<bool> stop{false};
  std::thread idle([&] {
    while (!stop.load()) std::this_thread::yield();
  });
  Strings got;
  const std::unique_ptr<Port> port = Serve(got);
  auto channel = Connect(*node_, port->addresses()[0].ToString());
  ASSERT_TRUE(channel.ok()) << channel.status();
  for (int i = 0; i < 500; ++i) ASSERT_TRUE((*channel)->Send(kTick, Bytes("x")).Wait().ok());
  EXPECT_TRUE(Await(got, 500));
  stop = true;
  idle.join();
}

TEST_P(SignalTest, AFullQueuePushesBackAndLosesNothing) {
  const pid_t child = fork();
  if (child == 0) {
    // Counted for the user: so few that this process fills it alone, but others' signals count too.
    const rlimit few{64, 64};
    std::unique_ptr<Node> node = MakeNode().value();
    Strings got;
    std::unique_ptr<Port> port = Serve(*node, got);
    setrlimit(RLIMIT_SIGPENDING, &few);
    std::unique_ptr<Channel> channel = *Connect(*node, port->addresses()[0].ToString());
    bool sent = true;
    for (uint32_t i = 0; i < 2000; ++i) {
      const std::string payload(reinterpret_cast<const char*>(&i), 4);
      sent = sent && channel->Send(kTick, Bytes(payload)).Wait().ok();
    }
    node->RunUntil([&] { return got.size() >= 2000; }, SystemClock().NowNs() + 60'000'000'000);
    bool right = got.size() == 2000;
    for (uint32_t i = 0; i < 2000 && right; ++i)
      right = got[i] == "tick " + std::string(reinterpret_cast<const char*>(&i), 4);
    _exit(sent && right && port->ledger().lost == 0 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_P(SignalTest, TheServersDeathEndsTheChannelAtOnce) {
  int told[2];
  ASSERT_EQ(pipe2(told, O_CLOEXEC), 0);
  const pid_t child = fork();
  if (child == 0) {
    std::unique_ptr<Node> node = MakeNode().value();
    Strings got;
    std::unique_ptr<Port> port = Serve(*node, got);
    const std::string address = port->addresses()[0].ToString();
    if (write(told[1], address.c_str(), address.size() + 1) < 0) _exit(1);
    node->Run().IgnoreError();
  }
  close(told[1]);
  std::string address;
  for (char c = 0; read(told[0], &c, 1) == 1 && c != '\0';) address += c;
  close(told[0]);
  auto channel = Connect(*node_, address);
  ASSERT_TRUE(channel.ok()) << channel.status();
  ASSERT_TRUE((*channel)->Send(kTick, Bytes("x")).Wait().ok());
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  ASSERT_TRUE(node_->RunUntil([&] { return !(*channel)->ended_why().ok(); },
                              SystemClock().NowNs() + 60'000'000'000));
  EXPECT_EQ(ReasonOf((*channel)->ended_why()), Reason::kPeerDied) << (*channel)->ended_why();
}

// The sender asks the system whether its peer lives; a signal of its own program's, which comes
// just then, is no answer.
TEST_P(SignalTest, ASenderThatSignalsInterruptDoesNotTakeItsPeerForDead) {
  Strings got;
  const std::unique_ptr<Port> port = Serve(got);
  auto channel = Connect(*node_, port->addresses()[0].ToString());
  ASSERT_TRUE(channel.ok()) << channel.status();
  struct sigaction nothing {
  }, before{};
  nothing.sa_handler = [](int) {};
  ASSERT_EQ(sigaction(SIGALRM, &nothing, &before), 0);
  const itimerval often{{0, 20}, {0, 20}}, never{};
  ASSERT_EQ(setitimer(ITIMER_REAL, &often, nullptr), 0);
  absl::Status sent;
  for (int i = 0; i < 20'000 && sent.ok(); ++i) sent = (*channel)->Send(kTick, Bytes("x")).Wait();
  setitimer(ITIMER_REAL, &never, nullptr);
  sigaction(SIGALRM, &before, nullptr);
  EXPECT_TRUE(sent.ok()) << sent;
}

// A sender is told by its process and the number of its channel, and numbers come again: after
// 2,048 channels, in another transport of the same process, in a program that the process runs
// instead (execve). Whose they are, the pulses are news.
TEST_P(SignalTest, AChannelWhoseNumberWasInUseBeforeIsHeard) {
  Strings got;
  const std::unique_ptr<Port> port = Serve(got);
  const std::string address = port->addresses()[0].ToString();
  Registry another;
  another.Add(MakeSignalTransport());
  const auto other_node = Node::Create({.registry = &another, .wait = GetParam()});
  ASSERT_TRUE(other_node.ok()) << other_node.status();
  {
    auto first = Connect(*node_, address), second = Connect(**other_node, address);
    ASSERT_TRUE(first.ok() && second.ok());
    for (uint32_t i = 0; i < 10; ++i) {
      ASSERT_TRUE((*first)->Send(kTick, Bytes("1")).Wait().ok());
      ASSERT_TRUE((*second)->Send(kTick, Bytes("2")).Wait().ok());
      const auto left = [&] { return (*second)->ledger().delivered == i + 1u; };
      ASSERT_TRUE((*other_node)->RunUntil(left, SystemClock().NowNs() + 60'000'000'000));
    }
    ASSERT_TRUE(Await(got, 20)) << got.size();
  }
  for (uint32_t i = 0; i <= Pulse::kChannels; ++i) {
    auto channel = Connect(*node_, address);
    ASSERT_TRUE(channel.ok()) << channel.status();
    ASSERT_TRUE((*channel)->WaitOpen().ok());
    if (i != 0 && i != Pulse::kChannels) continue;
    got.clear();
    for (int pulse = 0; pulse < 3; ++pulse)
      ASSERT_TRUE((*channel)->Send(kTick, Bytes("x")).Wait().ok());
    ASSERT_TRUE(Await(got, 3)) << got.size();
  }
  EXPECT_EQ(port->ledger().lost + port->ledger().stale, 0u);
}

TEST_P(SignalTest, StrangeSignalsAreDroppedAndTheServerLives) {
  Strings got;
  const std::unique_ptr<Port> port = Serve(got);
  const Address address = port->addresses()[0];
  const int signal = std::stoi(std::string(*address.Find("signal")));
  const auto thread = static_cast<pid_t>(std::stol(std::string(*address.Find("thread"))));
  ASSERT_EQ(syscall(SYS_tgkill, getpid(), thread, signal), 0);  // a plain one
  siginfo_t forged{};
  forged.si_code = SI_QUEUE;
  forged.si_pid = getpid();
  forged.si_uid = geteuid() + 1;
  ASSERT_EQ(syscall(SYS_rt_tgsigqueueinfo, getpid(), thread, signal, &forged), 0);
  forged.si_uid = geteuid();
  forged.si_errno = 7;  // as many bytes as no pulse has
  ASSERT_EQ(syscall(SYS_rt_tgsigqueueinfo, getpid(), thread, signal, &forged), 0);
  auto channel = Connect(*node_, address.ToString());
  ASSERT_TRUE(channel.ok()) << channel.status();
  ASSERT_TRUE((*channel)->Send(kTick, Bytes("x")).Wait().ok());
  ASSERT_TRUE(Await(got, 1));
  EXPECT_EQ(got, Strings{"tick x"});
}

INSTANTIATE_TEST_SUITE_P(Over, SignalTest,
                         testing::Values(NodeOptions::Wait::kUring, NodeOptions::Wait::kEpoll),
                         [](const auto& info) {
                           return info.param == NodeOptions::Wait::kUring ? "uring" : "epoll";
                         });

}  // namespace
}  // namespace jackfield
