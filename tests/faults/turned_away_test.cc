// A client that is turned away learns at once why, and the service says so on stderr: a user that
// may not call, a service without a descriptor for one more.
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/seams.h"

namespace jackfield::conformance {
namespace {

constexpr uint32_t kEcho = 1;
constexpr uid_t kStranger = 54321;
constexpr int64_t kGiveUpNs = 60'000'000'000;

bool Has(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

size_t Count(const std::string& text, std::string_view words) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(words, at)) != std::string::npos; ++at) ++count;
  return count;
}

class TurnedAway : public testing::TestWithParam<std::string> {
 protected:
  // Before what the test itself lent to the node.
  void End() {
    port_.reset();
    node_.reset();
  }
  void Serve(const std::string& address, FaultSeam* seam = nullptr) {
    node_ = Node::Create({.name = "echo", .registry = &TestRegistry(), .seam = seam}).value();
    port_ = Port::Open(*node_, {address}).value();
    port_->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
    ASSERT_TRUE(port_->WaitServing().ok());
  }
  // Its time to connect is longer than the watchdog: what ends earlier was told.
  static ChannelOptions Patient() {
    ChannelOptions options;
    options.connect_timeout = 10min;
    options.session.hello = 10min;
    return options;
  }
  absl::Status Connect(std::unique_ptr<Channel>& channel) {
    auto opened = Channel::Open(*node_, port_->addresses()[0], Patient());
    if (!opened.ok()) return opened.status();
    channel = *std::move(opened);
    const bool ended =
        node_->RunUntil([&] { return channel->open() || !channel->ended_why().ok(); },
                        SystemClock().NowNs() + kGiveUpNs);
    return ended ? channel->ended_why() : absl::InternalError("it goes on trying");
  }

  std::unique_ptr<Node> node_;
  std::unique_ptr<Port> port_;
};

// ---- Another user.

class OfAnotherUser : public TurnedAway {
 protected:
  // What a client of another user says of its attempt to connect; "" if there is no such user here.
  std::string AsAStranger(const std::string& address) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const pid_t child = fork();
    if (child == 0) {
      std::string said;
      if (setgroups(0, nullptr) == 0 && setresgid(kStranger, kStranger, kStranger) == 0 &&
          setresuid(kStranger, kStranger, kStranger) == 0) {
        const auto node = Node::Create({.registry = &TestRegistry()});
        const auto channel = node.ok() ? Channel::Open(**node, address, Patient()) : node.status();
        said = (channel.ok() ? (*channel)->WaitOpen() : channel.status()).ToString();
      }
      _exit(write(ends[1], said.data(), said.size()) == static_cast<ssize_t>(said.size()) ? 0 : 1);
    }
    close(ends[1]);
    std::string said;
    int status = 0;
    const int64_t give_up_ns = SystemClock().NowNs() + kGiveUpNs;
    while (waitpid(child, &status, WNOHANG) != child) {
      if (SystemClock().NowNs() > give_up_ns) {
        ADD_FAILURE() << "it goes on trying";
        kill(child, SIGKILL);
      }
      node_->Turn(SystemClock().NowNs() + 1'000'000);
    }
    char bytes[4096];
    for (ssize_t got; (got = read(ends[0], bytes, sizeof bytes)) > 0;)
      said.append(bytes, static_cast<size_t>(got));
    close(ends[0]);
    return said;
  }
};

TEST_P(OfAnotherUser, AClientIsToldSoAtOnceAndTheServiceSaysItOnce) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  char directory[] = "/tmp/jf-stranger-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  ASSERT_EQ(chmod(directory, 0755), 0);
  std::string address = GetParam();
  if (const size_t at = address.find("DIR"); at != address.npos) address.replace(at, 3, directory);
  Serve(address);
  std::string target = port_->addresses()[0].ToString();
  if (const size_t at = target.find("?mode="); at != target.npos) target.resize(at);
  testing::internal::CaptureStderr();
  std::vector<std::string> said;
  for (int i = 0; i < 3; ++i) said.push_back(AsAStranger(target));
  const std::string notes = testing::internal::GetCapturedStderr();
  port_.reset();
  std::filesystem::remove_all(directory);
  if (said[0].empty()) GTEST_SKIP() << "there is one user here";
  for (const std::string& text : said) {
    EXPECT_TRUE(Has(text, "PERMISSION_DENIED")) << text;
    EXPECT_TRUE(Has(text, Text("takes no client of uid ", kStranger))) << text;
    EXPECT_TRUE(Has(text, "?uid=any")) << text;
  }
  EXPECT_EQ(Count(notes, "echo: a client was turned away: "), 1u) << notes;
  EXPECT_EQ(Count(notes, Text("takes no client of uid ", kStranger)), 1u) << notes;
}

INSTANTIATE_TEST_SUITE_P(Over, OfAnotherUser,
                         testing::Values("unix:", "unix:?type=seqpacket", "unix:?type=dgram",
                                         "unix:DIR/s?mode=0666", "fragment+unix:?type=dgram",
                                         "fragment+unix:", "reliable+unix:?type=seqpacket",
                                         "shm:"));

// ---- Descriptors.

class WithoutDescriptors : public TurnedAway {
 protected:
  void SetUp() override { ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0); }
  void TearDown() override { setrlimit(RLIMIT_NOFILE, &before_); }
  rlimit before_{};
};

