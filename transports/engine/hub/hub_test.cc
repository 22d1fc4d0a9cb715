// The hub over a medium made by hand, where a wait must be prepared anew after each look: so that
// it shows when nobody has seen to it.
#include "transports/engine/hub/hub.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/engine/hub/hub_batch.h"

namespace jackfield {
namespace {

// What the test sees and sets, beyond the life of the medium.
struct World {
  std::deque<uint8_t> greetings;  // of clients, by their keys
  bool prepared = false;          // an arrival would be noticed
};

class HandMedium final : public HubMedium {
 public:
  explicit HandMedium(World& world) : world_(world), fd_(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~HandMedium() override { close(fd_); }

  uint32_t arrival_bytes_max() const override { return 64; }
  int readable_fd() const override { return fd_; }
  bool PrepareWait() override { return world_.prepared = true; }
  int Receive(HubBatch& batch) override {
    world_.prepared = false;
    uint64_t count;
    while (read(fd_, &count, sizeof count) > 0) {
    }
    if (world_.greetings.empty()) return 0;
    HubArrival& arrival = batch.Begin(0);
    arrival.what = HubArrival::What::kOpens;
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
  bool SayGoodbye(HubPeer&) override { return true; }

 private:
  World& world_;
  const int fd_;
};

class HubTest : public testing::Test, public LinkSink {
 protected:
  HubTest() {
    opening_ = MakeHubServer(*node_, *this, std::make_unique<HandMedium>(world_), {}, Address());
  }
  ~HubTest() override {
    for (Link* link : links_) node_->RemoveLink(*link);
    opening_.reset();
  }
  void OnServing(const Address&) override {}
  void OnLink(std::unique_ptr<LinkDriver> driver, LinkTraits traits) override {
    links_.push_back(&node_->AddLink(std::move(driver), std::move(traits), nullptr));
  }
  void OnOpenFailed(absl::Status status) override { ADD_FAILURE() << status; }
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
  std::vector<Link*> links_;
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
  node_->RemoveLink(*links_[1]);
  links_.pop_back();
  for (int i = 0; i < 10; ++i) node_->Turn(Node::kDoNotSleep);
  EXPECT_TRUE(world_.prepared);
}

}  // namespace
}  // namespace jackfield
