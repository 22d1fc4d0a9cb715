// FAULTS D9, G4: a client made by hand talks of calls as no client of ours does. What belongs to no
// call is dropped, what ends twice ends once, and the port goes on serving another client.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/faults/raw_client.h"

namespace jackfield {
namespace {

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
  constexpr uint32_t kOfTwo = 1234;
  std::vector<ServerCall*> held;
  int told = 0;
  port_->Handle(kOfTwo, [&](ServerCall& call) {
    call.Hold();
    held.push_back(&call);
    // Whichever is told first answers both, so that the other has ended when its turn comes.
    call.OnCancel([&] {
      ++told;
      for (ServerCall* each : std::exchange(held, {})) {
        EXPECT_TRUE(each->cancelled());
        each->Reply(Bytes("too late")).IgnoreError();
      }
    });
  });
  RawPeer peer = ConnectAndGreet();
  peer.Send(Request(epoch(), 1, kOfTwo, 7));
  peer.Send(Request(epoch(), 2, kOfTwo, 8));
  ASSERT_TRUE(TurnUntil(*node_, [&] { return held.size() == 2; }));
  peer.Close();
  ASSERT_TRUE(TurnUntil(*node_, [&] { return !gone_.ok(); }));
  for (int i = 0; i < 10; ++i) node_->Turn(Node::kDoNotSleep);
  EXPECT_EQ(told, 1);
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

}  // namespace
}  // namespace jackfield
