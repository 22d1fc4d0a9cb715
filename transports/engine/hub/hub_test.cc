// The hub over a medium made by hand, where a wait must be prepared anew after each look: so that
// it shows when nobody has seen to it.
#include "transports/engine/hub/hub.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/engine/hub/hub_batch.h"

namespace jackfield {
namespace {

// What the test sees and sets, beyond the life of the medium.
struct World {
  std::deque<uint8_t> greetings;  // of clients, by their keys
  bool greetings_are_frames = false;
  bool prepared = false;  // an arrival would be noticed
  int fd = -1;            // writing to it wakes who waits
  int looks = 0;
  int broken = 0;  // the error of every look, once the greetings are taken
  bool goodbyes_have_room = true;
  bool buffers =
      false;  // has read the greetings that are there: the descriptor does not tell of them
};
constexpr uint8_t kStray = 0;  // among the greetings: a frame of nobody

class HandMedium final : public HubMedium {
 public:
  explicit HandMedium(World& world) : world_(world), fd_(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)) {
    world.fd = fd_;
  }
  ~HandMedium() override { close(fd_); }

  uint32_t arrival_bytes_max() const override { return 64; }
  int readable_fd() const override { return fd_; }
  bool PrepareWait() override {
    return world_.prepared = !world_.buffers || world_.greetings.empty();
  }
  int Receive(HubBatch& batch) override {
    world_.prepared = false;
    ++world_.looks;
    uint64_t count;
    while (read(fd_, &count, sizeof count) > 0) {
    }
    if (world_.greetings.empty()) return -world_.broken;
    HubArrival& arrival = batch.Begin(0);
    arrival.what =
        world_.greetings.front() == kStray ? HubArrival::What::kFrame : HubArrival::What::kOpens;
    arrival.opens_with_frame = world_.greetings_are_frames;
    arrival.bytes = 64;
    arrival.from.Append(&world_.greetings.front(), 1);
    world_.greetings.pop_front();
    return 1;
  }
  absl::StatusOr<HubAdmission> Admit(HubArrival& arrival) override {
    LinkTraits traits;
    traits.caps.frame_bytes_max = 64;
    return HubAdmission{arrival.from, std::make_unique<HubPeer>(), traits};
  }
  void RefuseAdmission(HubArrival&, std::string_view) override {}
  int Send(HubPeer&, Link&) override { return 0; }
  bool SayGoodbye(HubPeer&) override { return world_.goodbyes_have_room; }

