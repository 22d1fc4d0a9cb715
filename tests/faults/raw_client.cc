#include "tests/faults/raw_client.h"

#include <optional>
#include <utility>

#include "tests/conformance/subjects.h"

namespace jackfield {

RawFrame Request(uint64_t epoch, uint32_t sequence, uint32_t type, uint64_t call_id) {
  RawFrame frame;
  frame.kind = static_cast<uint8_t>(FrameKind::Request);
  frame.epoch = epoch;
  frame.sequence = sequence;
  frame.message_type = type;
  frame.call_id = call_id;
  frame.payload = "by hand";
  frame.grant = 64;
  return frame;
}

RawFrame Of(FrameKind kind, uint64_t epoch, uint32_t sequence, uint64_t call_id) {
  RawFrame frame = Request(epoch, sequence, 0, call_id);
  frame.kind = static_cast<uint8_t>(kind);
  return frame;
}

void RawClientTest::Serve(PortOptions options) {
  TearDown();
  gone_ = absl::OkStatus();
  node_ = Node::Create({.name = "server",
                        .registry = &conformance::TestRegistry(),
                        .memory_bytes_max = memory_bytes_max_})
              .value();
  options.session.window_units = kRawWindow;
  port_ = Port::Open(*node_, {"unix:"}, options).value();
  port_->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
  port_->Handle(kNever, [](ServerCall& call) {
    call.Hold();
    call.OnCancel([&call] { call.Fail(absl::CancelledError("as asked")).IgnoreError(); });
  });
  port_->HandleTask(kDrain, [](ServerCall& call) -> Task<absl::Status> {
    int items = 0;
    while (call.stream() != nullptr && co_await call.stream()->Read()) ++items;
    co_return call.Reply(Bytes(Text(items)));
  });
  port_->Handle(kHeld, [this](ServerCall& call) {
    call.Hold();
    held_ = &call;
    call.OnCancel([this, &call] {
      ++told_;
      call.Fail(absl::CancelledError("as asked")).IgnoreError();
    });
  });
  port_->OnClientGone([this](const std::string&, const absl::Status& why) { gone_ = why; });
  ASSERT_TRUE(port_->WaitServing().ok());
  bystander_ = Channel::Open(*node_, port_->addresses()[0]).value();
  ASSERT_TRUE(bystander_->WaitOpen().ok());
}

void RawClientTest::TearDown() {
  bystander_.reset();
  port_.reset();
  node_.reset();
}

RawPeer RawClientTest::ConnectAndGreet() {
  RawPeer peer = Connect();
  peer.Send(HelloFrame());
  const std::optional<RawFrame> welcome = peer.AwaitFrame(*node_);
  EXPECT_TRUE(welcome && welcome->Kind() == FrameKind::Welcome);
  if (welcome) {
    EXPECT_EQ(welcome->epoch, kRawEpoch);
  }
  return peer;
}

void RawClientTest::ExpectCutOff(RawPeer& peer, Reason reason, std::string_view words,
                                 const std::string& what) {
  EXPECT_TRUE(peer.AwaitEnd(*node_)) << what;
  EXPECT_TRUE(TurnUntil(*node_, [this] { return !gone_.ok(); })) << what;
  EXPECT_EQ(ReasonOf(gone_), reason) << what << ": " << gone_;
  EXPECT_NE(gone_.ToString().find(words), std::string::npos) << what << ": " << gone_;
  gone_ = absl::OkStatus();
  ExpectOthersWell(what);
}

void RawClientTest::ExpectOthersWell(const std::string& what) {
  const absl::StatusOr<Message> reply = bystander_->Call(kEcho, Bytes("well")).Wait();
  EXPECT_TRUE(reply.ok() && reply->text() == "well") << what << ": " << reply.status();
  EXPECT_TRUE(TurnUntil(*node_, [this] { return port_->clients() == 1; })) << what;
}

void RawClientTest::ExpectOthersWellBeside(const RawPeer&) {
  const absl::StatusOr<Message> reply = bystander_->Call(kEcho, Bytes("well")).Wait();
  EXPECT_TRUE(reply.ok() && reply->text() == "well") << reply.status();
  EXPECT_EQ(port_->clients(), 2u);
}

void RawClientTest::ExpectAnswered(RawPeer& peer, uint32_t sequence, const std::string& what) {
  peer.Send(Request(epoch(), sequence, kEcho, 1000 + sequence));
  for (;;) {
    const std::optional<RawFrame> frame = peer.AwaitFrame(*node_);
    ASSERT_TRUE(frame) << what << ": " << gone_;
    if (frame->Kind() != FrameKind::Reply || frame->call_id != 1000 + sequence) continue;
    EXPECT_EQ(frame->payload, "by hand") << what;
    return;
  }
}

}  // namespace jackfield
