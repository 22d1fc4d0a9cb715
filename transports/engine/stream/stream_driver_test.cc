// The driver over a socket whose other end is the test's: what has come before the end.
#include "transports/engine/stream/stream_driver.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "kernel/base/owned_fd.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/engine/fd_passing.h"

namespace jackfield {
namespace {

// Makes waits for one descriptor fail.
class FailingWaits final : public FaultSeam {
 public:
  Fault Decide(Site site, int fd) override {
    if (site != Site::kPoll || fd != wait_fd || left == 0) return {};
    --left;
    return {.error = ENOMEM};
  }
  int wait_fd = -1;
  int left = 3;
};

class StreamDriverTest : public testing::TestWithParam<NodeOptions::Wait>, public LinkOwner {
 protected:
  void SetUp() override {
    auto node = Node::Create({.registry = &registry_, .wait = GetParam(), .seam = &seam_});
    if (!node.ok()) GTEST_SKIP() << node.status();
    node_ = *std::move(node);
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    other_ = OwnedFd(ends[1]);
    liveness_fd_ = seam_.wait_fd = eventfd(0, EFD_CLOEXEC);
    LinkTraits traits;
    traits.caps.send = traits.caps.receive = traits.caps.reply = traits.caps.fds = true;
    traits.caps.frame_bytes_max = 1 << 20;
    traits.description = "a test's";
    link_ =
        &Link::Add(*node_,
                   std::make_unique<StreamDriver>(*node_, StreamEnds{.read_fd = ends[0],
                                                                     .write_fd = ends[0],
                                                                     .liveness_fd = liveness_fd_,
                                                                     .socket = true,
                                                                     .frame_bytes_max = 1 << 20}),
                   traits, this);
    link_->ExpectFds();
  }
  void TearDown() override {
    if (link_ != nullptr) node_->Remove(*link_);
    node_.reset();
  }
  void OnFrames(Link& link) override {
    for (; link.has_rx(); link.PopRx()) {
      const FrameRef frame = link.NextRx();
      got_bytes_.push_back(frame.bytes);
      int fd = -1;
      if (frame.data[11] == std::byte{1} && link.TakeFds(&fd, 1)) close(fd), ++got_fds_;
    }
  }
  void OnRoom(Link&) override {}
  void OnLost(Link&, uint64_t) override {}
  void OnClosed(Link&, const absl::Status& why) override { closed_ = true, why_ = why; }

  static std::vector<std::byte> FrameOf(uint32_t bytes, uint8_t fds) {
    std::vector<std::byte> frame(Align8(bytes));
    frame[0] = std::byte{kMagic};
    std::memcpy(&frame[4], &bytes, sizeof bytes);
    frame[11] = std::byte{fds};
    return frame;
  }
  // Written by the other end, with a descriptor.
  void Write(std::vector<std::byte> frame) {
    const OwnedFd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
    const int fd = null.get();
    iovec part{frame.data(), frame.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    FdControl control;
    control.Attach(message, &fd, 1);
    ASSERT_EQ(sendmsg(other_.get(), &message, 0), static_cast<ssize_t>(frame.size()));
  }
  void Send() {
    std::byte* at = link_->Claim(kHeaderBytes);
    ASSERT_NE(at, nullptr);
    const std::vector<std::byte> frame = FrameOf(kHeaderBytes, 0);
    std::memcpy(at, frame.data(), frame.size());
    link_->Commit(at, kHeaderBytes);
  }
  bool AwaitEnd() {
    return node_->RunUntil([this] { return closed_; }, SystemClock().NowNs() + 60'000'000'000);
  }

  Registry registry_;
  FailingWaits seam_;
  std::unique_ptr<Node> node_;
  OwnedFd other_;
  int liveness_fd_ = -1;  // the driver's
  Link* link_ = nullptr;
  std::vector<uint32_t> got_bytes_;
  int got_fds_ = 0;
  bool closed_ = false;
  absl::Status why_;
};

// The system gives out what came with descriptors by itself, so a read may be short though the rest
// of the frame is there.
TEST_P(StreamDriverTest, WhatTheOtherEndSentBeforeItWentIsReadThoughItTakesNothingMore) {
  Write(FrameOf(60'000, 1));
  Write(FrameOf(1'000, 1));
  other_.Close();
  Send();
  ASSERT_TRUE(AwaitEnd());
  EXPECT_EQ(got_bytes_, (std::vector<uint32_t>{60'000, 1'000})) << why_;
  EXPECT_EQ(got_fds_, 2);
}

TEST_P(StreamDriverTest, AWaitForThePeersDeathThatFailsIsNotItsDeath) {
  for (int i = 0; i < 1000 && seam_.left > 0; ++i) node_->Turn(node_->clock().NowNs() + 100'000);
  ASSERT_EQ(seam_.left, 0);
  Write(FrameOf(1'000, 1));
  ASSERT_TRUE(node_->RunUntil([this] { return closed_ || !got_bytes_.empty(); },
                              SystemClock().NowNs() + 60'000'000'000));
  EXPECT_FALSE(closed_) << why_;
  ASSERT_EQ(eventfd_write(liveness_fd_, 1), 0);
  EXPECT_TRUE(AwaitEnd());
}

INSTANTIATE_TEST_SUITE_P(Over, StreamDriverTest,
                         testing::Values(NodeOptions::Wait::kUring, NodeOptions::Wait::kEpoll),
                         [](const auto& info) {
                           return info.param == NodeOptions::Wait::kUring ? "uring" : "epoll";
                         });

}  // namespace
}  // namespace jackfield
