// When what is appended to a file counts as delivered. The file is a pretended one: its syncs are
// real, on a descriptor that can be synced or that cannot.
#include "transports/engine/records/append_driver.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/call/channel.h"
#include "kernel/registry.h"
#include "transports/engine/one_link_opening.h"
#include "transports/shim/fragment/fragment.h"

namespace jackfield {
namespace {

struct Story {
  OwnedFd fd;
  uint32_t room = ~0u;  // frames that it takes
  uint32_t appended = 0, covered = 0, synced = 0;
  bool closed = false;
};

class PretendedTarget final : public RecordTarget {
 public:
  explicit PretendedTarget(Story& story) : story_(story) {}
  ~PretendedTarget() override { EXPECT_FALSE(story_.closed) << "closed before what follows it"; }
  Appended Append(Link& link, uint32_t first) override {
    Appended appended{.frames = std::min(link.tx_frames() - first, story_.room), .status = {}};
    story_.room -= appended.frames;
    story_.appended += appended.frames;
    if (story_.room == 0) appended.status = absl::ResourceExhaustedError("it is full");
    return appended;
  }
  int fd() const override { return story_.fd.get(); }
  absl::Status BeginSync() override {
    story_.covered = story_.appended;
    return absl::OkStatus();
  }
  absl::Status EndSync(int error) override {
    if (error != 0) return absl::DataLossError("nobody knows");
    story_.synced = story_.covered;
    return absl::OkStatus();
  }

 private:
  Story& story_;
};

class PretendedTransport final : public Transport {
 public:
  PretendedTransport(Story& story, Ack ack) : story_(story), ack_(ack) {}
  std::string_view scheme() const override { return "pretended"; }
  absl::StatusOr<Caps> Describe(const Address&, Role) const override {
    Caps caps;
    caps.send = caps.ordered = caps.reliable = true;
    caps.frame_bytes_max = 4096;
    caps.depth_frames = Link::kDepthFrames;
    return caps;
  }
  absl::StatusOr<std::unique_ptr<Opening>> Open(const Address& address, Role role, Loop& loop,
                                                LinkSink& sink) const override {
    absl::StatusOr<std::unique_ptr<LinkDriver>> driver =
        MakeAppendDriver(loop, std::make_unique<PretendedTarget>(story_), ack_,
                         [&story = story_] { story.closed = true; });
    if (!driver.ok()) return driver.status();
    LinkTraits traits;
    traits.caps = Describe(address, role).value();
    traits.description = address.ToString();
    return MakeOneLinkOpening(loop, sink, address, role, *std::move(driver), std::move(traits));
  }

