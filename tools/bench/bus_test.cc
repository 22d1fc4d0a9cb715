// Both sides on one node, over a medium that is right, with one side replaced by one that is wrong.
#include "tools/bench/bus.h"

#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "tools/bench/stamp.h"
#include "transports/builtin.h"

namespace jackfield::bench {
namespace {

class BusTest : public testing::Test {
 protected:
  void SetUp() override {
    AddBuiltinTransports(registry_);
    options_.size_bytes = 300;
    options_.seconds = 0.02;
    absl::StatusOr<std::unique_ptr<Node>> node =
        Node::Create({.name = "both", .registry = &registry_});
    ASSERT_TRUE(node.ok());
    node_ = *std::move(node);
    absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(*node_, {"unix:"});
    ASSERT_TRUE(port.ok());
    port_ = *std::move(port);
  }

  void Connect() {
    ASSERT_TRUE(port_->WaitServing().ok());
    absl::StatusOr<std::unique_ptr<Channel>> channel = Channel::Open(*node_, port_->addresses()[0]);
    ASSERT_TRUE(channel.ok());
    channels_.push_back(*std::move(channel));
    ASSERT_TRUE(channels_[0]->WaitOpen().ok());
  }

  Registry registry_;
  Options options_;
  SharedRun run_;
  Context context_{*run_, Side::kClient, options_};
  absl::Status fault_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Port> port_;
  std::vector<std::unique_ptr<Channel>> channels_;
};

TEST_F(BusTest, RightPayloadsAreMeasured) {
  ServeMeasured(*node_, *port_, options_, fault_);
  Connect();
  EXPECT_TRUE(MeasureLatency(context_, *channels_[0]).ok());
  EXPECT_GT(run_->count, 0u);
  EXPECT_TRUE(fault_.ok());
}

TEST_F(BusTest, ServerNoticesACorruptedRequest) {
  ServeMeasured(*node_, *port_, options_, fault_);
  Connect();
  const Stamp stamp(options_.size_bytes);
  std::vector<std::byte> payload = stamp.MakePayload();
  stamp.Put(0, payload);
  ASSERT_TRUE(channels_[0]->Call(kEcho, Bytes(std::span<const std::byte>(payload))).Wait().ok());
  stamp.Put(1, payload);
  payload[200] ^= std::byte{1};
  absl::StatusOr<Message> reply =
      channels_[0]->Call(kEcho, Bytes(std::span<const std::byte>(payload))).Wait();
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kDataLoss) << reply.status();
  EXPECT_EQ(fault_.code(), absl::StatusCode::kDataLoss);
}

TEST_F(BusTest, ServerNoticesAOneWayMessageThatIsMissing) {
  ServeMeasured(*node_, *port_, options_, fault_);
  Connect();
  const Stamp stamp(options_.size_bytes);
  std::vector<std::byte> payload = stamp.MakePayload();
  for (const uint64_t sequence : {0, 1, 3}) {
    stamp.Put(sequence, payload);
    ASSERT_TRUE(channels_[0]->Send(kTake, Bytes(std::span<const std::byte>(payload))).Wait().ok());
  }
  node_->Run().IgnoreError();  // the fault stops it
  EXPECT_EQ(fault_.code(), absl::StatusCode::kDataLoss);
}

// Answers with one byte turned over, from the tenth call on.
void ServeWrongly(Port& port) {
  port.Handle(kEcho, [calls = 0](ServerCall& call) mutable {
    std::vector<std::byte> answer(call.payload().begin(), call.payload().end());
    if (++calls >= 10) answer[100] ^= std::byte{1};
    call.Reply(Bytes(std::span<const std::byte>(answer))).IgnoreError();
  });
}

TEST_F(BusTest, LatencyClientNoticesACorruptedAnswer) {
  ServeWrongly(*port_);
  Connect();
  EXPECT_EQ(MeasureLatency(context_, *channels_[0]).code(), absl::StatusCode::kDataLoss);
}

TEST_F(BusTest, FaninClientNoticesACorruptedAnswer) {
  options_.mode = Mode::kFanin;
  options_.depth = 4;
  ServeWrongly(*port_);
  Connect();
  EXPECT_EQ(MeasureFanin(context_, *node_, channels_).code(), absl::StatusCode::kDataLoss);
}

TEST_F(BusTest, ThroughputClientNoticesACountThatIsNotWhatItSent) {
  uint64_t taken = 0;
  port_->Handle(kTake, [&taken](ServerCall&) { ++taken; });
  port_->Handle(kCount, [&taken](ServerCall& call) {
    const Taken wrong{.messages = taken - 1};
    call.Reply(Bytes(std::as_bytes(std::span(&wrong, 1)))).IgnoreError();
  });
  Connect();
  EXPECT_EQ(MeasureThroughput(context_, *channels_[0]).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace jackfield::bench
