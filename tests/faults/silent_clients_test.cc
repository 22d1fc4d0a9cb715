// Connections that say nothing have a share of the places and of the descriptors, and no more: the
// oldest of them gives way to a newcomer. Who has said hello stays, however idle.
#include <fcntl.h>
#include <sys/resource.h>

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/base/owned_fd.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/raw_peer.h"

namespace jackfield::conformance {
namespace {

constexpr uint32_t kEcho = 1;

class SilentClients : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    node_ = Node::Create({.name = "echo", .registry = &TestRegistry()}).value();
    options_.session.hello = 10min;  // none goes because its time is over
    options_.silent = 0s;
  }
  void TearDown() override { setrlimit(RLIMIT_NOFILE, &before_); }
  void Serve() {
    port_ = Port::Open(*node_, {"unix:"}, options_).value();
    port_->OnClientGone([this](const std::string&, const absl::Status&) { ++gone_; });
    port_->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
    ASSERT_TRUE(port_->WaitServing().ok());
  }
  // One after the other, so that it is known who is the oldest.
  void ComeAndSayNothing(size_t more) {
    for (; more > 0; --more) {
      const uint32_t came = port_->clients() + gone_;
      peers_.push_back(RawPeer::ConnectTo(port_->addresses()[0]));
      ASSERT_TRUE(TurnUntil(*node_, [&] { return port_->clients() + gone_ > came; }));
    }
  }
  // So many are open, in this process, and no more may be.
  void LeaveDescriptors(rlim_t more) const {
    const OwnedFd next(open("/dev/null", O_RDONLY | O_CLOEXEC));
    const rlimit few{static_cast<rlim_t>(next.get()) + more, before_.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  }
  absl::Status Talk() {
    ChannelOptions options;
    options.connect_timeout = options.timeout = 60s;
    const auto channel = Channel::Open(*node_, port_->addresses()[0], options);
    return channel.ok() ? (*channel)->Call(kEcho, Bytes("well")).Wait().status() : channel.status();
  }

  rlimit before_{};
  PortOptions options_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Port> port_;
  std::vector<RawPeer> peers_;
  uint32_t gone_ = 0;
};

TEST_F(SilentClients, OneMoreThanSilentMaxPushesOutTheOldest) {
  options_.silent_max = 3;
  Serve();
  testing::internal::CaptureStderr();
  ComeAndSayNothing(4);
  EXPECT_TRUE(peers_[0].AwaitEnd(*node_));
  EXPECT_TRUE(TurnUntil(*node_, [&] { return port_->clients() == 3; }));
  ComeAndSayNothing(1);
  EXPECT_TRUE(peers_[1].AwaitEnd(*node_));
  EXPECT_TRUE(Talk().ok());  // for which the third went
  EXPECT_TRUE(peers_[2].AwaitEnd(*node_));
  const std::string notes = testing::internal::GetCapturedStderr();
  EXPECT_NE(notes.find("gave way to a new one (silent_max 3)"), std::string::npos) << notes;
  peers_[3].Send(HelloFrame());
  const std::optional<RawFrame> welcome = peers_[3].AwaitFrame(*node_);
  EXPECT_TRUE(welcome && welcome->Kind() == FrameKind::Welcome) << "it was in time";
}

TEST_F(SilentClients, OneThatHasOnlyJustComeIsNotPushedOut) {
  options_.silent_max = 1;
  options_.silent = 10min;
  Serve();
  ComeAndSayNothing(3);
  EXPECT_EQ(port_->clients(), 3u);
  for (RawPeer& peer : peers_) {
    peer.Send(HelloFrame());
    const std::optional<RawFrame> welcome = peer.AwaitFrame(*node_);
    EXPECT_TRUE(welcome && welcome->Kind() == FrameKind::Welcome);
  }
}

TEST_F(SilentClients, WhoHasSaidHelloStaysHoweverIdle) {
  options_.silent_max = 1;
  Serve();
  for (int i = 0; i < 3; ++i) {
    ComeAndSayNothing(1);
    peers_.back().Send(HelloFrame());
    ASSERT_TRUE(peers_.back().AwaitFrame(*node_));
  }
  EXPECT_EQ(port_->clients(), 3u);
  EXPECT_TRUE(Talk().ok());
}

TEST_F(SilentClients, BesideThoseWhoSaidHelloTheyMayHaveHalfOfSessionsMax) {
  options_.sessions_max = 9;
  Serve();
  ComeAndSayNothing(1);
  peers_[0].Send(HelloFrame());
  ASSERT_TRUE(peers_[0].AwaitFrame(*node_));
  ComeAndSayNothing(6);
  EXPECT_TRUE(TurnUntil(*node_, [&] { return port_->clients() == 5; }));
  EXPECT_TRUE(Talk().ok());
}

TEST_F(SilentClients, WhereDescriptorsRunOutTheOldestGivesWay) {
  options_.silent_max = 1000;
  Serve();
  ComeAndSayNothing(5);
  LeaveDescriptors(1);  // for the client's own end
  EXPECT_TRUE(Talk().ok());
  EXPECT_TRUE(peers_[0].AwaitEnd(*node_));
  EXPECT_FALSE(peers_[4].ended());
}

}  // namespace
}  // namespace jackfield::conformance
