// The driver over a socket whose other end is the test's, by a clock that the test moves: what a
// frame takes of memory while it comes, and how long it may take.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "kernel/base/outcome.h"
#include "kernel/base/owned_fd.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/engine/stream/stream_driver.h"

namespace jackfield {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr uint32_t kMiB = 1 << 20;

class StreamMemoryTest : public testing::Test, public LinkOwner {
 protected:
  void SetUp() override { Begin(64 * kMiB); }
  void Begin(uint64_t memory_bytes) {
    TearDown();
    node_ = Node::Create({.registry = &registry_,
                          .spin_ns = 0,
                          .memory_bytes_max = memory_bytes,
                          .clock = &clock_})
                .value();
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    other_ = OwnedFd(ends[1]);
    LinkTraits traits;
    traits.caps.send = traits.caps.receive = traits.caps.reply = true;
    traits.caps.frame_bytes_max = 16 * kMiB;
    traits.description = "a test's";
    link_ =
        &Link::Add(*node_,
                   std::make_unique<StreamDriver>(*node_, StreamEnds{.read_fd = ends[0],
                                                                     .write_fd = ends[0],
                                                                     .socket = true,
                                                                     .frame_bytes_max = 16 * kMiB}),
                   traits, this);
    Write(64, 64);  // the hello, so to say
    TurnSome();
    ASSERT_EQ(got_, std::vector<uint32_t>{64});
    got_.clear();
  }
  void TearDown() override {
    if (node_ != nullptr && !closed_) node_->Remove(*link_);
    node_.reset();
    got_.clear();
    closed_ = false;
    why_ = absl::OkStatus();
  }

  // Two rounds more than a quiet link stays awake for; the clock stands.
  void TurnSome() {
    for (int i = 0; i < 40; ++i) node_->Turn(clock_.NowNs() + 1000);
  }
  void Pass(int64_t ns) {
    clock_.AdvanceToNs(clock_.NowNs() + ns);
    TurnSome();
  }
  // The first `bytes` of a frame of `frame_bytes` that are not written yet.
  void Write(uint32_t frame_bytes, uint32_t bytes) {
    if (at_ == 0) {
      frame_.assign(frame_bytes, std::byte{1});
      frame_[0] = std::byte{kMagic};
      std::memcpy(&frame_[4], &frame_bytes, sizeof frame_bytes);
    }
    for (const uint32_t end = at_ + bytes; at_ < end;) {
      const ssize_t sent = send(other_.get(), frame_.data() + at_, end - at_, MSG_NOSIGNAL);
      if (sent > 0) at_ += static_cast<uint32_t>(sent);
      node_->Turn(clock_.NowNs() + 1000);
      ASSERT_FALSE(closed_) << why_;
    }
    if (at_ == frame_.size()) at_ = 0;
    TurnSome();
  }

  // The first 64 bytes of a frame of that size, whatever becomes of them.
  void SendRaw(uint32_t frame_bytes) {
    std::byte bytes[64] = {std::byte{kMagic}};
    std::memcpy(&bytes[4], &frame_bytes, sizeof frame_bytes);
    ASSERT_EQ(send(other_.get(), bytes, sizeof bytes, 0), 64);
    TurnSome();
  }

  // All the memory there is, and what the link has in hand.
  std::vector<Block> TakeAll() {
    link_->memory().Rest();
    std::vector<Block> all;
    for (const uint32_t bytes : {1u << 20, 4u << 10, 512u}) {
      while (Block block = node_->blocks().Get(bytes)) all.push_back(std::move(block));
    }
    return all;
  }

  void OnFrames(Link& link) override {
    for (; link.has_rx() && takes_; link.PopRx()) got_.push_back(link.NextRx().bytes);
  }
  void OnRoom(Link&) override {}
  void OnLost(Link&, uint64_t) override {}
  void OnFailing(Link&, const absl::Status& why) override { told_ = why; }
  void OnClosed(Link&, const absl::Status& why) override { closed_ = true, why_ = why; }

