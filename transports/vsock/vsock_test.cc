// vsock: where the kernel has it, and where not.
#include "transports/vsock/vsock.h"

#include "gtest/gtest.h"
#include "kernel/channel.h"
#include "kernel/node.h"
#include "kernel/outcome.h"
#include "kernel/port.h"
#include "kernel/registry.h"

namespace jackfield {
namespace {

class VsockTest : public testing::Test {
 protected:
  VsockTest() {
    registry_.Add(MakeVsockTransport());
    node_ = *Node::Create({.registry = &registry_, .wait = NodeOptions::Wait::kEpoll});
  }
  absl::Status Describe(std::string_view address, Role role) const {
    return registry_.Describe(*registry_.Parse(address), role).status();
  }
  static void Says(const absl::Status& status, std::string_view words) {
    EXPECT_NE(status.ToString().find(words), std::string::npos) << status;
  }

  Registry registry_;
  std::unique_ptr<Node> node_;
};

TEST_F(VsockTest, AddressesThatCannotBeAreRefusedWithTheReason) {
  EXPECT_TRUE(Describe("vsock://any:7001", Role::kServe).ok());
  EXPECT_TRUE(Describe("vsock://host:7001", Role::kConnect).ok());
  EXPECT_TRUE(Describe("vsock://local:7001", Role::kConnect).ok());
  Says(Describe("vsock://any:7001", Role::kConnect), "one machine");
  Says(Describe("vsock:", Role::kConnect), "needs to know where");
  Says(Describe("vsock://7001", Role::kServe), "no port");
  Says(Describe("vsock://1:0", Role::kConnect), "other than 0");
  Says(Describe("vsock://1:4294967295", Role::kServe), "0..4294967294");
  Says(Describe("vsock://here:1", Role::kServe), "no machine");
  Says(Describe("vsock://1:1?plain", Role::kServe), "plain");
}

// Where the kernel has it, it works; where not, it is refused at once, and what is missing is named
// with the command that mends it.
TEST_F(VsockTest, ItCarriesCallsOrSaysWhatTheKernelLacks) {
  const absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(*node_, {"vsock:"});
  absl::Status lack = port.status();
  if (lack.ok()) {
    (*port)->Handle(1, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
    lack = (*port)->WaitServing();
  }
  if (!lack.ok()) {
    EXPECT_EQ(ReasonOf(lack), Reason::kResource);
    Says(lack, "modprobe vsock");
    const auto channel = Channel::Open(*node_, "vsock://1:7001");
    Says(channel.ok() ? (*channel)->WaitOpen() : channel.status(), "modprobe vsock");
    GTEST_SKIP() << lack;
  }
  const auto channel = Channel::Open(*node_, (*port)->addresses()[0]);
  ASSERT_TRUE(channel.ok()) << channel.status();
  const std::string large(900'000, 'x');
  const absl::StatusOr<Message> answer = (*channel)->Call(1, Bytes(large)).Wait();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->text() == large);
  // Nobody listens there.
  ChannelOptions soon;
  soon.connect_us = 50'000;
  const auto nobody = Channel::Open(*node_, "vsock://1:7", soon);
  const absl::Status status = nobody.ok() ? (*nobody)->WaitOpen() : nobody.status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
}

}  // namespace
}  // namespace jackfield
