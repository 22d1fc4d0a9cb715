// FAULTS D3, D4, D9, D18, D21, G1, G15: a service made by hand says to a real Channel what no
// service of ours says. Its calls end with a sentence that names the lie, or the lie is dropped and
// counted; another channel of the node goes on.
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "schemas/control_generated.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/raw_peer.h"

namespace jackfield {
namespace {

constexpr uint32_t kEcho = 1;

struct Answer {
  bool done = false;
  absl::Status status;
  std::string text;
};

class RawServerTest : public testing::Test {
 protected:
  void SetUp() override {
    node_ = Node::Create({.name = "client", .registry = &conformance::TestRegistry()}).value();
    port_ = Port::Open(*node_, {"unix:"}).value();
    port_->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
    ASSERT_TRUE(port_->WaitServing().ok());
    bystander_ = Channel::Open(*node_, port_->addresses()[0]).value();
    ASSERT_TRUE(bystander_->WaitOpen().ok());
  }
  void TearDown() override {
    channel_.reset();
    bystander_.reset();
    port_.reset();
    node_.reset();
  }

  // A channel to a peer made by hand, which has its hello and said nothing yet.
  RawPeer Meet(ChannelOptions options = {}) {
    channel_ = Channel::Open(*node_, listener_.address(), options).value();
    std::optional<RawPeer> peer = listener_.Accept(*node_);
    EXPECT_TRUE(peer.has_value());
    const std::optional<RawFrame> hello = peer->AwaitFrame(*node_);
    EXPECT_TRUE(hello && hello->Kind() == FrameKind::Hello);
    return *std::move(peer);
  }
  RawPeer MeetAndWelcome(ChannelOptions options = {}) {
    RawPeer peer = Meet(options);
    peer.Send(WelcomeFrame(node_->epoch()));
    EXPECT_TRUE(TurnUntil(*node_, [this] { return channel_->open(); })) << channel_->ended_why();
    return peer;
  }
  void Call(Answer& answer, int64_t timeout_us = 60'000'000) {
    CallOptions options;
    options.timeout = std::chrono::microseconds(timeout_us);
    const absl::Status started =
        channel_->CallAsync(kEcho, Bytes("x"), options, [&answer](jackfield::Answer& reply) {
          answer.done = true;
          answer.status = reply.status();
          if (reply.ok()) answer.text = std::string(reply->text());
        });
    EXPECT_TRUE(started.ok()) << started;
  }
  std::optional<RawFrame> AwaitRequest(RawPeer& peer) {
    std::optional<RawFrame> frame;
    do frame = peer.AwaitFrame(*node_);
    while (frame && frame->Kind() != FrameKind::Request);
    EXPECT_TRUE(frame.has_value());
    return frame;
  }
  RawFrame Of(FrameKind kind, uint32_t sequence, uint64_t call_id = 0) {
    RawFrame frame;
    frame.kind = static_cast<uint8_t>(kind);
    frame.epoch = node_->epoch();
    frame.sequence = sequence;
    frame.call_id = call_id;
    frame.payload = "by hand";
    frame.grant = 64;
    return frame;
  }
  void ExpectEnded(Reason reason, std::string_view words, const std::string& what) {
    EXPECT_TRUE(TurnUntil(*node_, [this] { return !channel_->ended_why().ok(); })) << what;
    const absl::Status& why = channel_->ended_why();
    EXPECT_EQ(ReasonOf(why), reason) << what << ": " << why;
    EXPECT_NE(why.ToString().find(words), std::string::npos) << what << ": " << why;
    ExpectOthersWell(what);
  }
  void ExpectOthersWell(const std::string& what) {
    const absl::StatusOr<Message> reply = bystander_->Call(kEcho, Bytes("well")).Wait();
    EXPECT_TRUE(reply.ok() && reply->text() == "well") << what << ": " << reply.status();
  }

