// Frames that are larger than a ring's records, over the least ring: they arrive whole, in their
// order among the small ones, and whoever sends pieces that make no sense ends the link.
#include "transports/engine/ring/large_frames.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "kernel/base/outcome.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/engine/ring/ring_driver.h"
#include "transports/inproc/inproc.h"

namespace jackfield {
namespace {

constexpr uint64_t kCapacity = 64 << 10;
constexpr uint32_t kRecordBytesMax = RingDriver::RecordBytesMax(kCapacity);
constexpr uint32_t kNote = 1, kEcho = 2;

std::string TextOf(size_t bytes) {
  std::string text(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>(i * 131 + i / 251 + bytes);
  return text;
}

class LargeFramesTest : public testing::Test {
 protected:
  void SetUp() override {
    registry_.Add(MakeInprocTransport());
    node_ = Node::Create({.registry = &registry_}).value();
    port_ = Port::Open(*node_, {"inproc:large?size=64KiB"}).value();
    port_->Handle(kNote, [this](ServerCall& call) { got_.emplace_back(call.message().text()); });
    port_->Handle(kEcho,
                  [](ServerCall& call) { call.Reply(Bytes(call.message().text())).IgnoreError(); });
    port_->OnClientGone([this](const std::string&, const absl::Status& why) { gone_why_ = why; });
    ASSERT_TRUE(port_->WaitServing().ok());
    channel_ = Channel::Open(*node_, "inproc:large?size=64KiB").value();
    ASSERT_TRUE(channel_->WaitOpen().ok());
  }
  std::vector<std::string> got_;
  absl::Status gone_why_;  // the node's end may still tell it
  Registry registry_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Port> port_;
  std::unique_ptr<Channel> channel_;
};

TEST_F(LargeFramesTest, AnswersOfEachSizeAroundTheLimitsAreWhatWasSent) {
  std::vector<size_t> sizes = {0,         1,         65'536,
                               1'000'000, 3'000'000, kFrameBytesMaxDefault - kHeaderBytes};
  // Around a record's limit, that of a piece, and that of two.
  for (size_t around : {kRecordBytesMax, 2 * kRecordBytesMax - 48, 4 * kRecordBytesMax}) {
    for (size_t less = 0; less < 160; less += 7) sizes.push_back(around + 40 - less);
  }
  for (const size_t bytes : sizes) {
    const std::string text = TextOf(bytes);
    const absl::StatusOr<Message> reply = channel_->Call(kEcho, Bytes(text)).Wait();
    ASSERT_TRUE(reply.ok()) << bytes << ": " << reply.status();
    ASSERT_EQ(reply->text().size(), bytes);
    ASSERT_TRUE(reply->text() == text) << bytes;
  }
}

TEST_F(LargeFramesTest, OneByteMoreThanTheMostIsRefusedAndTheChannelLives) {
  const std::string text = TextOf(kFrameBytesMaxDefault - kHeaderBytes + 1);
  const absl::Status refused = channel_->Call(kEcho, Bytes(text)).Wait().status();
  EXPECT_EQ(ReasonOf(refused), Reason::kTooLarge) << refused;
  EXPECT_NE(refused.ToString().find("16777168"), std::string::npos) << refused;
  EXPECT_TRUE(channel_->Call(kEcho, Bytes("small")).Wait().ok());
}

TEST_F(LargeFramesTest, LargeAndSmallOnesKeepTheirOrder) {
  std::vector<std::string> sent;
  for (size_t i = 0; i < 60; ++i) {
    sent.push_back(TextOf(i % 5 == 2 ? 40'000 + i * 1000 : i % 7 == 3 ? 300'000 : i * 10));
    const absl::Status status = channel_->Send(kNote, Bytes(sent.back())).Wait();
    ASSERT_TRUE(status.ok()) << i << ": " << status << ", " << gone_why_;
  }
  ASSERT_TRUE(node_->RunUntil([&] { return got_.size() == sent.size(); },
                              SystemClock().NowNs() + 60'000'000'000));
  EXPECT_TRUE(got_ == sent);
  EXPECT_EQ(channel_->Close(60s).handled, sent.size());
}

TEST_F(LargeFramesTest, TheMemoryOfThoseThatHaveGoneIsGivenBack) {
  const uint64_t before = node_->blocks().bytes_in_use();
  for (int i = 0; i < 5; ++i) {
    const std::string text = TextOf(3'000'000);
    ASSERT_TRUE(channel_->Call(kEcho, Bytes(text)).Wait().ok());
  }
  for (int i = 0; i < 200; ++i) node_->Turn(node_->clock().NowNs() + 10'000);
  EXPECT_LE(node_->blocks().bytes_in_use(), before + (1 << 20));
}

// ---- A link whose other end is the test.

class Quiet final : public RingBell {
 public:
  void Ring() override {}
  bool PeerGone() override { return false; }
};

class PieceTest : public testing::Test, public LinkOwner {
 protected:
  struct Ring {
    LaneWriterWords<> writer;
    LaneReaderWords<> reader;
    alignas(64) std::byte data[kCapacity] = {};
    RingLane lane() { return {&writer, &reader, data}; }
  };
  void SetUp() override {
    node_ = Node::Create({.registry = &registry_}).value();
    LinkTraits traits;
    traits.caps.send = traits.caps.receive = true;
    traits.caps.frame_bytes_max = kFrameBytesMaxDefault;
    traits.provides_tx = true;
    link_ = &Link::Add(*node_,
                       std::make_unique<RingDriver>(out_->lane(), in_->lane(), kCapacity,
                                                    std::make_unique<Quiet>()),
                       traits, this);
  }
  void TearDown() override { node_.reset(); }
  void OnFrames(Link& link) override {
    for (; link.has_rx(); link.PopRx())
      got_.emplace_back(reinterpret_cast<char*>(link.NextRx().data), link.NextRx().bytes);
  }
  void OnRoom(Link&) override {}
  void OnLost(Link&, uint64_t) override {}
  void OnClosed(Link&, const absl::Status& why) override { why_ = why; }

  PieceHeader PieceOf(uint32_t bytes, uint32_t total, uint32_t offset) {
    PieceHeader header;
    header.kind = static_cast<uint8_t>(LargeFrames::kPieceKind);
    header.frame_bytes = bytes + sizeof header;
    header.total_bytes = total;
    header.offset = offset;
    return header;
  }
  void Put(const PieceHeader& header) {
    std::byte* const at = writer_.at();
    std::memset(at, 'x', Align8(header.frame_bytes));
    std::memcpy(at, &header, sizeof header);
    writer_.Append(at, Align8(header.frame_bytes));
    writer_.Publish();
    for (int i = 0; i < 40; ++i) node_->Turn(Node::kDoNotSleep);
  }
  void ExpectCorrupt() {
    EXPECT_EQ(ReasonOf(why_), Reason::kCorrupt) << why_;
    EXPECT_TRUE(got_.empty());
    EXPECT_LE(node_->blocks().bytes_in_use(), 2u << 20) << "what came is dropped";
  }

  Registry registry_;
  std::unique_ptr<Ring> out_ = std::make_unique<Ring>(), in_ = std::make_unique<Ring>();
  LaneWriter<> writer_{in_->writer, in_->reader, in_->data, kCapacity};
  std::unique_ptr<Node> node_;
  Link* link_ = nullptr;
  std::vector<std::string> got_;
  absl::Status why_;
};

TEST_F(PieceTest, PiecesThatContinueEachOtherAreAFrame) {
  Put(PieceOf(1000, 2500, 0));
  Put(PieceOf(1000, 2500, 1000));
  EXPECT_TRUE(got_.empty());
  Put(PieceOf(500, 2500, 2000));
  ASSERT_EQ(got_.size(), 1u) << why_;
  EXPECT_EQ(got_[0], std::string(2500, 'x'));
}

TEST_F(PieceTest, OneThatContinuesNothingIsCorrupt) {
  Put(PieceOf(1000, 2500, 1000));
  ExpectCorrupt();
}

TEST_F(PieceTest, OneThatLeavesAGapIsCorrupt) {
  Put(PieceOf(1000, 5000, 0));
  Put(PieceOf(1000, 5000, 2000));
  ExpectCorrupt();
}

TEST_F(PieceTest, OneOfAFrameThatIsTooLargeIsCorrupt) {
  Put(PieceOf(1000, kFrameBytesMaxDefault + 1, 0));
  ExpectCorrupt();
}

TEST_F(PieceTest, OneThatIsAWholeFrameIsCorrupt) {
  Put(PieceOf(1000, 1000, 0));
  ExpectCorrupt();
}

TEST_F(PieceTest, OneBeyondTheEndOfItsFrameIsCorrupt) {
  Put(PieceOf(1000, 1500, 0));
  Put(PieceOf(1000, 1500, 1000));
  ExpectCorrupt();
}

}  // namespace
}  // namespace jackfield
