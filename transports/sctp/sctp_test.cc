// sctp: where the kernel has it, and where not.
#include "transports/sctp/sctp.h"

#include "gtest/gtest.h"
#include "kernel/channel.h"
#include "kernel/node.h"
#include "kernel/outcome.h"
#include "kernel/port.h"
#include "kernel/registry.h"

namespace jackfield {
namespace {

class SctpTest : public testing::Test {
 protected:
  SctpTest() {
    registry_.Add(MakeSctpTransport());
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

TEST_F(SctpTest, AddressesThatCannotBeAreRefusedWithTheReason) {
  EXPECT_TRUE(Describe("sctp://127.0.0.1:7001", Role::kConnect).ok());
  EXPECT_TRUE(Describe("sctp://[::1]:0", Role::kServe).ok());
  Says(Describe("sctp:", Role::kConnect), "needs to know where");
  Says(Describe("sctp://::1:7", Role::kServe), "brackets");
  const auto abroad = Channel::Open(*node_, "sctp://192.0.2.1:7001");
  Says(abroad.ok() ? (*abroad)->WaitOpen() : abroad.status(), "?plain");
}

// Where the kernel has it, it works; where not, it is refused at once, and what is missing is named
// with the command that mends it.
TEST_F(SctpTest, ItCarriesCallsOrSaysWhatTheKernelLacks) {
  const absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(*node_, {"sctp:"});
  absl::Status lack = port.status();
  if (lack.ok()) {
    (*port)->Handle(1, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
    lack = (*port)->WaitServing();
  }
  if (!lack.ok()) {
    EXPECT_EQ(ReasonOf(lack), Reason::kResource);
    Says(lack, "modprobe sctp");
    const auto channel = Channel::Open(*node_, "sctp://127.0.0.1:7001");
    Says(channel.ok() ? (*channel)->WaitOpen() : channel.status(), "modprobe sctp");
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
  const auto nobody = Channel::Open(*node_, "sctp://127.0.0.1:7", soon);
  const absl::Status status = nobody.ok() ? (*nobody)->WaitOpen() : nobody.status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
}

}  // namespace
}  // namespace jackfield