 private:
  Story& story_;
  const Ack ack_;
};

class AppendDriverTest : public testing::Test {
 protected:
  // Sends so many messages, until all is delivered or the channel has ended.
  Ledger Send(Story& story, Ack ack, uint32_t count, const std::string& address = "pretended:x",
              size_t bytes = 1) {
    Registry registry;
    registry.Add(std::make_unique<PretendedTransport>(story, ack));
    registry.Add(MakeFragmentShim());
    const std::string message(bytes, 'x');
    const std::unique_ptr<Node> node = Node::Create({.registry = &registry}).value();
    ChannelOptions options;
    options.needs = SendNeeds();
    const std::unique_ptr<Channel> channel =
        Channel::Open(*node, address, std::move(options)).value();
    for (uint32_t i = 0; i < count; ++i) {
      if (!channel->Send(1, Bytes(message)).Wait().ok()) break;
      if (ack == Ack::kSynced) {
        EXPECT_LE(channel->ledger().delivered, story.synced);  // pieces are more
      }
    }
    EXPECT_TRUE(node->RunUntil(
        [&] { return channel->ledger().delivered == count || !channel->ended_why().ok(); },
        SystemClock().NowNs() + 60'000'000'000));
    why_ = channel->ended_why();
    return channel->ledger();
  }
  absl::Status why_;
};

TEST_F(AppendDriverTest, WrittenIsDeliveredAtOnceAndNothingIsSynced) {
  Story story{.fd = OwnedFd(eventfd(0, EFD_CLOEXEC))};
  EXPECT_EQ(Send(story, Ack::kWritten, 500).delivered, 500u);
  EXPECT_EQ(story.covered, 0u);
  EXPECT_TRUE(story.closed);
}

TEST_F(AppendDriverTest, SyncedIsDeliveredWhenTheSyncThatCoversItHasEnded) {
  Story story{.fd = OwnedFd(memfd_create("synced", MFD_CLOEXEC))};
  EXPECT_EQ(Send(story, Ack::kSynced, 500).delivered, 500u);
  EXPECT_EQ(story.synced, 500u);
  EXPECT_TRUE(story.closed);
}

TEST_F(AppendDriverTest, WhatASyncFailedToCoverIsInDoubtAndNotDelivered) {
  Story story{.fd = OwnedFd(eventfd(0, EFD_CLOEXEC))};  // EINVAL, fdatasync(2)
  const Ledger ledger = Send(story, Ack::kSynced, 10);
  EXPECT_EQ(ledger.delivered, 0u);
  EXPECT_GT(ledger.in_doubt, 0u);
  EXPECT_EQ(ledger.queued(), 0u);
  EXPECT_NE(why_.ToString().find("nobody knows"), std::string::npos) << why_;
}

TEST_F(AppendDriverTest, WhatWasTakenBeforeItWasFullIsSyncedAndDelivered) {
  for (const Ack ack : {Ack::kWritten, Ack::kSynced}) {
    Story story{.fd = OwnedFd(memfd_create("full", MFD_CLOEXEC)), .room = 7};
    const Ledger ledger = Send(story, ack, 20);
    EXPECT_EQ(ledger.delivered, 7u);
    EXPECT_EQ(ledger.queued(), 0u);
    EXPECT_NE(why_.ToString().find("it is full"), std::string::npos) << why_;
  }
}

TEST_F(AppendDriverTest, WithoutADescriptorToWaitForSyncsItIsRefused) {
  Registry registry;
  const std::unique_ptr<Node> node = Node::Create({.registry = &registry}).value();
  Story story{.fd = OwnedFd(memfd_create("few", MFD_CLOEXEC))};
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const OwnedFd next(open("/dev/null", O_RDONLY | O_CLOEXEC));
  int refused = 0;
  bool made = false;
  for (rlim_t more = 0; more < 20 && !made; ++more) {
    const rlimit few{static_cast<rlim_t>(next.get()) + 1 + more, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    story.closed = false;
    const auto driver = MakeAppendDriver(*node, std::make_unique<PretendedTarget>(story),
                                         Ack::kSynced, [&story] { story.closed = true; });
    setrlimit(RLIMIT_NOFILE, &before);
    made = driver.ok();
    if (made) break;
    ++refused;
    EXPECT_EQ(driver.status().code(), absl::StatusCode::kResourceExhausted) << driver.status();
    EXPECT_TRUE(story.closed);
  }
  EXPECT_TRUE(made);
  EXPECT_GE(refused, 2) << "one for what says that a sync is done, one to wait for it";
}

// Each message is two pieces.
TEST_F(AppendDriverTest, AMessageInPiecesIsDeliveredWhenItsLastPieceIs) {
  for (const Ack ack : {Ack::kWritten, Ack::kSynced}) {
    Story all{.fd = OwnedFd(memfd_create("all", MFD_CLOEXEC))};
    EXPECT_EQ(Send(all, ack, 300, "fragment+pretended:x", 6000).delivered, 300u);
    Story full{.fd = OwnedFd(memfd_create("full", MFD_CLOEXEC)), .room = 7};
    const Ledger ledger = Send(full, ack, 20, "fragment+pretended:x", 6000);
    EXPECT_EQ(ledger.delivered, 3u);
    EXPECT_EQ(ledger.queued(), 0u);
  }
  Story story{.fd = OwnedFd(eventfd(0, EFD_CLOEXEC))};
  const Ledger ledger = Send(story, Ack::kSynced, 10, "fragment+pretended:x", 6000);
  EXPECT_EQ(ledger.delivered, 0u);
  EXPECT_GT(ledger.in_doubt, 0u);
}

}  // namespace
}  // namespace jackfield
