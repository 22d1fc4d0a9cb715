#include "services/control/control.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "jackfield/channel.h"
#include "jackfield/transports.h"

namespace jackfield {
namespace {

constexpr uint32_t kWork = 7;

// A service that looks at itself, over the same node: it answers while its own calls wait.
class ControlTest : public ::testing::Test, private Granted {
 protected:
  void SetUp() override {
    AddBuiltinTransports(registry_);
    node_ = *Node::Create({.name = "kv", .registry = &registry_});
    watch_ = *Watch::Begin(*node_, "kv");
    control_ = *ControlPort::Open(*node_, "inproc:control", *this, watch_.get());
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

  // What the grants are, and have become.
  const Port* ServedPort() const override { return served_; }
  void Regrant(std::string_view role, std::string address) override {
    regranted_.emplace_back(role, std::move(address));
  }
  absl::StatusOr<std::string> Serve(std::string_view address) {
    control::ControlClient client(*look_);
    auto served = client
                      .Serve([address](flatbuffers::FlatBufferBuilder& fbb) {
                        return control::CreateServeRequestDirect(fbb, std::string(address).c_str());
                      })
                      .Wait();
    if (!served.ok()) return served.status();
    return (*served)->actual()->str();
  }
  absl::Status Unserve(std::string_view address) {
    control::ControlClient client(*look_);
    return client
        .Unserve([address](flatbuffers::FlatBufferBuilder& fbb) {
          return control::CreateUnserveRequestDirect(fbb, std::string(address).c_str());
        })
        .Wait()
        .status();
  }
  absl::Status Move(std::string_view role, std::string_view address) {
    control::ControlClient client(*look_);
    return client
        .Move([role, address](flatbuffers::FlatBufferBuilder& fbb) {
          return control::CreateMoveRequestDirect(fbb, std::string(role).c_str(),
                                                  std::string(address).c_str());
        })
        .Wait()
        .status();
  }

  const Port* served_ = nullptr;
  std::vector<std::pair<std::string, std::string>> regranted_;
  Registry registry_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Watch> watch_;
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

TEST_F(ControlTest, ATapIsAskedForAndIsTheSameUntilNobodyAsks) {
  control::ControlClient client(*look_);
  const auto request = [](flatbuffers::FlatBufferBuilder& fbb) {
    return control::CreateTapRequest(fbb);
  };
  const auto tapped = client.Tap(request).Wait();
  ASSERT_TRUE(tapped.ok()) << tapped.status();
  EXPECT_GE((*tapped)->fd(), 0);
  EXPECT_TRUE(node_->frame_log()->wants_messages());
  const auto again = client.Tap(request).Wait();
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->fd(), (*tapped)->fd());
}

TEST_F(ControlTest, TracesBeginWhenTheyAreAskedForAndTheOtherCallsAreInNone) {
  ASSERT_NE(node_->tracer(), nullptr);
  EXPECT_FALSE(node_->tracer()->begins());
  control::ControlClient client(*look_);
  const auto request = [](flatbuffers::FlatBufferBuilder& fbb) {
    return control::CreateTraceRequest(fbb, 1);
  };
  ASSERT_TRUE(client.Trace(request).Wait().ok());
  EXPECT_TRUE(node_->tracer()->begins());
}

TEST_F(ControlTest, AChannelThatIsDestroyedIsNotListed) {
  ASSERT_NE(InRole(*Look(), "kv"), nullptr);
  work_ = nullptr;
  EXPECT_EQ(InRole(*Look(), "kv"), nullptr);
}

TEST_F(ControlTest, APortServesAtOneMoreAddressAndLeavesIt) {
  served_ = port_.get();
  const absl::StatusOr<std::string> actual = Serve("unix:");
  ASSERT_TRUE(actual.ok()) << actual.status();
  EXPECT_EQ(actual->rfind("unix:@", 0), 0u) << *actual << ": with what was chosen";
  EXPECT_EQ(port_->addresses().size(), 2u);
  EXPECT_TRUE(Unserve(*actual).ok());
  EXPECT_EQ(port_->addresses().size(), 1u);
  EXPECT_EQ(Unserve(*actual).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Serve("inproc:kv").status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(port_->addresses().size(), 1u);
}

TEST_F(ControlTest, AServiceThatServesNothingCannotBeginTo) {
  const absl::Status status = Serve("unix:").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_EQ(status.message(), "kv serves nothing, and cannot begin to while it runs");
  served_ = port_.get();
  port_ = nullptr;
  EXPECT_EQ(Serve("unix:").status().code(), absl::StatusCode::kFailedPrecondition) << "it has gone";
}

TEST_F(ControlTest, ARoleMovesAndIsGrantedThereFromThenOn) {
  auto other = *Port::Open(*node_, {"inproc:other"});
  other->Handle(kWork, [](ServerCall& call) { call.Reply(Bytes("other")).IgnoreError(); });
  ASSERT_TRUE(work_->WaitOpen().ok());
  ASSERT_TRUE(Move("kv", "inproc:other").ok());
  const absl::StatusOr<Message> reply = work_->Call(kWork, Bytes("x")).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(work_->address().ToString(), "inproc:other");
  EXPECT_EQ(regranted_, (std::vector<std::pair<std::string, std::string>>{{"kv", "inproc:other"}}));
  work_ = nullptr;  // before the port
}

TEST_F(ControlTest, WhatCannotMoveSaysWhyAndIsNotGrantedElsewhere) {
  const auto stays = *Channel::Open(*node_, "inproc:kv", {.role = "stays", .reconnect = false});
  EXPECT_EQ(Move("stays", "inproc:other").code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Move("kv", "nothing:at all").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(regranted_.empty());
  EXPECT_TRUE(Move("nobody", "inproc:other").ok()) << "it may ask for that role later";
  EXPECT_EQ(regranted_.size(), 1u);
}

}  // namespace
}  // namespace jackfield
