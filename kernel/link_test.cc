// The two queues and the memory of a link, with a driver that does nothing by itself.
#include "kernel/link.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>

#include "gtest/gtest.h"
#include "kernel/node.h"
#include "kernel/payload.h"
#include "kernel/registry.h"

namespace jackfield {
namespace {

class IdleDriver final : public LinkDriver {
 public:
  void Pump(Link&) override {}
  void Close(Link& link) override { link.Closed(absl::OkStatus()); }
};

// Gives the memory for frames, of which it has none.
class FullDriver final : public LinkDriver {
 public:
  explicit FullDriver(int& pumps) : pumps_(pumps) {}
  void Pump(Link&) override { ++pumps_; }
  void Close(Link& link) override { link.Closed(absl::OkStatus()); }

 private:
  int& pumps_;
};

class LinkTest : public testing::Test {
 protected:
  LinkTest()
      : node_(Node::Create({.registry = &registry_, .wait = NodeOptions::Wait::kEpoll}).value()) {
    LinkTraits traits;
    traits.caps.fds = true;
    traits.caps.frame_bytes_max = kFrameBytesMaxDefault;
    link_ = std::make_unique<Link>(*node_, std::make_unique<IdleDriver>(), traits);
  }
  bool Put(uint32_t number, uint32_t bytes = 64) {
    std::byte* claim = link_->Claim(bytes);
    if (claim == nullptr) return false;
    std::memset(claim, 0, bytes);
    std::memcpy(claim, &number, 4);
    link_->Commit(claim, bytes);
    EXPECT_EQ(link_->CheckInvariants(), absl::OkStatus());
    return true;
  }
  uint32_t Take() {
    uint32_t number;
    std::memcpy(&number, link_->NextTx().data, 4);
    link_->PopTx(1);
    EXPECT_EQ(link_->CheckInvariants(), absl::OkStatus());
    return number;
  }

