// FAULTS D3–D6, D8, D9, D16, D18, D22, G1, G15: a client made by hand says to a real Port what no
// client of ours says. Each lie ends its own session with a sentence that names it, or is dropped
// and counted; the port goes on serving another client.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/channel.h"
#include "kernel/port.h"
#include "kernel/text.h"
#include "schemas/control_generated.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/raw_peer.h"

namespace jackfield {
namespace {

enum Method : uint32_t { kEcho = 1, kNever, kDrain, kHeld };
constexpr uint32_t kWindow = 16;

RawFrame Request(uint64_t epoch, uint32_t sequence, uint32_t type = kEcho, uint64_t call_id = 7) {
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

RawFrame Of(FrameKind kind, uint64_t epoch, uint32_t sequence = 0, uint64_t call_id = 7) {
  RawFrame frame = Request(epoch, sequence, 0, call_id);
  frame.kind = static_cast<uint8_t>(kind);
  return frame;
}

class RawClientTest : public testing::Test {
 protected:
  void SetUp() override { Serve({}); }

  void Serve(PortOptions options) {
    TearDown();
    gone_ = absl::OkStatus();
    node_ = Node::Create({.name = "server", .registry = &conformance::TestRegistry()}).value();
    options.session.window_units = kWindow;
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

  void TearDown() override {
    bystander_.reset();
    port_.reset();
    node_.reset();
  }

  uint64_t epoch() const { return node_->epoch(); }
  RawPeer Connect() { return RawPeer::ConnectTo(port_->addresses()[0]); }
  RawPeer ConnectAndGreet() {
    RawPeer peer = Connect();
    peer.Send(HelloFrame());
    const std::optional<RawFrame> welcome = peer.AwaitFrame(*node_);
    EXPECT_TRUE(welcome && welcome->Kind() == FrameKind::Welcome);
    if (welcome) {
      EXPECT_EQ(welcome->epoch, kRawEpoch);
    }
    return peer;
  }

  // The peer has been cut off, with these words; others are well.
  void ExpectCutOff(RawPeer& peer, Reason reason, std::string_view words, const std::string& what) {
    EXPECT_TRUE(peer.AwaitEnd(*node_)) << what;
    EXPECT_TRUE(TurnUntil(*node_, [this] { return !gone_.ok(); })) << what;
    EXPECT_EQ(ReasonOf(gone_), reason) << what << ": " << gone_;
    EXPECT_NE(gone_.ToString().find(words), std::string::npos) << what << ": " << gone_;
    gone_ = absl::OkStatus();
    ExpectOthersWell(what);
  }
  void ExpectOthersWell(const std::string& what) {
    const absl::StatusOr<Message> reply = bystander_->Call(kEcho, Bytes("well")).Wait();
    EXPECT_TRUE(reply.ok() && reply->text() == "well") << what << ": " << reply.status();
    EXPECT_TRUE(TurnUntil(*node_, [this] { return port_->clients() == 1; })) << what;
  }
  // The same while `peer` stays.
  void ExpectOthersWellBeside(const RawPeer&) {
    const absl::StatusOr<Message> reply = bystander_->Call(kEcho, Bytes("well")).Wait();
    EXPECT_TRUE(reply.ok() && reply->text() == "well") << reply.status();
    EXPECT_EQ(port_->clients(), 2u);
  }
  // This session is well: a request of this sequence is answered.
  void ExpectAnswered(RawPeer& peer, uint32_t sequence, const std::string& what) {
    peer.Send(Request(epoch(), sequence, kEcho, 1000 + sequence));
    for (;;) {
      const std::optional<RawFrame> frame = peer.AwaitFrame(*node_);
      ASSERT_TRUE(frame) << what << ": " << gone_;
      if (frame->Kind() != FrameKind::Reply || frame->call_id != 1000 + sequence) continue;
      EXPECT_EQ(frame->payload, "by hand") << what;
      return;
    }
  }

  std::unique_ptr<Node> node_;
  std::unique_ptr<Port> port_;
  std::unique_ptr<Channel> bystander_;
  absl::Status gone_;
  ServerCall* held_ = nullptr;
  int told_ = 0;
};

TEST_F(RawClientTest, AWellBehavedOneIsServed) {
  RawPeer peer = ConnectAndGreet();
  for (uint32_t sequence = 1; sequence <= 3; ++sequence)
    ExpectAnswered(peer, sequence, Text(sequence));
  EXPECT_EQ(port_->clients(), 2u);
}

TEST_F(RawClientTest, AnotherVersionIsRefusedWithBothNumbersOnBothSides) {
  for (const uint8_t version : {uint8_t{0}, uint8_t{2}, uint8_t{9}, uint8_t{255}}) {
    RawPeer peer = Connect();
    RawFrame hello = HelloFrame();
    hello.version = version;
    peer.Send(hello);
    const std::optional<RawFrame> refuse = peer.AwaitFrame(*node_);
    ASSERT_TRUE(refuse && refuse->Kind() == FrameKind::Refuse) << int{version};
    const auto* words = refuse->PayloadAs<wire::Refuse>();
    EXPECT_EQ(words->reason(), static_cast<uint8_t>(Reason::kVersion));
    EXPECT_EQ(words->version_min(), kVersionMin);
    EXPECT_EQ(words->version_max(), kVersionMax);
    ExpectCutOff(peer, Reason::kVersion,
                 Text("version: this service speaks ", int{kVersionMin}, "..", int{kVersionMax},
                      ", its client ", int{version}),
                 Text("version ", int{version}));
  }
}

TEST_F(RawClientTest, AHelloThatOffersOnlyOtherVersionsIsRefused) {
  RawPeer peer = Connect();
  peer.Send(HelloFrame(kVersionMax + 1, kVersionMax + 3));
  const std::optional<RawFrame> refuse = peer.AwaitFrame(*node_);
  ASSERT_TRUE(refuse && refuse->Kind() == FrameKind::Refuse);
  ExpectCutOff(peer, Reason::kVersion, "its client 2..4", "2..4");
}

TEST_F(RawClientTest, AHelloThatCannotBeReadIsCorrupt) {
  std::vector<RawFrame> hellos(5, HelloFrame());
  hellos[0].payload = "";
  hellos[1].payload = "12345678";
  hellos[2].payload = std::string(64, '\xff');
  hellos[3].payload.resize(hellos[3].payload.size() / 2);
  hellos[4] = HelloFrame(kVersionMin, kVersionMax, 0);  // no epoch
  for (size_t i = 0; i < hellos.size(); ++i) {
    RawPeer peer = Connect();
    peer.Send(hellos[i]);
    ExpectCutOff(peer, Reason::kCorrupt, "a hello that cannot be read", Text(i));
  }
}

TEST_F(RawClientTest, BeforeItsHelloOneGetsNoMemoryForALargeFrame) {
  RawPeer peer = Connect();
  RawFrame hello = HelloFrame();
  hello.frame_bytes = 1 << 20;
  peer.Send(hello);
  ExpectCutOff(peer, Reason::kCorrupt, "can be no hello", "a hello of 1 MiB");
}

TEST_F(RawClientTest, AHelloCutShortAtEachByteIsCorruptOrTheEnd) {
  const std::string hello = HelloFrame().ToBytes();
  for (size_t bytes = 0; bytes < hello.size(); bytes += 7) {
    RawPeer peer = Connect();
    peer.Send(hello.substr(0, bytes));
    ASSERT_TRUE(TurnUntil(*node_, [this] { return port_->clients() == 2; }));
    peer.Close();
    ASSERT_TRUE(TurnUntil(*node_, [this] { return !gone_.ok(); })) << bytes;
    EXPECT_EQ(ReasonOf(gone_), bytes == 0 ? Reason::kPeerDied : Reason::kCorrupt) << gone_;
    gone_ = absl::OkStatus();
    ExpectOthersWell(Text(bytes));
  }
}

TEST_F(RawClientTest, OneThatSaysNothingIsCutOffInTime) {
  PortOptions options;
  options.session.hello_ns = 20'000'000;
  Serve(options);
  RawPeer peer = Connect();
  ExpectCutOff(peer, Reason::kUnreachable, "no hello", "silent");
}

TEST_F(RawClientTest, AHeaderThatLiesIsCorrupt) {
  struct Lie {
    std::string_view words;
    void (*tell)(RawFrame&);
  };
  const Lie lies[] = {
      {"wrong magic", [](RawFrame& f) { f.magic = 0x4b; }},
      {"wrong magic", [](RawFrame& f) { f.magic = 0; }},
      {"unknown version", [](RawFrame& f) { f.version = 9; }},
      {"unknown kind", [](RawFrame& f) { f.kind = 0; }},
      {"unknown kind", [](RawFrame& f) { f.kind = 14; }},
      {"unknown kind", [](RawFrame& f) { f.kind = 255; }},
      {"reserved flag", [](RawFrame& f) { f.flags = 2; }},
      {"reserved flag", [](RawFrame& f) { f.flags = 0x81; }},
      {"shorter than its header", [](RawFrame& f) { f.frame_bytes = 0; }},
      {"shorter than its header", [](RawFrame& f) { f.frame_bytes = 1; }},
      {"shorter than its header", [](RawFrame& f) { f.frame_bytes = kHeaderBytes - 1; }},
      {"over frame_bytes_max", [](RawFrame& f) { f.frame_bytes = kFrameBytesMaxDefault + 1; }},
      {"over frame_bytes_max", [](RawFrame& f) { f.frame_bytes = 0x7fffffff; }},
      {"over frame_bytes_max", [](RawFrame& f) { f.frame_bytes = 0x80000000; }},
      {"over frame_bytes_max", [](RawFrame& f) { f.frame_bytes = 0xffffffff; }},
      {"less than header and extension", [](RawFrame& f) { f.extension_words = 255; }},
      {"priority", [](RawFrame& f) { f.priority = kPriorityLevels; }},
      {"too many descriptors", [](RawFrame& f) { f.fd_count = kFdsMax + 1; }},
      {"descriptors than it says", [](RawFrame& f) { f.fd_count = 1; }},
      {"status code", [](RawFrame& f) { f.code = 17; }},
      {"extension", [](RawFrame& f) { f.extension = std::string("\1\0\xff\xff....", 8); }},
      {"extension", [](RawFrame& f) { f.extension = std::string("\7\x80\0\0....", 8); }},
      {"sequence 2 after 0", [](RawFrame& f) { f.sequence = 2; }},
      {"sequence 0 after 0", [](RawFrame& f) { f.sequence = 0; }},
      {"acknowledges what was not sent", [](RawFrame& f) { f.ack = 1; }},
      {"acknowledges what was not sent", [](RawFrame& f) { f.ack = 0x7fffffff; }},
      {"grants too much", [](RawFrame& f) { f.grant = 0x7fffffff; }},
  };
  for (const Lie& lie : lies) {
    RawPeer peer = ConnectAndGreet();
    RawFrame frame = Request(epoch(), 1);
    lie.tell(frame);
    peer.Send(frame);
    ExpectCutOff(peer, Reason::kCorrupt, lie.words, std::string(lie.words));
  }
}

TEST_F(RawClientTest, AFrameWhoseRestNeverComesIsCorrupt) {
  RawPeer peer = ConnectAndGreet();
  RawFrame frame = Request(epoch(), 1);
  frame.frame_bytes = 100'000;
  peer.Send(frame);
  ExpectOthersWellBeside(peer);
  peer.Close();
  ASSERT_TRUE(TurnUntil(*node_, [this] { return !gone_.ok(); }));
  EXPECT_EQ(ReasonOf(gone_), Reason::kCorrupt) << gone_;
  EXPECT_NE(gone_.ToString().find("bytes of a frame"), std::string::npos) << gone_;
}

TEST_F(RawClientTest, AFrameBeforeTheHelloIsCorruptAndOneOfAnotherEpochIsStale) {
  {
    RawPeer peer = Connect();
    peer.Send(Request(epoch(), 1));
    ExpectCutOff(peer, Reason::kCorrupt, "before the hello", "request first");
  }
  RawPeer peer = Connect();
  peer.Send(Request(epoch() + 2, 1));
  peer.Send(HelloFrame());
  const std::optional<RawFrame> welcome = peer.AwaitFrame(*node_);
  ASSERT_TRUE(welcome && welcome->Kind() == FrameKind::Welcome);
  ExpectAnswered(peer, 1, "after a stale frame");
  EXPECT_EQ(port_->ledger().stale, 1u);
}

TEST_F(RawClientTest, FramesOfAStaleEpochAreDroppedAndCounted) {
  RawPeer peer = ConnectAndGreet();
  for (const uint64_t stale : {uint64_t{0}, epoch() - 2, epoch() + 2, UINT64_MAX}) {
    RawFrame frame = Request(stale, 1);
    frame.ack = 1000;  // nothing of it is believed
    peer.Send(frame);
  }
  peer.Send(HelloFrame());  // of epoch 0: a second hello is one of them
  ExpectAnswered(peer, 1, "after stale frames");
  EXPECT_EQ(port_->ledger().stale, 5u);
  EXPECT_EQ(port_->ledger().received - bystander_->ledger().sent, 1u);
}

TEST_F(RawClientTest, ASequenceThatRepeatsOrJumpsIsCorrupt) {
  for (const uint32_t next : {1u, 3u, 4u, 0u, 0xffffffffu}) {
    RawPeer peer = ConnectAndGreet();
    ExpectAnswered(peer, 1, "first");
    peer.Send(Request(epoch(), next));
    ExpectCutOff(peer, Reason::kCorrupt, Text("sequence ", next, " after 1"), Text(next));
  }
}

TEST_F(RawClientTest, AnAcknowledgementThatGoesBackChangesNothing) {
  RawPeer peer = ConnectAndGreet();
  ExpectAnswered(peer, 1, "first");
  ExpectAnswered(peer, 2, "second");
  RawFrame ack = Of(FrameKind::Ack, epoch());
  ack.ack = 2;
  peer.Send(ack);
  for (const uint32_t back : {1u, 0u}) {
    ack.ack = back;
    ack.grant = 0;  // nor does a grant that goes back
    peer.Send(ack);
  }
  ExpectAnswered(peer, 3, "third");
  ack.ack = 4;
  peer.Send(ack);
  ExpectCutOff(peer, Reason::kCorrupt, "acknowledges what was not sent", "more than sent");
}

TEST_F(RawClientTest, AClientThatIgnoresItsCreditIsCutOff) {
  PortOptions options;
  options.handlers_max = 1;
  Serve(options);
  RawPeer peer = ConnectAndGreet();
  peer.Send(Request(epoch(), 1, kNever));
  for (uint32_t sequence = 2; sequence <= kWindow; ++sequence)
    peer.Send(Request(epoch(), sequence, kEcho, sequence));
  ASSERT_TRUE(TurnUntil(*node_, [this] { return port_->waiting() == kWindow - 1; }));
  EXPECT_TRUE(gone_.ok()) << "what was granted is taken: " << gone_;
  for (uint32_t i = 1; i <= 100; ++i) peer.Send(Request(epoch(), kWindow + i, kEcho, kWindow + i));
  ExpectCutOff(peer, Reason::kCorrupt, "without credit", "overrun");
  EXPECT_EQ(port_->waiting(), 0u) << "what it sent is dropped with it";
}

TEST_F(RawClientTest, WhatBelongsToNoCallIsDropped) {
  RawPeer peer = ConnectAndGreet();
  uint32_t sequence = 0;
  peer.Send(Of(FrameKind::Cancel, epoch()));
  peer.Send(Of(FrameKind::StreamGrant, epoch()));
  peer.Send(Of(FrameKind::Item, epoch(), ++sequence));
  peer.Send(Of(FrameKind::ItemsEnd, epoch(), ++sequence));
  peer.Send(Of(FrameKind::Reply, epoch(), ++sequence));
  ExpectAnswered(peer, ++sequence, "after frames of no call");
  // Of a call that is no stream.
  peer.Send(Request(epoch(), ++sequence, kNever, 7));
  peer.Send(Of(FrameKind::Item, epoch(), ++sequence));
  peer.Send(Of(FrameKind::ItemsEnd, epoch(), ++sequence));
  peer.Send(Of(FrameKind::StreamGrant, epoch()));
  ExpectAnswered(peer, ++sequence, "after items for a call without a stream");
  peer.Send(Of(FrameKind::Cancel, epoch()));
  peer.Send(Of(FrameKind::Cancel, epoch()));
  ExpectAnswered(peer, ++sequence, "after two cancels");
}

TEST_F(RawClientTest, AStreamThatEndsTwiceCountsWhatCameBeforeItsEnd) {
  RawPeer peer = ConnectAndGreet();
  RawFrame open = Request(epoch(), 1, kDrain);
  open.flags = 1;
  peer.Send(open);
  peer.Send(Of(FrameKind::Item, epoch(), 2));
  peer.Send(Of(FrameKind::ItemsEnd, epoch(), 3));
  peer.Send(Of(FrameKind::Item, epoch(), 4));
  peer.Send(Of(FrameKind::ItemsEnd, epoch(), 5));
  std::optional<RawFrame> reply;
  do reply = peer.AwaitFrame(*node_);
  while (reply && reply->Kind() != FrameKind::Reply);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->payload, "1");
  ExpectAnswered(peer, 6, "after the stream");
}

TEST_F(RawClientTest, TwoRequestsOfOneCallIdAreTwoCalls) {
  RawPeer peer = ConnectAndGreet();
  peer.Send(Request(epoch(), 1, kNever, 7));
  peer.Send(Request(epoch(), 2, kNever, 7));
  ASSERT_TRUE(TurnUntil(*node_, [this] { return port_->calls_under_way() == 2; }));
  ExpectAnswered(peer, 3, "beside them");
  peer.Close();
  ASSERT_TRUE(TurnUntil(*node_, [this] { return port_->clients() == 1; }));
}

TEST_F(RawClientTest, AHeldCallIsToldOfItsCancelOnce) {
  RawPeer peer = ConnectAndGreet();
  peer.Send(Request(epoch(), 1, kHeld, 7));
  peer.Send(Of(FrameKind::Cancel, epoch(), 0, 7));
  peer.Send(Of(FrameKind::Cancel, epoch(), 0, 7));
  ASSERT_TRUE(TurnUntil(*node_, [this] { return told_ == 1; }));
  ExpectAnswered(peer, 2, "after it");
  EXPECT_EQ(told_, 1);
  EXPECT_EQ(port_->calls_under_way(), 0u);
}

TEST_F(RawClientTest, AHeldCallThatEndsBeforeItIsToldOfItsCancelIsNotTold) {
  RawPeer peer = ConnectAndGreet();
  peer.Send(Request(epoch(), 1, kHeld, 7));
  ASSERT_TRUE(TurnUntil(*node_, [this] { return held_ != nullptr; }));
  // It is answered between its cancellation and the turn that tells of it.
  port_->OnClientGone([this](const std::string&, const absl::Status& why) {
    gone_ = why;
    EXPECT_TRUE(held_->cancelled());
    held_->Reply(Bytes("too late")).IgnoreError();
  });
  peer.Close();
  ASSERT_TRUE(TurnUntil(*node_, [this] { return !gone_.ok(); }));
  port_->OnClientGone(nullptr);
  for (int i = 0; i < 10; ++i) node_->Turn(Node::kDoNotSleep);
  EXPECT_EQ(told_, 0);
  EXPECT_EQ(port_->calls_under_way(), 0u);
}

TEST_F(RawClientTest, APortThatGoesTakesTheCancelsOfItsCallsWithIt) {
  RawPeer peer = ConnectAndGreet();
  peer.Send(Request(epoch(), 1, kHeld, 7));
  ASSERT_TRUE(TurnUntil(*node_, [this] { return held_ != nullptr; }));
  bystander_.reset();
  port_.reset();
  for (int i = 0; i < 10; ++i) node_->Turn(Node::kDoNotSleep);
  EXPECT_EQ(told_, 0);
}

TEST_F(RawClientTest, WhatOnlyAServiceSaysIsCorrupt) {
  for (const FrameKind kind : {FrameKind::Welcome, FrameKind::Refuse, FrameKind::Closed}) {
    RawPeer peer = ConnectAndGreet();
    peer.Send(Of(kind, epoch()));
    ExpectCutOff(peer, Reason::kCorrupt, "does not belong here", Text(static_cast<int>(kind)));
  }
}

TEST_F(RawClientTest, ACloseIsAnsweredOnceAndCallsMayStillCome) {
  RawPeer peer = ConnectAndGreet();
  ExpectAnswered(peer, 1, "before");
  peer.Send(Of(FrameKind::Close, epoch()));
  peer.Send(Of(FrameKind::Close, epoch()));
  const std::optional<RawFrame> closed = peer.AwaitFrame(*node_);
  ASSERT_TRUE(closed && closed->Kind() == FrameKind::Closed);
  ExpectAnswered(peer, 2, "after");
  ExpectOthersWellBeside(peer);
}

TEST_F(RawClientTest, DescriptorsThatWereNotAgreedOnAreNotKept) {
  const auto descriptors = [] {
    size_t count = 0;
    DIR* directory = opendir("/proc/self/fd");
    while (readdir(directory) != nullptr) ++count;
    closedir(directory);
    return count;
  };
  RawPeer peer = ConnectAndGreet();
  ExpectAnswered(peer, 1, "first");
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const size_t before = descriptors();
  for (uint32_t sequence = 2; sequence < 10; ++sequence) {
    peer.SendWithDescriptor(Request(epoch(), sequence).ToBytes(), fd);
  }
  ExpectAnswered(peer, 10, "after descriptors");
  EXPECT_EQ(descriptors(), before);
  close(fd);
}

TEST_F(RawClientTest, APortThatClosesDoesNotWaitForWhoNeverSaidHello) {
  RawPeer silent = Connect();
  ASSERT_TRUE(TurnUntil(*node_, [this] { return port_->clients() == 2; }));
  bystander_->Close(1'000'000);
  // Its hello is due in 2 s; a close that waited for it would see its session end for that reason.
  const std::vector<Receipt> receipts = port_->Close(60'000'000);
  EXPECT_LE(receipts.size(), 1u) << "no receipt for who was no client";
  EXPECT_EQ(gone_.ToString().find("no hello"), std::string::npos) << gone_;
}

}  // namespace
}  // namespace jackfield