// In a process of its own, for the client needs descriptors that the service lacks.
TEST_P(WithoutDescriptors, OneClientTooManyIsToldAtOnceAndALaterOneIsServed) {
  int address[2], over[2];
  ASSERT_EQ(pipe2(address, O_CLOEXEC) + pipe2(over, O_CLOEXEC), 0);
  const pid_t server = fork();
  if (server == 0) {
    Serve(GetParam());
    const rlimit few{40, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    const std::string at = port_->addresses()[0].ToString();
    close(over[1]);
    if (write(address[1], at.data(), at.size()) < 0) _exit(1);
    close(address[1]);
    Op end([](Op& op, int32_t) { static_cast<Node*>(op.user)->Stop(); }, node_.get());
    node_->reactor().Start(end, over[0], POLLIN);
    node_->Run().IgnoreError();
    port_.reset();
    node_.reset();
    _exit(0);
  }
  close(address[1]);
  close(over[0]);
  char at[256];
  const ssize_t at_bytes = read(address[0], at, sizeof at);
  ASSERT_GT(at_bytes, 0);
  close(address[0]);
  const std::string target(at, static_cast<size_t>(at_bytes));
  node_ = Node::Create({.registry = &TestRegistry()}).value();
  const auto connect = [&] {
    auto channel = Channel::Open(*node_, target, Patient());
    EXPECT_TRUE(channel.ok()) << channel.status();
    EXPECT_TRUE(node_->RunUntil([&] { return (*channel)->open() || !(*channel)->ended_why().ok(); },
                                SystemClock().NowNs() + kGiveUpNs))
        << "it goes on trying";
    return *std::move(channel);
  };
  std::vector<std::unique_ptr<Channel>> in;
  absl::Status refused;
  while (refused.ok() && in.size() < 64) {
    std::unique_ptr<Channel> next = connect();
    refused = next->ended_why();
    if (refused.ok()) in.push_back(std::move(next));
  }
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted) << refused;
  EXPECT_EQ(ReasonOf(refused), Reason::kResource) << refused;
  EXPECT_TRUE(Has(refused.ToString(), "RLIMIT_NOFILE")) << refused;
  EXPECT_TRUE(Has(refused.ToString(), "ulimit -n")) << refused;
  EXPECT_GT(in.size(), 3u);
  for (auto& channel : in) EXPECT_TRUE(channel->Call(kEcho, Bytes("well")).Wait().ok());
  in.clear();
  // Theirs are given back in a moment; until then the next one may still be refused.
  absl::Status last;
  for (const int64_t until_ns = SystemClock().NowNs() + kGiveUpNs;
       SystemClock().NowNs() < until_ns;) {
    const std::unique_ptr<Channel> later = connect();
    last = later->ended_why();
    if (last.ok()) break;
  }
  EXPECT_TRUE(last.ok()) << last;
  close(over[1]);
  int status = 0;
  ASSERT_EQ(waitpid(server, &status, 0), server);
  EXPECT_EQ(status, 0);
}

INSTANTIATE_TEST_SUITE_P(Over, WithoutDescriptors,
                         testing::Values("unix:", "unix:?type=seqpacket", "unix:?type=dgram",
                                         "fragment+unix:?type=seqpacket",
                                         "reliable+unix:?type=seqpacket", "tcp://127.0.0.1:0",
                                         "tcp://[::1]:0",
                                         "shm:", "fifo:", "mq:?depth=2&frame=8KiB"));

TEST_F(TurnedAway, AShortageIsSaidOnStderrOnceWithItsLimit) {
  OneSite seam(Site::kAccept, EMFILE, 0, 1000);
  testing::internal::CaptureStderr();
  Serve("unix:", &seam);
  for (int i = 0; i < 5; ++i) {
    std::unique_ptr<Channel> channel;
    EXPECT_EQ(ReasonOf(Connect(channel)), Reason::kResource);
  }
  End();
  const std::string notes = testing::internal::GetCapturedStderr();
  EXPECT_EQ(Count(notes, "echo: a client was turned away: unix:@"), 1u) << notes;
  EXPECT_EQ(Count(notes, "RLIMIT_NOFILE"), 1u) << notes;
}

TEST_F(TurnedAway, AnAcceptThatIsForbiddenIsSaidOnStderr) {
  OneSite seam(Site::kAccept, EPERM, 0, 3);
  testing::internal::CaptureStderr();
  Serve("unix:", &seam);
  std::unique_ptr<Channel> channel;
  EXPECT_TRUE(Connect(channel).ok()) << "it waited, and was let in";
  channel.reset();
  End();
  const std::string notes = testing::internal::GetCapturedStderr();
  EXPECT_EQ(Count(notes, "accept: Operation not permitted (EPERM)"), 1u) << notes;
}

TEST_F(TurnedAway, OneClientMoreThanSessionsMaxIsSaidOnStderrToo) {
  node_ = Node::Create({.name = "echo", .registry = &TestRegistry()}).value();
  PortOptions options;
  options.sessions_max = 1;
  port_ = Port::Open(*node_, {"unix:"}, options).value();
  ASSERT_TRUE(port_->WaitServing().ok());
  testing::internal::CaptureStderr();
  std::unique_ptr<Channel> first, second;
  EXPECT_TRUE(Connect(first).ok());
  const absl::Status status = Connect(second);
  const std::string notes = testing::internal::GetCapturedStderr();
  EXPECT_EQ(ReasonOf(status), Reason::kResource) << status;
  EXPECT_EQ(Count(notes, "sessions_max 1"), 1u) << notes;
}

}  // namespace
}  // namespace jackfield::conformance
