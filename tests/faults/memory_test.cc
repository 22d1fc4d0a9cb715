// FAULTS B6, D5: clients made by hand take what they can of a service's message memory, and ours,
// beside them, is served all the same. What is refused is refused with the limit and what helps.
#include <memory>
#include <string>
#include <vector>

#include "schemas/control_generated.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/raw_client.h"

namespace jackfield {
namespace {

constexpr uint32_t kMiB = 1 << 20;
constexpr int kPeers = 100;

// A request that says it has so many bytes, and the first of them.
std::string BegunRequest(uint64_t epoch, uint32_t sequence, uint32_t frame_bytes,
                         size_t bytes = 0) {
  RawFrame request = Request(epoch, sequence);
  request.frame_bytes = frame_bytes;
  request.payload.assign(bytes, 'x');
  return request.ToBytes();
}

class MemoryTest : public RawClientTest {
 protected:
  void ServeWith(uint64_t bytes) {
    memory_bytes_max_ = bytes;
    Serve({});
  }
  // Who is in goes on, and who comes gets in.
  void ExpectHonestWell(int calls) {
    for (int i = 0; i < calls; ++i) {
      const absl::StatusOr<Message> reply = bystander_->Call(kEcho, Bytes("well")).Wait();
      ASSERT_TRUE(reply.ok()) << i << ": " << reply.status();
      EXPECT_EQ(reply->text(), "well");
    }
    const auto newcomer = Channel::Open(*node_, port_->addresses()[0]).value();
    const absl::StatusOr<Message> reply = newcomer->Call(kEcho, Bytes("new")).Wait();
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->text(), "new");
  }
};

TEST_F(MemoryTest, ClaimsOfAHundredPeersTakeNothing) {
  std::vector<RawPeer> peers;
  for (int i = 0; i < kPeers; ++i) {
    peers.push_back(ConnectAndGreet());
    peers.back().Send(BegunRequest(epoch(), 1, 16 * kMiB, 8));
  }
  ExpectHonestWell(1000);
  EXPECT_LT(node_->blocks().bytes_in_use(), uint64_t{4 * kMiB});
}

TEST_F(MemoryTest, AHundredPeersThatSayNothingAfterTheirHelloTakeNothing) {
  std::vector<RawPeer> peers;
  for (int i = 0; i < kPeers; ++i) peers.push_back(ConnectAndGreet());
  ExpectHonestWell(1000);
  EXPECT_LT(node_->blocks().bytes_in_use(), uint64_t{4 * kMiB});
}

TEST_F(MemoryTest, HalfFramesOfAHundredPeersLeaveRoomForOthersWhereThereIsLittle) {
  ServeWith(12 * kMiB);
  const uint32_t frame_bytes = node_->blocks().budget().frame_bytes_max();
  std::vector<RawPeer> peers;
  for (int i = 0; i < kPeers; ++i) {
    peers.push_back(ConnectAndGreet());
    peers.back().Send(BegunRequest(epoch(), 1, frame_bytes));
  }
  for (int round = 0; round < 20; ++round) {  // as much of each as is taken
    for (RawPeer& peer : peers) peer.Send(std::string(32 << 10, 'x'));
    ExpectHonestWell(10);
  }
  EXPECT_LE(node_->blocks().bytes_in_use(), uint64_t{12 * kMiB});
}

// Half of a frame at once, before anybody asks for something small.
TEST_F(MemoryTest, MoreThanTheBudgetSentAtOnceLeavesWhoIsInItsAnswers) {
  ServeWith(12 * kMiB);
  const auto others =
      Node::Create({.name = "client", .registry = &conformance::TestRegistry()}).value();
  const auto channel = Channel::Open(*others, port_->addresses()[0]).value();
  std::vector<RawPeer> peers;
  for (int i = 0; i < kPeers; ++i) {
    peers.push_back(ConnectAndGreet());
    peers.back().Send(BegunRequest(epoch(), 1, kMiB, 200'000));
    bool answered = false;
    ASSERT_TRUE(channel
                    ->CallAsync(kEcho, Bytes("well"), {},
                                [&](Answer& reply) {
                                  answered = true;
                                  EXPECT_TRUE(reply.ok()) << i << ": " << reply.status();
                                })
                    .ok());
    ASSERT_TRUE(TurnUntil(*node_, [&] {
      others->Turn(Node::kDoNotSleep);
      return answered;
    })) << i;
  }
  ExpectHonestWell(10);
  EXPECT_LE(node_->blocks().bytes_in_use(), uint64_t{12 * kMiB});
}

TEST_F(MemoryTest, RequestsThatAreHeldAreTakenAsFarAsThereIsMemoryAndTheRestLater) {
  ServeWith(2 * kMiB);
  RawPeer peer = ConnectAndGreet();
  for (uint32_t i = 1; i <= kRawWindow; ++i) {
    RawFrame request = Request(epoch(), i, kNever, i);
    request.payload.assign(3000, 'x');
    peer.Send(request);
  }
  ASSERT_TRUE(TurnUntil(*node_, [this] { return port_->calls_under_way() == kRawWindow; }));
  ExpectHonestWell(10);
  EXPECT_TRUE(gone_.ok()) << gone_;
}

TEST_F(MemoryTest, AMessageTooLargeForTheServicesMemoryIsRefusedBeforeItIsSent) {
  ServeWith(12 * kMiB);
  const auto others = Node::Create({.name = "client",
                                    .registry = &conformance::TestRegistry(),
                                    .memory_bytes_max = 256 * kMiB})
                          .value();
  const auto channel = Channel::Open(*others, port_->addresses()[0]).value();
  ASSERT_TRUE(TurnUntil(*node_, [&] {
    others->Turn(Node::kDoNotSleep);
    return channel->open();
  }));
  const std::string large(8 * kMiB, 'x');
  Bytes payload(large);
  const absl::Status status = channel->Call(kEcho, payload).Wait().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_EQ(OutcomeOf(status), Outcome::kRefused) << status;
  EXPECT_NE(status.ToString().find("that server, at "), std::string::npos) << status;
  EXPECT_NE(status.ToString().find("limits = { memory"), std::string::npos) << status;
  ExpectHonestWell(10);
}

TEST_F(MemoryTest, WhoSendsItAllTheSameIsToldWhyItIsCutOff) {
  ServeWith(12 * kMiB);
  RawPeer peer = ConnectAndGreet();
  peer.Send(BegunRequest(epoch(), 1, 8 * kMiB, 8));
  std::optional<RawFrame> frame;
  do frame = peer.AwaitFrame(*node_);
  while (frame && frame->Kind() != FrameKind::Refuse);
  ASSERT_TRUE(frame);
  const auto* words = frame->PayloadAs<wire::Refuse>();
  EXPECT_EQ(static_cast<Reason>(words->reason()), Reason::kResource);
  EXPECT_NE(words->text()->str().find("server holds "), std::string::npos) << words->text()->str();
  ExpectCutOff(peer, Reason::kResource, "limits = { memory", "too large");
}

}  // namespace
}  // namespace jackfield