  Registry registry_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Link> link_;
};

TEST_F(LinkTest, FramesLeaveInTheOrderOfCommit) {
  uint32_t in = 0, out = 0, random = 7;
  for (int i = 0; i < 20'000; ++i) {
    random = random * 1664525 + 1013904223;
    if ((random >> 16) % 3 != 0 && Put(in, 48 + (random >> 8) % 5000)) {
      ++in;
    } else if (link_->has_tx()) {
      ASSERT_EQ(Take(), out++);
    }
  }
  while (link_->has_tx()) ASSERT_EQ(Take(), out++);
  EXPECT_EQ(in, out);
}

TEST_F(LinkTest, PushesBackAtItsDepthAndAtItsBytes) {
  uint32_t frames = 0;
  while (Put(frames)) ++frames;
  EXPECT_EQ(frames, Link::kDepthFrames);
  while (link_->has_tx()) Take();
  uint32_t bytes = 0;
  while (Put(0, 60'000)) bytes += 60'000;
  EXPECT_GE(bytes, Link::kTxBytesMax - 2 * 60'000);
  EXPECT_LE(bytes, Link::kTxBytesMax + 60'000);
  Take();
}

TEST_F(LinkTest, OneFrameMayExceedTheBytes) {
  EXPECT_TRUE(Put(1, 8 << 20));
  EXPECT_FALSE(Put(2, 10 << 20)) << "but not two";
  EXPECT_EQ(Take(), 1u);
  EXPECT_TRUE(Put(2, 10 << 20));
}

TEST_F(LinkTest, OnlyOneClaimIsOpen) {
  ASSERT_NE(link_->Claim(100), nullptr);
  EXPECT_EQ(link_->Claim(100), nullptr);
  link_->Abandon();
  EXPECT_NE(link_->Claim(100), nullptr);
  link_->Abandon();
}

TEST_F(LinkTest, AClaimThatGrowsKeepsItsFrontAndItsBack) {
  for (const uint32_t larger : {300u, 5000u, 100'000u, 900'000u}) {
    ASSERT_TRUE(Put(7));  // so that the block is not at its beginning
    std::byte* claim = link_->Claim(256);
    ASSERT_NE(claim, nullptr);
    std::memcpy(claim, "front---", 8);
    std::memcpy(claim + 248, "----back", 8);
    claim = link_->GrowClaim(larger, 8, 8);
    ASSERT_NE(claim, nullptr);
    EXPECT_EQ(std::memcmp(claim, "front---", 8), 0);
    EXPECT_EQ(std::memcmp(claim + Align8(larger) - 8, "----back", 8), 0);
    link_->Commit(claim, larger);
    while (link_->has_tx()) link_->PopTx(1);
  }
}

TEST_F(LinkTest, RestGivesAllMemoryBack) {
  ASSERT_TRUE(Put(1));
  EXPECT_GT(node_->blocks().bytes_in_use(), 0u);
  Take();
  link_->Rest();
  EXPECT_EQ(node_->blocks().bytes_in_use(), 0u);
}

TEST_F(LinkTest, ABuildGrowsAndOneThatFitsAfterAllIsMovedIn) {
  for (const uint32_t limit : {256u, 600u, 700u, 1000u, 4096u}) {
    for (uint32_t text = 0; text < limit + 100; text += 13) {
      Build build([&](flatbuffers::FlatBufferBuilder& fbb) {
        fbb.Finish(
            flatbuffers::Offset<flatbuffers::String>(fbb.CreateString(std::string(text, 'x'))));
      });
      FrameSpace space(link_.get(), nullptr, kHeaderBytes, limit);
      std::span<std::byte> written;
      if (build.Write(space, &written)) {
        EXPECT_LE(written.size() + kHeaderBytes, limit);
        EXPECT_EQ(flatbuffers::GetRoot<flatbuffers::String>(written.data())->size(), text);
        link_->Commit(written.data() - kHeaderBytes,
                      static_cast<uint32_t>(written.size()) + kHeaderBytes);
        link_->PopTx(1);
      } else {
        EXPECT_TRUE(space.too_large());
        EXPECT_GT(text + 16 + 8 + kHeaderBytes, limit) << "refused though it fits";
        link_->Abandon();
      }
    }
  }
}

// Its driver may have received something then, and has told its peer that it is awake: a node that
// slept now would not be woken for it.
TEST_F(LinkTest, ARestingLinkThatIsPumpedForAClaimIsPumpedAgainBeforeTheNodeSleeps) {
  auto node = Node::Create({.registry = &registry_, .spin_ns = 0}).value();
  int pumps = 0;
  LinkTraits traits;
  traits.caps.frame_bytes_max = kFrameBytesMaxDefault;
  traits.provides_tx = true;
  Link& link = Link::Add(*node, std::make_unique<FullDriver>(pumps), traits, nullptr);
  node->Turn(node->clock().NowNs() + 1'000'000);  // it rests
  const int at_rest = pumps;
  node->Turn(Node::kDoNotSleep);
  ASSERT_EQ(pumps, at_rest);
  EXPECT_EQ(link.Claim(64), nullptr);
  EXPECT_EQ(pumps, at_rest + 1);
  node->Turn(Node::kDoNotSleep);
  EXPECT_GT(pumps, at_rest + 1);
}

// Has an operation under way, which ends some time after Close.
class SlowDriver final : public LinkDriver {
 public:
  explicit SlowDriver(bool& under_way) : under_way_(under_way) {}
  ~SlowDriver() override { EXPECT_FALSE(under_way_) << "destroyed under its operation"; }
  void Pump(Link& link) override {
    if (closing_) {
      under_way_ = false;
      return link.Closed(absl::OkStatus());
    }
    if (under_way_) return;
    under_way_ = true;
    for (uint32_t i = 0; i <= FrameQueue::kOwnFrames; ++i) link.PushRx({frame_, 64});
  }
  void Close(Link& link) override {
    closing_ = true;
    link.Wake();
  }

 private:
  bool& under_way_;
  bool closing_ = false;
  alignas(8) std::byte frame_[64] = {};
};

class EndOwner final : public LinkOwner {
 public:
  void OnFrames(Link& link) override {
    for (; link.has_rx(); link.PopRx()) ++frames;
  }
  void OnRoom(Link&) override {}
  void OnLost(Link&, uint64_t) override {}
  void OnClosed(Link&, const absl::Status& status) override { why = status; }
  int frames = 0;
  absl::Status why;
};

TEST_F(LinkTest, ALinkThatGetsNoMemoryForItsQueueClosesItsDriverFirst) {
  auto node = Node::Create({.registry = &registry_, .memory_bytes_max = 1 << 20}).value();
  std::vector<Block> all;
  for (const uint32_t bytes : {16u << 10, 512u}) {
    while (Block block = node->blocks().Get(bytes)) all.push_back(std::move(block));
  }
  bool under_way = false;
  EndOwner owner;
  Link& link = Link::Add(*node, std::make_unique<SlowDriver>(under_way), {}, &owner);
  for (int i = 0; i < 5; ++i) node->Turn(Node::kDoNotSleep);
  EXPECT_FALSE(under_way);
  EXPECT_EQ(owner.frames, int{FrameQueue::kOwnFrames}) << "what needs no memory";
  EXPECT_EQ(owner.why.code(), absl::StatusCode::kResourceExhausted) << owner.why;
  node->Remove(link);
  node->Turn(Node::kDoNotSleep);
  all.clear();
}

TEST_F(LinkTest, AQueueThatGrewKeepsItsFramesInOrderAndGivesItsBlockBackAtRest) {
  link_->Rest();
  const uint64_t at_rest = node_->blocks().bytes_in_use();
  uint32_t put = 0, taken = 0;
  for (; put < 3; ++put) ASSERT_TRUE(Put(put));
  for (; taken < 3; ++taken) ASSERT_EQ(Take(), taken);
  // The oldest does not lie in the first place when the queue grows.
  for (; put < 3 + 4 * FrameQueue::kOwnFrames; ++put) ASSERT_TRUE(Put(put));
  while (taken < put) ASSERT_EQ(Take(), taken++);
  EXPECT_FALSE(link_->has_tx());
  link_->Rest();
  EXPECT_EQ(node_->blocks().bytes_in_use(), at_rest);
  ASSERT_TRUE(Put(put));
  EXPECT_EQ(Take(), put);
}

TEST_F(LinkTest, DescriptorsOfAFrameThatWasDroppedAreClosed) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::byte frame[64] = {};
  const int copies[] = {dup(ends[1]), dup(ends[1])};
  for (const int& copy : copies) {
    link_->PushRxFds(&copy, 1);
    link_->PushRx({frame, 64});
  }
  link_->PopRx();  // nobody took them from it
  int taken = -1;
  ASSERT_TRUE(link_->TakeFds(&taken, 1));
  EXPECT_EQ(taken, copies[1]);
  EXPECT_EQ(fcntl(copies[0], F_GETFD), -1);
  for (const int fd : {taken, ends[0], ends[1]}) close(fd);
}

TEST_F(LinkTest, WithoutMemoryThereIsNoRoomAndNoHarm) {
  std::vector<Block> all;
  for (;;) {
    Block block = node_->blocks().Get(16 << 20);
    if (!block) break;
    all.push_back(std::move(block));
  }
  for (;;) {
    Block block = node_->blocks().Get(512);
    if (!block) break;
    all.push_back(std::move(block));
  }
  EXPECT_FALSE(Put(1));
  all.clear();
  EXPECT_TRUE(Put(2));
  EXPECT_EQ(Take(), 2u);
}

}  // namespace
}  // namespace jackfield