 private:
  World& world_;
  const int fd_;
};

class HubTest : public testing::Test, public LinkSink, public LinkOwner {
 protected:
  HubTest() { Serve({}); }
  void Serve(HubLimits limits) {
    opening_ =
        MakeHubServer(*node_, *this, std::make_unique<HandMedium>(world_), limits, Address());
  }
  ~HubTest() override {
    for (Link* link : links_) node_->Remove(*link);
    opening_.reset();
  }
  void OnServing(const Address&) override {}
  void OnLink(std::unique_ptr<LinkDriver> driver, LinkTraits traits) override {
    links_.push_back(&Link::Add(*node_, std::move(driver), std::move(traits), this));
  }
  void OnOpenFailed(absl::Status status) override { failed_ = std::move(status); }
  void OnFrames(Link& link) override {
    for (; takes_ && link.has_rx(); link.PopRx()) ++taken_;
  }
  void OnRoom(Link&) override {}
  void OnLost(Link&, uint64_t) override {}
  void OnClosed(Link& link, const absl::Status&) override { closed_.push_back(&link); }
  void Notify() { EXPECT_EQ(eventfd_write(world_.fd, 1), 0); }
  void Hear(uint8_t key) {
    world_.greetings.push_back(key);
    Notify();
    Rest();
  }
  // Long enough for everything that has nothing to do to rest.
  void Rest() {
    for (int i = 0; i < 200; ++i) node_->Turn(node_->clock().NowNs() + 10'000);
  }

  World world_;
  Registry registry_;
  const std::unique_ptr<Node> node_ =
      Node::Create({.registry = &registry_, .wait = NodeOptions::Wait::kEpoll, .spin_ns = 0})
          .value();
  std::unique_ptr<Opening> opening_;
  std::vector<Link*> links_, closed_;
  absl::Status failed_;
  bool takes_ = true;
  int taken_ = 0;
};

// It took back what the wait had been told, and went before it rested, which would have prepared
// the wait again; the other one rested all the time.
TEST_F(HubTest, APeerThatLooksAndGoesLeavesSomebodyWhoListensForTheOthers) {
  world_.greetings = {1, 2};
  for (int i = 0; i < 10 && links_.size() < 2; ++i) node_->Turn(Node::kDoNotSleep);
  ASSERT_EQ(links_.size(), 2u);
  Rest();
  ASSERT_TRUE(world_.prepared);
  links_[1]->Wake();
  node_->Turn(Node::kDoNotSleep);
  ASSERT_FALSE(world_.prepared) << "it has looked";
  node_->Remove(*links_[1]);
  links_.pop_back();
  for (int i = 0; i < 10; ++i) node_->Turn(Node::kDoNotSleep);
  EXPECT_TRUE(world_.prepared);
}

TEST_F(HubTest, OneThatRestsAgainHoldsNoMemoryThoughItLookedInVain) {
  world_.greetings = {1};
  for (int i = 0; i < 10 && links_.empty(); ++i) node_->Turn(Node::kDoNotSleep);
  ASSERT_EQ(links_.size(), 1u);
  Rest();
  EXPECT_EQ(node_->blocks().bytes_in_use(), 0u);
  links_[0]->Wake();
  Rest();
  EXPECT_EQ(node_->blocks().bytes_in_use(), 0u);
}

TEST_F(HubTest, AFrameThatNobodyTakesYetKeepsNobodyAwake) {
  takes_ = false;
  world_.greetings_are_frames = true;
  world_.greetings = {1};
  for (int i = 0; i < 10 && links_.empty(); ++i) node_->Turn(Node::kDoNotSleep);
  ASSERT_EQ(links_.size(), 1u);
  Rest();
  ASSERT_TRUE(links_[0]->has_rx());
  // Whoever is awake does not sleep, and so takes many turns.
  int turns = 0;
  const int64_t until_ns = node_->clock().NowNs() + 50'000'000;
  for (; node_->clock().NowNs() < until_ns; ++turns) node_->Turn(until_ns);
  EXPECT_LT(turns, 200);
  takes_ = true;
  links_[0]->Wake();
  Rest();
  EXPECT_EQ(taken_, 1);
}

TEST_F(HubTest, OfAllThatAreAwakeOneLooksForAllInAPass) {
  world_.greetings = {1, 2, 3};
  for (int i = 0; i < 20 && links_.size() < 3; ++i) node_->Turn(Node::kDoNotSleep);
  ASSERT_EQ(links_.size(), 3u);
  node_->Turn(Node::kDoNotSleep);
  world_.looks = 0;
  const uint64_t before = node_->pass();
  for (int i = 0; i < 5; ++i) {
    for (Link* link : links_) link->Wake();
    node_->Turn(Node::kDoNotSleep);
  }
  EXPECT_GT(world_.looks, 0);
  EXPECT_LE(static_cast<uint64_t>(world_.looks), node_->pass() - before);
}

TEST_F(HubTest, OnALossyMediumAPeerThatIsNotTakenQueuesNoMoreThanItMay) {
  HubLimits limits;
  limits.reliable = false;
  limits.peer_bytes_max = 4 * 64;
  Serve(limits);
  takes_ = false;
  world_.greetings_are_frames = true;
  world_.greetings = {1};
  for (int i = 0; i < 10 && links_.empty(); ++i) node_->Turn(Node::kDoNotSleep);
  ASSERT_EQ(links_.size(), 1u);
  Rest();
  world_.greetings = {2, 1, 1, 1, 1, 1, 1, 1};  // another's look brings it more
  Notify();
  for (int i = 0; i < 20 && links_.size() < 2; ++i) node_->Turn(Node::kDoNotSleep);
  ASSERT_EQ(links_.size(), 2u);
  for (int i = 0; i < 20; ++i) {
    while (links_[1]->has_rx()) links_[1]->PopRx();
    links_[1]->Wake();
    node_->Turn(Node::kDoNotSleep);
  }
  ASSERT_TRUE(world_.greetings.empty());
  takes_ = true;
  links_[0]->Wake();
  Rest();
  EXPECT_EQ(taken_, 1 + 4);
}

// Its goodbye finds no room: until it does, or the time for it is over, it is not gone.
TEST_F(HubTest, APeerThatClosesHoldsUpNobodyWithWhatItDidNotTake) {
  HubLimits limits;
  limits.peer_bytes_max = 2 * 64;
  Serve(limits);
  takes_ = false;
  world_.greetings_are_frames = true;
  for (const uint8_t key : {1, 2, 1, 1}) Hear(key);
  ASSERT_EQ(links_.size(), 2u);
  EXPECT_TRUE(world_.greetings.empty());
  Hear(2);
  ASSERT_FALSE(world_.greetings.empty()) << "the first has as much as it may: all wait for it";
  world_.goodbyes_have_room = false;
  links_[0]->StartClose();
  Rest();
  EXPECT_TRUE(world_.greetings.empty());
  EXPECT_TRUE(closed_.empty()) << "it is not gone yet";
  world_.goodbyes_have_room = true;
}

// More than is read in one turn, and nothing of it wakes a link.
TEST_F(HubTest, WhatAMediumHasInABufferOfItsOwnIsReadThoughEveryLinkRests) {
  Rest();
  world_.buffers = true;
  world_.greetings.assign(100, kStray);
  world_.greetings.push_back(1);
  Notify();
  Rest();
  EXPECT_TRUE(world_.greetings.empty());
  EXPECT_EQ(links_.size(), 1u);
  EXPECT_TRUE(world_.prepared);
}

class HubWithTwoPlacesTest : public HubTest {
 protected:
  void ServeTwo(int64_t silent_ns) {
    HubLimits limits;
    limits.reliable = false;
    limits.peers_max = 2;
    limits.silent_ns = silent_ns;
    Serve(limits);
    world_.greetings_are_frames = true;
    for (const uint8_t key : {1, 2, 1, 3}) Hear(key);
    EXPECT_TRUE(world_.greetings.empty());
  }
};

TEST_F(HubWithTwoPlacesTest, WhoWasSilentLongestGivesItsPlaceToANewPeer) {
  ServeTwo(1);
  ASSERT_EQ(links_.size(), 3u);
  EXPECT_THAT(closed_, testing::ElementsAre(links_[1]));
  EXPECT_EQ(taken_, 4);
  Hear(2);  // it lives after all
  EXPECT_EQ(links_.size(), 4u);
  EXPECT_EQ(taken_, 5);
}

TEST_F(HubWithTwoPlacesTest, WhoWasHeardNotLongAgoKeepsItsPlace) {
  ServeTwo(int64_t{3600} * 1'000'000'000);
  EXPECT_EQ(links_.size(), 2u);
  EXPECT_TRUE(closed_.empty());
  EXPECT_EQ(taken_, 3);
}

TEST_F(HubWithTwoPlacesTest, WhereNobodyGoesUnnoticedEverybodyKeepsThePlace) {
  ServeTwo(0);
  EXPECT_EQ(links_.size(), 2u);
  EXPECT_TRUE(closed_.empty());
}

TEST_F(HubTest, AnEndpointThatBreaksWhileAPeerIsAdmittedIsSaidToItsServer) {
  world_.greetings = {1};
  world_.broken = EIDRM;
  Rest();
  EXPECT_EQ(links_.size(), 1u);
  EXPECT_FALSE(failed_.ok());
}

}  // namespace
}  // namespace jackfield
