#include "services/control/control.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "jackfield/channel.h"
#include "jackfield/transports.h"

namespace jackfield {
namespace {

constexpr uint32_t kWork = 7;

// A service that looks at itself, over the same node: it answers while its own calls wait.
class ControlTest : public ::testing::Test {
 protected:
  void SetUp() override {
    AddBuiltinTransports(registry_);
    node_ = *Node::Create({.name = "kv", .registry = &registry_});
    control_ = *ControlPort::Open(*node_, "inproc:control");
    port_ = *Port::Open(*node_, {"inproc:kv"});
    port_->Handle(kWork, [this](ServerCall& call) {
      call.Hold();
      held_ = &call;
    });
    work_ = *Channel::Open(*node_, "inproc:kv", {.role = "kv"});
    look_ = *Channel::Open(*node_, "inproc:control", {.role = "control"});
  }
  MessageOf<control::Process> Look() {
    control::ControlClient client(*look_);
    auto process = client
                       .Look([](flatbuffers::FlatBufferBuilder& fbb) {
                         return control::CreateLookRequest(fbb);
                       })
                       .Wait();
    EXPECT_TRUE(process.ok()) << process.status();
    return *std::move(process);
  }
  static const control::Channel* InRole(const control::Process& process, std::string_view role) {
    for (const control::Channel* channel : *process.channels()) {
      if (channel->role()->string_view() == role) return channel;
    }
    return nullptr;
  }

  Registry registry_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<ControlPort> control_;
  std::unique_ptr<Port> port_;
  ServerCall* held_ = nullptr;
  std::unique_ptr<Channel> work_, look_;
};

TEST_F(ControlTest, TellsOfCallsUnderWayAtBothEndsUntilTheyAreAnswered) {
  ASSERT_TRUE(work_->WaitOpen().ok());
  bool ended = false;
  ASSERT_TRUE(
      work_->CallAsync(kWork, Bytes("x"), {}, [&ended](Answer& answer) { ended = answer.ok(); })
          .ok());
  ASSERT_TRUE(node_->RunUntil([this] { return held_ != nullptr; }));
  {
    const MessageOf<control::Process> process = Look();
    ASSERT_EQ(process->ports()->size(), 1u) << "its own port is nobody's business";
    const control::Port* port = process->ports()->Get(0);
    EXPECT_EQ(port->addresses()->Get(0)->str(), "inproc:kv");
    EXPECT_EQ(port->clients(), 1u);
    EXPECT_EQ(port->calls(), 1u);
    EXPECT_EQ(port->waiting(), 0u);
    EXPECT_EQ(port->oldest_type(), kWork);
    EXPECT_GT(port->oldest_ns(), 0);
    const control::Channel* channel = InRole(*process, "kv");
    ASSERT_NE(channel, nullptr);
    EXPECT_TRUE(channel->open());
    EXPECT_EQ(channel->calls(), 1u);
    EXPECT_EQ(channel->oldest_type(), kWork);
    EXPECT_GE(channel->oldest_ns(), port->oldest_ns());
    EXPECT_EQ(channel->sent(), 1u);
  }
  ASSERT_TRUE(held_->Reply(Bytes("y")).ok());
  ASSERT_TRUE(node_->RunUntil([&ended] { return ended; }));
  const MessageOf<control::Process> process = Look();
  EXPECT_EQ(process->ports()->Get(0)->calls(), 0u);
  EXPECT_EQ(process->ports()->Get(0)->oldest_type(), 0u);
  EXPECT_EQ(process->ports()->Get(0)->handled(), 1u);
  EXPECT_EQ(InRole(*process, "kv")->calls(), 0u);
  EXPECT_EQ(InRole(*process, "kv")->oldest_type(), 0u);
}

TEST_F(ControlTest, AChannelThatIsDestroyedIsNotListed) {
  ASSERT_NE(InRole(*Look(), "kv"), nullptr);
  work_ = nullptr;
  EXPECT_EQ(InRole(*Look(), "kv"), nullptr);
}

}  // namespace
}  // namespace jackfield
