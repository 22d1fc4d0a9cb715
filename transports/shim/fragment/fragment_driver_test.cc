// The driver between a link above and pieces made by hand below: whose descriptors are whose.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/shim/fragment/fragment.h"
#include "transports/shim/fragment/piece.h"

namespace jackfield {
namespace {

constexpr auto kHead = static_cast<uint32_t>(sizeof(PieceHeader));

struct Arrival {
  std::vector<std::byte> bytes;
  std::vector<int> fds;
};

// Hands over what the test has put into its list, one frame a pump.
class HandDriver final : public LinkDriver {
 public:
  explicit HandDriver(std::deque<Arrival>& arrivals) : arrivals_(arrivals) {}
  void Pump(Link& link) override {
    if (link.has_rx() || arrivals_.empty()) return;
    current_ = std::move(arrivals_.front());
    arrivals_.pop_front();
    if (!current_.fds.empty())
      link.PushRxFds(current_.fds.data(), static_cast<uint8_t>(current_.fds.size()));
    link.PushRx({current_.bytes.data(), static_cast<uint32_t>(current_.bytes.size())});
  }
  void Close(Link& link) override { link.Closed(absl::OkStatus()); }

 private:
  std::deque<Arrival>& arrivals_;
  Arrival current_;
};

class FragmentDriverTest : public testing::Test, public LinkOwner {
 protected:
  FragmentDriverTest() {
    LinkTraits traits;
    traits.caps.send = traits.caps.receive = traits.caps.reply = traits.caps.fds = true;
    traits.caps.frame_bytes_max = 1024;
    const std::unique_ptr<Shim> shim = MakeFragmentShim();
    auto driver = shim->Wrap(Address::Parse("fragment+x:").value(), Role::kConnect, *node_,
                             std::make_unique<HandDriver>(arrivals_), traits);
    link_ = &Link::Add(*node_, std::move(driver).value(), traits, this);
    link_->ExpectFds();
  }
  ~FragmentDriverTest() override { node_->Remove(*link_); }
  void OnFrames(Link& link) override {
    for (; link.has_rx(); link.PopRx()) {
      const FrameRef frame = link.NextRx();
      // The frame's second byte says how many it brings.
      Arrival& got = got_.emplace_back();
      got.bytes.assign(frame.data, frame.data + frame.bytes);
      got.fds.resize(static_cast<uint8_t>(frame.data[1]));
      right_ &= link.TakeFds(got.fds.data(), static_cast<uint8_t>(got.fds.size()));
    }
  }
  void OnRoom(Link&) override {}
  void OnLost(Link&, uint64_t) override {}
  void OnClosed(Link&, const absl::Status&) override { closed_ = true; }

  void Turn() {
    for (int i = 0; i < 50; ++i) node_->Turn(Node::kDoNotSleep);
  }
  // A piece of a frame whose first bytes are its number and how many descriptors it brings.
  void Piece(uint32_t message, uint32_t total, uint32_t offset, uint32_t bytes,
             std::vector<int> fds = {}) {
    PieceHeader header;
    header.frame_bytes = kHead + bytes;
    header.message = message;
    header.total_bytes = total;
    header.offset = offset;
    header.fd_count = static_cast<uint8_t>(fds.size());
    Arrival arrival;
    arrival.bytes.resize(header.frame_bytes);
    std::memcpy(arrival.bytes.data(), &header, kHead);
    if (offset == 0) {
      arrival.bytes[kHead] = static_cast<std::byte>(message);
      arrival.bytes[kHead + 1] = static_cast<std::byte>(fds.size());
    }
    arrival.fds = std::move(fds);
    arrivals_.push_back(std::move(arrival));
  }
  // One that can be told from any other.
  static int Descriptor() { return memfd_create("fragment", MFD_CLOEXEC); }
  static bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

  Registry registry_;
  const std::unique_ptr<Node> node_ = Node::Create({.registry = &registry_}).value();
  std::deque<Arrival> arrivals_;
  std::vector<Arrival> got_;
  Link* link_ = nullptr;
  bool right_ = true, closed_ = false;
};

TEST_F(FragmentDriverTest, AWholeFrameBetweenPiecesHasItsOwnDescriptorsAndTheLargeOneItsOwn) {
  const int large = Descriptor(), small = Descriptor();
  Piece(1, 300, 0, 152, {large});
  Piece(2, 64, 0, 64, {small});
  Piece(1, 300, 152, 148);
  Turn();
  ASSERT_EQ(got_.size(), 2u);
  EXPECT_TRUE(right_);
  EXPECT_EQ(got_[0].fds, std::vector<int>{small});
  EXPECT_EQ(got_[1].fds, std::vector<int>{large});
  EXPECT_TRUE(IsOpen(large) && IsOpen(small));
  close(large);
  close(small);
}

TEST_F(FragmentDriverTest, TheDescriptorsOfAFrameThatStaysIncompleteAreClosedAndGoToNoOther) {
  const int lost = Descriptor(), next = Descriptor();
  Piece(1, 300, 0, 152, {lost});
  Piece(2, 300, 0, 152);  // begins anew, and brings none
  Piece(2, 300, 152, 148);
  Piece(3, 300, 0, 152, {next});
  Piece(3, 300, 152, 148);
  Turn();
  ASSERT_EQ(got_.size(), 2u);
  EXPECT_TRUE(right_);
  EXPECT_TRUE(got_[0].fds.empty());
  EXPECT_EQ(got_[1].fds, std::vector<int>{next});
  EXPECT_FALSE(IsOpen(lost));
  EXPECT_TRUE(IsOpen(next));
  close(next);
}

TEST_F(FragmentDriverTest, TwoFramesThatBeginWithDescriptorsKeepThemApart) {
  const int lost = Descriptor(), next = Descriptor();
  Piece(1, 300, 0, 152, {lost});
  Piece(2, 300, 0, 152, {next});
  Piece(2, 300, 152, 148);
  Turn();
  ASSERT_EQ(got_.size(), 1u);
  EXPECT_TRUE(right_);
  EXPECT_EQ(got_[0].fds, std::vector<int>{next});
  EXPECT_FALSE(IsOpen(lost));
  close(next);
}

}  // namespace
}  // namespace jackfield