  Registry registry_;
  ManualClock clock_;
  std::unique_ptr<Node> node_;
  OwnedFd other_;
  Link* link_ = nullptr;
  std::vector<std::byte> frame_;
  uint32_t at_ = 0;
  std::vector<uint32_t> got_;
  bool takes_ = true, closed_ = false;
  absl::Status told_, why_;
};

// ---- Memory.

TEST_F(StreamMemoryTest, AClaimCostsNothingUntilItsBytesCome) {
  Write(16 * kMiB, 8);
  EXPECT_LE(node_->blocks().bytes_in_use(), 4096u);
  Write(16 * kMiB, 100'000);
  EXPECT_LE(node_->blocks().bytes_in_use(), 256u << 10);
  Write(16 * kMiB, 3 * kMiB);
  EXPECT_LE(node_->blocks().bytes_in_use(), 5u << 20);
}

TEST_F(StreamMemoryTest, AFrameOfTheLargestSizeComesWholeAndItsMemoryGoesBack) {
  for (int i = 0; i < 2; ++i) {  // grown, and then believed
    Write(16 * kMiB, 16 * kMiB);
    ASSERT_EQ(got_, std::vector<uint32_t>(static_cast<size_t>(i) + 1, 16 * kMiB)) << why_;
  }
  EXPECT_EQ(node_->blocks().bytes_in_use(), 0u);
}

TEST_F(StreamMemoryTest, FramesOfEverySizeComeWhole) {
  std::vector<uint32_t> sent;
  for (const uint32_t bytes : {48u, 4096u, 16'384u, 16'392u, 65'536u, 65'544u, 262'144u, 300'000u,
                               1'048'576u, 5'000'000u, 64u, 20'000u}) {
    for (const uint32_t first : {8u, bytes / 2 / 8 * 8}) {  // and it rests in the middle
      Write(bytes, first);
      if (at_ != 0) Write(bytes, bytes - first);
      sent.push_back(bytes);
    }
  }
  EXPECT_EQ(got_, sent);
}

TEST_F(StreamMemoryTest, AFrameThatCanNeverFitIsCutWithTheLimitAndTheOwnerMayTellItsPeer) {
  Begin(12 * kMiB);
  ASSERT_LT(link_->memory().frame_bytes_max(), 8 * kMiB);
  SendRaw(8 * kMiB);
  EXPECT_TRUE(closed_);
  EXPECT_EQ(ReasonOf(why_), Reason::kResource) << why_;
  EXPECT_EQ(told_, why_);
  EXPECT_NE(why_.ToString().find("limits = { memory"), std::string::npos) << why_;
}

TEST_F(StreamMemoryTest, WithoutMemoryWhatHasComeWaitsAndNothingSpins) {
  std::vector<Block> all = TakeAll();
  SendRaw(64);
  EXPECT_TRUE(got_.empty());
  EXPECT_TRUE(link_->awaits_memory());
  int busy = 0;
  for (int i = 0; i < 100; ++i) busy += node_->Turn(clock_.NowNs() + 1000);
  EXPECT_EQ(busy, 0);
  all.clear();
  TurnSome();
  EXPECT_EQ(got_, std::vector<uint32_t>{64});
}

TEST_F(StreamMemoryTest, WithoutMemoryForLongTheLinkFailsAndSaysWhoHasIt) {
  std::vector<Block> all = TakeAll();
  SendRaw(64);
  Pass(Link::kMemoryWaitNs - 1);
  EXPECT_FALSE(closed_) << why_;
  Pass(2);
  EXPECT_TRUE(closed_);
  EXPECT_EQ(ReasonOf(why_), Reason::kResource) << why_;
  EXPECT_NE(why_.ToString().find("message memory"), std::string::npos) << why_;
}

// ---- Pace.

TEST_F(StreamMemoryTest, ABegunFrameWhoseRestDoesNotComeIsCutAndTheOwnerMayTellItsPeer) {
  Write(100'000, 1000);
  for (int i = 0; i < 5; ++i) Pass(kSecondNs);
  EXPECT_FALSE(closed_) << why_;
  Pass(kSecondNs);
  EXPECT_TRUE(closed_);
  EXPECT_EQ(ReasonOf(why_), Reason::kDeadline) << why_;
  EXPECT_EQ(told_, why_);
  EXPECT_NE(why_.ToString().find("1000 bytes of a frame have come"), std::string::npos) << why_;
}

TEST_F(StreamMemoryTest, OneThatComesMoreSlowlyThanTheLeastRateIsCut) {
  Write(100'000, 1000);
  int seconds = 0;
  for (; seconds < 60 && !closed_; ++seconds) {
    const std::byte some[16] = {};
    send(other_.get(), some, sizeof some, MSG_NOSIGNAL);
    Pass(kSecondNs);
  }
  EXPECT_LT(seconds, 10);
  EXPECT_EQ(ReasonOf(why_), Reason::kDeadline) << why_;
}

TEST_F(StreamMemoryTest, OneThatComesAtTheLeastRateComesWhole) {
  Write(100'000, 1000);
  for (int i = 0; at_ != 0; ++i) {
    Pass(kSecondNs);
    ASSERT_FALSE(closed_) << why_ << " after " << i;
    Write(100'000, std::min<uint32_t>(StreamDriver::kFrameBytesPerSecondMin, 100'000 - at_));
  }
  EXPECT_EQ(got_, std::vector<uint32_t>{100'000});
}

TEST_F(StreamMemoryTest, AProcessThatWasStoppedDoesNotBlameItsPeer) {
  Write(100'000, 1000);
  for (int i = 0; i < 4; ++i) Pass(600 * kSecondNs);  // each: stopped, and went on
  EXPECT_FALSE(closed_) << why_;
  Write(100'000, 99'000);
  EXPECT_EQ(got_, std::vector<uint32_t>{100'000});
}

TEST_F(StreamMemoryTest, WhatIsNotTakenHereIsNotThePeersFault) {
  takes_ = false;
  Write(64, 64);
  Write(100'000, 1000);
  for (int i = 0; i < 100; ++i) Pass(kSecondNs);
  EXPECT_FALSE(closed_) << why_;
  takes_ = true;
  link_->Wake();
  TurnSome();
  Write(100'000, 99'000);
  EXPECT_EQ(got_, (std::vector<uint32_t>{64, 100'000}));
}

TEST_F(StreamMemoryTest, WhatIsNotTakenHereLetsTheNodeSleep) {
  takes_ = false;
  Write(64, 64);
  int busy = 0;
  for (int i = 0; i < 100; ++i) busy += node_->Turn(clock_.NowNs() + 1000);
  EXPECT_EQ(busy, 0);
}

TEST_F(StreamMemoryTest, BetweenFramesSilenceMayLastForEver) {
  for (int i = 0; i < 100; ++i) Pass(kSecondNs);
  EXPECT_FALSE(closed_) << why_;
}

}  // namespace
}  // namespace jackfield
