// FAULTS D3, D5, D6, D8, D9, D16, D22: a client made by hand sends frames as no client of ours
// does. Each lie ends its own session with a sentence that names it, or is dropped and counted; the
// port goes on serving another client.
#include "tests/faults/raw_client.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <optional>
#include <string>

namespace jackfield {
namespace {

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
  for (uint32_t sequence = 2; sequence <= kRawWindow; ++sequence)
    peer.Send(Request(epoch(), sequence, kEcho, sequence));
  ASSERT_TRUE(TurnUntil(*node_, [this] { return port_->waiting() == kRawWindow - 1; }));
  EXPECT_TRUE(gone_.ok()) << "what was granted is taken: " << gone_;
  for (uint32_t i = 1; i <= 100; ++i)
    peer.Send(Request(epoch(), kRawWindow + i, kEcho, kRawWindow + i));
  ExpectCutOff(peer, Reason::kCorrupt, "without credit", "overrun");
  EXPECT_EQ(port_->waiting(), 0u) << "what it sent is dropped with it";
}

TEST_F(RawClientTest, WhatOnlyAServiceSaysIsCorrupt) {
  for (const FrameKind kind : {FrameKind::Welcome, FrameKind::Refuse, FrameKind::Closed}) {
    RawPeer peer = ConnectAndGreet();
    peer.Send(Of(kind, epoch()));
    ExpectCutOff(peer, Reason::kCorrupt, "does not belong here", Text(static_cast<int>(kind)));
  }
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

}  // namespace
}  // namespace jackfield