  std::unique_ptr<Node> node_;
  std::unique_ptr<Port> port_;
  std::unique_ptr<Channel> bystander_, channel_;
  RawListener listener_;
};

TEST_F(RawServerTest, AWellBehavedOneIsUsed) {
  RawPeer peer = MeetAndWelcome();
  Answer answer;
  Call(answer);
  const std::optional<RawFrame> request = AwaitRequest(peer);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->sequence, 1u);
  EXPECT_EQ(request->payload, "x");
  EXPECT_EQ(request->epoch, kRawEpoch);
  peer.Send(Of(FrameKind::Reply, 1, request->call_id));
  ASSERT_TRUE(TurnUntil(*node_, [&] { return answer.done; }));
  EXPECT_EQ(answer.text, "by hand") << answer.status;
}

TEST_F(RawServerTest, ARefusalOfTheVersionNamesBothNumbers) {
  RawPeer peer = Meet();
  peer.Send(RefuseFrame(static_cast<uint8_t>(Reason::kVersion), 4, 6, "no"));
  ExpectEnded(Reason::kVersion,
              Text("version: this client speaks ", int{kVersionMin}, "..", int{kVersionMax},
                   ", the service at "),
              "refused");
  EXPECT_NE(channel_->ended_why().ToString().find(" 4..6"), std::string::npos)
      << channel_->ended_why();
  EXPECT_EQ(OutcomeOf(channel_->ended_why()), Outcome::kRefused);
}

TEST_F(RawServerTest, AnAnswerInAnotherVersionNamesBothNumbers) {
  for (const uint8_t version : {uint8_t{0}, uint8_t{2}, uint8_t{9}}) {
    for (RawFrame answer :
         {WelcomeFrame(node_->epoch()), RefuseFrame(static_cast<uint8_t>(Reason::kVersion), version,
                                                    version, "in my own words")}) {
      answer.version = version;
      RawPeer peer = Meet();
      peer.Send(answer);
      ExpectEnded(Reason::kVersion,
                  Text("version: this client speaks ", int{kVersionMin}, "..", int{kVersionMax},
                       ", the service at "),
                  Text("version ", int{version}));
      EXPECT_NE(channel_->ended_why().ToString().find(Text(" ", int{version})), std::string::npos);
      EXPECT_EQ(OutcomeOf(channel_->ended_why()), Outcome::kRefused);
    }
  }
}

TEST_F(RawServerTest, ARefusalIsShownWithItsControlCharactersEscaped) {
  RawPeer peer = Meet();
  peer.Send(RefuseFrame(static_cast<uint8_t>(Reason::kPermission), 1, 1, "not\x1b[2J you\n"));
  ExpectEnded(Reason::kPermission, "not\\x1b[2J you\\x0a", "escape");
}

TEST_F(RawServerTest, ARefusalOfNoKnownReasonIsARefusal) {
  RawPeer peer = Meet();
  peer.Send(RefuseFrame(200, 1, 1, "for reasons of my own"));
  EXPECT_TRUE(TurnUntil(*node_, [this] { return !channel_->ended_why().ok(); }));
  EXPECT_EQ(OutcomeOf(channel_->ended_why()), Outcome::kRefused) << channel_->ended_why();
  EXPECT_NE(channel_->ended_why().ToString().find("for reasons of my own"), std::string::npos);
}

TEST_F(RawServerTest, AWelcomeThatCannotBeReadIsCorrupt) {
  std::vector<RawFrame> welcomes(4, WelcomeFrame(node_->epoch()));
  welcomes[0].payload = "";
  welcomes[1].payload = std::string(64, '\xff');
  welcomes[2].payload.resize(welcomes[2].payload.size() / 2);
  welcomes[3] = WelcomeFrame(node_->epoch(), 0);
  for (size_t i = 0; i < welcomes.size(); ++i) {
    RawPeer peer = Meet();
    peer.Send(welcomes[i]);
    ExpectEnded(Reason::kCorrupt, "a welcome that cannot be read", Text(i));
  }
}

TEST_F(RawServerTest, AWelcomeForAnotherEpochIsStale) {
  RawPeer peer = Meet();
  peer.Send(WelcomeFrame(node_->epoch() + 2));
  peer.Send(WelcomeFrame(node_->epoch()));
  EXPECT_TRUE(TurnUntil(*node_, [this] { return channel_->open(); })) << channel_->ended_why();
  EXPECT_EQ(channel_->ledger().stale, 1u);
}

TEST_F(RawServerTest, AWelcomeThatGrantsNothingHoldsCallsBackUntilTheirDeadline) {
  RawPeer peer = Meet();
  RawFrame welcome = WelcomeFrame(node_->epoch(), kRawEpoch, 0, 0, 0);
  peer.Send(welcome);
  EXPECT_TRUE(TurnUntil(*node_, [this] { return channel_->open(); })) << channel_->ended_why();
  Answer answer;
  Call(answer, 20'000);
  ASSERT_TRUE(TurnUntil(*node_, [&] { return answer.done; }));
  EXPECT_EQ(OutcomeOf(answer.status), Outcome::kRefused) << answer.status;
  ExpectOthersWell("no credit");
}

TEST_F(RawServerTest, OneThatHangsUpBeforeItsWelcomeIsTriedAgainUntilTheTimeIsOver) {
  ChannelOptions options;
  options.connect_timeout = 300ms;  // a machine that stands still for 30 ms is not rare
  channel_ = Channel::Open(*node_, listener_.address(), options).value();
  int times = 0;
  while (channel_->ended_why().ok() && times < 1000) {
    // Accepted and dropped at once, for as long as it comes back.
    std::optional<RawPeer> peer;
    TurnUntil(*node_, [&] {
      peer = listener_.TryAccept();
      return peer || !channel_->ended_why().ok();
    });
    times += peer ? 1 : 0;
  }
  EXPECT_GT(times, 1);
  EXPECT_EQ(ReasonOf(channel_->ended_why()), Reason::kUnreachable) << channel_->ended_why();
  EXPECT_NE(channel_->ended_why().ToString().find("before it said hello"), std::string::npos)
      << channel_->ended_why();
}

TEST_F(RawServerTest, AReplyToNoCallIsLateAndTheRightOneIsTaken) {
  RawPeer peer = MeetAndWelcome();
  Answer answer;
  Call(answer);
  const std::optional<RawFrame> request = AwaitRequest(peer);
  ASSERT_TRUE(request);
  uint32_t sequence = 0;
  for (const uint64_t other :
       {uint64_t{0}, request->call_id + 1, request->call_id + (1 << 12), UINT64_MAX}) {
    peer.Send(Of(FrameKind::Reply, ++sequence, other));
  }
  peer.Send(Of(FrameKind::Reply, ++sequence, request->call_id));
  peer.Send(Of(FrameKind::Reply, ++sequence, request->call_id));  // once more
  ASSERT_TRUE(TurnUntil(*node_, [&] { return answer.done; }));
  EXPECT_EQ(answer.text, "by hand") << answer.status;
  EXPECT_TRUE(TurnUntil(*node_, [&] { return channel_->ledger().late == 5; }))
      << channel_->ledger().late;
  EXPECT_TRUE(channel_->open());
}

TEST_F(RawServerTest, AFailureThatCannotBeReadKeepsItsCode) {
  RawPeer peer = MeetAndWelcome();
  uint32_t sequence = 0;
  for (const std::string_view payload : {"", "12345678", "\xff\xff\xff\xff\xff\xff\xff\xff"}) {
    Answer answer;
    Call(answer);
    const std::optional<RawFrame> request = AwaitRequest(peer);
    ASSERT_TRUE(request);
    RawFrame reply = Of(FrameKind::Reply, ++sequence, request->call_id);
    reply.code = static_cast<uint8_t>(absl::StatusCode::kNotFound);
    reply.payload = payload;
    peer.Send(reply);
    ASSERT_TRUE(TurnUntil(*node_, [&] { return answer.done; }));
    EXPECT_EQ(answer.status.code(), absl::StatusCode::kNotFound) << answer.status;
  }
}

TEST_F(RawServerTest, AnItemForACallWithoutAStreamEndsThatCallAlone) {
  RawPeer peer = MeetAndWelcome();
  Answer first, second;
  Call(first);
  Call(second);
  const std::optional<RawFrame> one = AwaitRequest(peer), two = AwaitRequest(peer);
  ASSERT_TRUE(one && two);
  peer.Send(Of(FrameKind::Item, 1, one->call_id));
  ASSERT_TRUE(TurnUntil(*node_, [&] { return first.done; }));
  EXPECT_EQ(OutcomeOf(first.status), Outcome::kInDoubt) << first.status;
  EXPECT_NE(first.status.ToString().find("without a stream"), std::string::npos) << first.status;
  EXPECT_FALSE(second.done);
  peer.Send(Of(FrameKind::Reply, 2, one->call_id));  // too late now
  peer.Send(Of(FrameKind::Reply, 3, two->call_id));
  ASSERT_TRUE(TurnUntil(*node_, [&] { return second.done; }));
  EXPECT_EQ(second.text, "by hand") << second.status;
  EXPECT_EQ(channel_->ledger().late, 1u);
}

TEST_F(RawServerTest, ALieInAFrameEndsTheChannelAndItsCalls) {
  struct Lie {
    std::string_view words;
    void (*tell)(RawFrame&);
  };
  const Lie lies[] = {
      {"wrong magic", [](RawFrame& f) { f.magic = 0; }},
      {"unknown version", [](RawFrame& f) { f.version = 2; }},
      {"unknown kind", [](RawFrame& f) { f.kind = 99; }},
      {"reserved flag", [](RawFrame& f) { f.flags = 0x40; }},
      {"over frame_bytes_max", [](RawFrame& f) { f.frame_bytes = 0xffffffff; }},
      {"sequence 2 after 0", [](RawFrame& f) { f.sequence = 2; }},
      {"acknowledges what was not sent", [](RawFrame& f) { f.ack = 2; }},
      {"grants too much", [](RawFrame& f) { f.grant = 0x7ffffff0; }},
      {"does not belong here",
       [](RawFrame& f) { f.kind = static_cast<uint8_t>(FrameKind::Closed); }},
      {"does not belong here",
       [](RawFrame& f) { f.kind = static_cast<uint8_t>(FrameKind::Refuse); }},
  };
  for (const Lie& lie : lies) {
    RawPeer peer = MeetAndWelcome();
    Answer answer;
    Call(answer);
    const std::optional<RawFrame> request = AwaitRequest(peer);
    ASSERT_TRUE(request);
    RawFrame reply = Of(FrameKind::Reply, 1, request->call_id);
    lie.tell(reply);
    peer.Send(reply);
    ExpectEnded(Reason::kCorrupt, lie.words, std::string(lie.words));
    ASSERT_TRUE(TurnUntil(*node_, [&] { return answer.done; })) << lie.words;
    EXPECT_EQ(OutcomeOf(answer.status), Outcome::kInDoubt) << answer.status;
    const Ledger ledger = channel_->ledger();
    EXPECT_EQ(ledger.queued(), 0u) << lie.words;
  }
}

TEST_F(RawServerTest, ARefusalOfAnOpenSessionEndsItsCallsWithItsReason) {
  RawPeer peer = MeetAndWelcome();
  Answer answer;
  Call(answer);
  ASSERT_TRUE(AwaitRequest(peer));
  RawFrame refusal = RefuseFrame(static_cast<uint8_t>(Reason::kResource), 1, 1, "no memory left");
  refusal.epoch = node_->epoch();
  peer.Send(refusal);
  ExpectEnded(Reason::kResource, "no memory left", "refused");
  ASSERT_TRUE(TurnUntil(*node_, [&] { return answer.done; }));
  EXPECT_EQ(OutcomeOf(answer.status), Outcome::kInDoubt) << answer.status;
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kResourceExhausted) << answer.status;
}

TEST_F(RawServerTest, ItemsWithoutCreditEndTheChannel) {
  ChannelOptions options;
  options.session.window_units = 8;
  RawPeer peer = MeetAndWelcome(options);
  CallOptions within;
  within.timeout = 60s;
  auto stream = channel_->OpenStream(kEcho, Bytes("x"), within);
  ASSERT_TRUE(stream.ok()) << stream.status();
  const std::optional<RawFrame> request = AwaitRequest(peer);
  ASSERT_TRUE(request);
  for (uint32_t sequence = 1; sequence <= 9; ++sequence)
    peer.Send(Of(FrameKind::Item, sequence, request->call_id));
  ExpectEnded(Reason::kCorrupt, "without credit", "overrun");
}

TEST_F(RawServerTest, AReceiptForMoreThanWasSentIsCorrupt) {
  RawPeer peer = MeetAndWelcome();
  RawFrame closed = Of(FrameKind::Closed, 0);
  flatbuffers::FlatBufferBuilder fbb;
  fbb.Finish(wire::CreateReceipt(fbb, 5, 1000));
  closed.payload.assign(reinterpret_cast<const char*>(fbb.GetBufferPointer()), fbb.GetSize());
  peer.Send(closed);  // read while Close waits for one
  const Receipt receipt = channel_->Close(60s);
  EXPECT_EQ(receipt.handled + receipt.delivered + receipt.undelivered + receipt.in_doubt, 0u);
  ExpectOthersWell("receipt");
}

TEST_F(RawServerTest, ARequestToAClientIsDropped) {
  RawPeer peer = MeetAndWelcome();
  Answer answer;
  Call(answer);
  const std::optional<RawFrame> request = AwaitRequest(peer);
  ASSERT_TRUE(request);
  peer.Send(Of(FrameKind::Request, 1, 5));
  peer.Send(Of(FrameKind::OneWay, 2, 0));
  peer.Send(Of(FrameKind::Request, 3, request->call_id));
  peer.Send(Of(FrameKind::Reply, 4, request->call_id));
  ASSERT_TRUE(TurnUntil(*node_, [&] { return answer.done; }));
  EXPECT_EQ(answer.text, "by hand") << answer.status;
}

}  // namespace
}  // namespace jackfield
