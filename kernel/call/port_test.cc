// What a port promises without a client.
#include "kernel/call/port.h"

#include <memory>
#include <optional>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/node.h"
#include "kernel/registry.h"

namespace jackfield {
namespace {

class PortTest : public ::testing::Test {
 protected:
  void SetUp() override {
    node_ = *Node::Create({.name = "port_test", .registry = &registry_});
    port_ = *Port::Open(*node_, {});  // nowhere: nobody comes
  }

  Task<void> ReceiveOne() {
    const std::vector<uint32_t> any;
    got_ = co_await port_->Receive(any);
  }

  Registry registry_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Port> port_;
  std::optional<ServerCall*> got_;
};

TEST_F(PortTest, ClosingEndsWhoReceives) {
  node_->Spawn(ReceiveOne());
  node_->Turn(Node::kDoNotSleep);
  ASSERT_FALSE(got_.has_value());
  EXPECT_TRUE(port_->Close(0s).empty());
  for (int i = 0; i < 3 && !got_.has_value(); ++i) node_->Turn(Node::kDoNotSleep);
  ASSERT_TRUE(got_.has_value());
  EXPECT_EQ(*got_, nullptr);
}

TEST_F(PortTest, NobodyReceivesFromAClosedPort) {
  port_->Close(0s);
  node_->Spawn(ReceiveOne());
  node_->Turn(Node::kDoNotSleep);
  ASSERT_TRUE(got_.has_value());
  EXPECT_EQ(*got_, nullptr);
}

TEST_F(PortTest, ATypeHasOneHandlerAndASecondOneIsSaidToBeAMistake) {
  port_->Handle(7, [](ServerCall&) {});
  port_->Handle(8, [](ServerCall&) {});
  EXPECT_TRUE(port_->WaitServing().ok());
  port_->HandleTask(7, [](ServerCall&) -> Task<absl::Status> { co_return absl::OkStatus(); });
  const absl::Status status = port_->WaitServing();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_NE(status.ToString().find("7"), std::string::npos) << status;
}

TEST_F(PortTest, WithoutAnyHandlerAtOnceItCouldHandleNothing) {
  PortOptions options;
  options.handlers_max = 0;
  EXPECT_EQ(Port::Open(*node_, {}, options).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(PortTest, DestructionEndsWhoReceives) {
  node_->Spawn(ReceiveOne());
  node_->Turn(Node::kDoNotSleep);
  port_.reset();
  for (int i = 0; i < 3 && !got_.has_value(); ++i) node_->Turn(Node::kDoNotSleep);
  ASSERT_TRUE(got_.has_value());
  EXPECT_EQ(*got_, nullptr);
}

}  // namespace
}  // namespace jackfield
