// FAULTS D4, D8, F7, G15: a client made by hand says its hello as no client of ours does, late, or
// not at all. It is refused in words, or cut off in time, and the port goes on serving another
// client.
#include <optional>
#include <string>
#include <vector>

#include "schemas/control_generated.h"
#include "tests/faults/raw_client.h"

namespace jackfield {
namespace {

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
  options.session.hello = 20ms;
  Serve(options);
  RawPeer peer = Connect();
  ExpectCutOff(peer, Reason::kUnreachable, "no hello", "silent");
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

TEST_F(RawClientTest, APortThatClosesDoesNotWaitForWhoNeverSaidHello) {
  RawPeer silent = Connect();
  ASSERT_TRUE(TurnUntil(*node_, [this] { return port_->clients() == 2; }));
  bystander_->Close(1s);
  // Its hello is due in 2 s; a close that waited for it would see its session end for that reason.
  const std::vector<Receipt> receipts = port_->Close(60s);
  EXPECT_LE(receipts.size(), 1u) << "no receipt for who was no client";
  EXPECT_EQ(gone_.ToString().find("no hello"), std::string::npos) << gone_;
}

}  // namespace
}  // namespace jackfield
