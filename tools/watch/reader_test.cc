// What a service shows of itself, read as another process would: by /proc.
#include "tools/watch/reader.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "services/watch/watch.h"
#include "transports/builtin.h"

namespace jackfield::watch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint32_t kEcho = MessageType("test.Echo/Say");
constexpr uid_t kNobody = 65534;
constexpr int kCannotBeNobody = 3;  // an exit status

// A service and its client, on a node each; the service is watched.
class WatchTest : public ::testing::Test {
 protected:
  WatchTest() {
    AddBuiltinTransports(registry_);
    node_ = *Node::Create({.name = "kv", .registry = &registry_});
    other_ = *Node::Create({.name = "orders", .registry = &registry_});
    watch_ = *Watch::Begin(*node_, "kv");
    port_ = *Port::Open(*node_, {"inproc:kv-of-watch-test"});
    methods_.emplace_back();
    methods_[0].type = kEcho;
    methods_[0].name = "test.Echo/Say";
    interface_.name = "test.Echo";
    interface_.methods = methods_;
    port_->AddInterface(interface_);
    port_->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
    channel_ = *Channel::Open(*other_, "inproc:kv-of-watch-test");
  }
  void Turns(int turns = 50) {
    for (int i = 0; i < turns; ++i) {
      other_->Turn(Node::kDoNotSleep);
      node_->Turn(Node::kDoNotSleep);
    }
  }
  void Call(std::string_view text) {
    bool ended = false;
    ASSERT_TRUE(channel_->CallAsync(kEcho, Bytes(text), {}, [&](Answer&) { ended = true; }).ok());
    for (int i = 0; i < 1000 && !ended; ++i) Turns(1);
    ASSERT_TRUE(ended);
  }
  static PageCopy Page(std::string_view service = "kv") {
    const absl::StatusOr<OwnedFd> fd = OpenPage(getpid(), service);
    EXPECT_TRUE(fd.ok()) << fd.status();
    if (!fd.ok()) return {};
    const absl::StatusOr<PageCopy> page = ReadPage(fd->get());
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? *page : PageCopy();
  }

  Registry registry_;
  std::vector<Method> methods_;
  Interface interface_;
  std::unique_ptr<Node> node_, other_;
  std::unique_ptr<Watch> watch_;
  std::unique_ptr<Port> port_;
  std::unique_ptr<Channel> channel_;
};

TEST_F(WatchTest, APageHasWhomTheServiceSpokeToAndWhatItSaid) {
  Call("one");
  Call("two");
  const PageCopy page = Page();
  EXPECT_EQ(page.name, "kv");
  EXPECT_EQ(page.pid, getpid());
  EXPECT_EQ(page.peers.at(other_->epoch()), "orders");
  EXPECT_EQ(page.methods.at(kEcho), "test.Echo/Say");
  std::vector<std::string> seen;
  for (const Event& event : page.events) {
    EXPECT_EQ(event.peer_epoch, other_->epoch());
    EXPECT_EQ(event.type, kEcho);
    seen.push_back(Text(event.way == FrameWay::kSent ? "sent " : "received ",
                        wire::EnumNameFrameKind(event.kind)));
  }
  EXPECT_THAT(seen,
              ElementsAre("received Request", "sent Reply", "received Request", "sent Reply"));
}

TEST_F(WatchTest, APageKeepsTheLastThousandMessagesInOrder) {
  for (int i = 0; i < 1000; ++i) Call("x");
  const std::vector<Event> events = Page().events;
  ASSERT_EQ(events.size(), kRecords);
  EXPECT_EQ(events.back().number, 2000u);
  for (size_t i = 1; i < events.size(); ++i) EXPECT_EQ(events[i].number, events[i - 1].number + 1);
}

TEST_F(WatchTest, WhatIsReadWhileItIsWrittenIsNeverTorn) {
  std::atomic<bool> done = false;
  size_t read = 0;
  std::thread reader([&] {
    while (!done) {
      const PageCopy page = Page();
      for (const Event& event : page.events) {
        // Requests come and answers go, in turn.
        EXPECT_EQ(event.kind == FrameKind::Request, event.number % 2 == 1);
        EXPECT_EQ(event.way == FrameWay::kReceived, event.number % 2 == 1);
      }
      read += page.events.size();
    }
  });
  for (int i = 0; i < 5000; ++i) Call("x");
  done = true;
  reader.join();
  EXPECT_GT(read, 0u);
}

TEST_F(WatchTest, ALongNameIsCutAndFoundAllTheSame) {
  const std::string name(200, 'n');
  auto node = *Node::Create({.name = "n", .registry = &registry_});
  auto watch = *Watch::Begin(*node, name);
  EXPECT_EQ(Page(name).name, std::string(kNameBytesMax, 'n'));
  watch = nullptr;
  EXPECT_THAT(OpenPage(getpid(), name).status().message(), HasSubstr("shows nothing of"));
}

TEST_F(WatchTest, ANodeIsWatchedOnce) {
  EXPECT_EQ(Watch::Begin(*node_, "kv").status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(WatchTest, NobodyElseCanWriteAPageOrMakeItShorter) {
  const absl::StatusOr<OwnedFd> fd = OpenPage(getpid(), "kv");
  ASSERT_TRUE(fd.ok());
  const OwnedFd writable(open(Text("/proc/self/fd/", fd->get()).c_str(), O_RDWR | O_CLOEXEC));
  if (!writable.ok()) return;  // not even opened
  EXPECT_NE(ftruncate(writable.get(), 0), 0);
  EXPECT_EQ(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, writable.get(), 0), MAP_FAILED);
}

TEST_F(WatchTest, AnotherUserMayNotLook) {
  const pid_t watched = getpid();
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(kNobody) != 0 || setuid(kNobody) != 0) _exit(kCannotBeNobody);
    const absl::StatusCode code = OpenPage(watched, "kv").status().code();
    _exit(code == absl::StatusCode::kPermissionDenied ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WEXITSTATUS(status) == kCannotBeNobody) GTEST_SKIP() << "no other user can be had here";
  EXPECT_EQ(status, 0);
}

TEST_F(WatchTest, BytesThatAreNoPageAreRefused) {
  EXPECT_EQ(ReadPage("").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReadPage(std::string(sizeof(watch::Page), 'x')).status().code(),
            absl::StatusCode::kDataLoss);
}

// ---- The tap.

TEST_F(WatchTest, ATapHasWholeMessagesFromWhenItIsAskedFor) {
  Call("before");
  const absl::StatusOr<int> fd = watch_->Tap();
  ASSERT_TRUE(fd.ok()) << fd.status();
  absl::StatusOr<TapReader> tap = TapReader::Open(getpid(), *fd, 0);
  ASSERT_TRUE(tap.ok()) << tap.status();
  EXPECT_FALSE(tap->Next().has_value());
  Call("hello");
  const std::optional<TappedMessage> request = tap->Next(), reply = tap->Next();
  ASSERT_TRUE(request.has_value() && reply.has_value());
  EXPECT_EQ(request->payload, "hello");
  EXPECT_EQ(request->event.kind, FrameKind::Request);
  EXPECT_EQ(reply->event.kind, FrameKind::Reply);
  EXPECT_EQ(reply->payload, "hello");
  EXPECT_FALSE(tap->Next().has_value());
  EXPECT_EQ(tap->TakeMissed(), 0u);
}

TEST_F(WatchTest, OfALongMessageATapKeepsTheBeginning) {
  absl::StatusOr<TapReader> tap = TapReader::Open(getpid(), *watch_->Tap(), 0);
  ASSERT_TRUE(tap.ok());
  Call(std::string(100'000, 'y'));
  const std::optional<TappedMessage> request = tap->Next();
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->payload_bytes, 100'000u);
  EXPECT_EQ(request->payload, std::string(kKeptBytesMax, 'y'));
}

TEST_F(WatchTest, WhatComesTooFastIsCounted) {
  absl::StatusOr<TapReader> tap = TapReader::Open(getpid(), *watch_->Tap(), 0);
  ASSERT_TRUE(tap.ok());
  for (int i = 0; i < 3000; ++i) Call("x");
  uint64_t read = 0;
  while (tap->Next().has_value()) ++read;
  EXPECT_EQ(read + tap->TakeMissed(), 6000u) << "two messages a call";
}

TEST_F(WatchTest, ATapEndsWhenNobodyAsksForItAnyMore) {
  ManualClock clock;
  auto node = *Node::Create({.name = "n", .registry = &registry_, .spin_ns = 0, .clock = &clock});
  auto watch = *Watch::Begin(*node, "n");
  const absl::StatusOr<int> fd = watch->Tap();
  ASSERT_TRUE(fd.ok());
  EXPECT_TRUE(node->frame_log()->wants_messages());
  clock.AdvanceToNs(clock.NowNs() + Watch::kTapNs / 2);
  node->Turn(Node::kDoNotSleep);
  EXPECT_EQ(*watch->Tap(), *fd) << "asked again, it is the same";
  clock.AdvanceToNs(clock.NowNs() + Watch::kTapNs - 1);
  node->Turn(Node::kDoNotSleep);
  EXPECT_TRUE(node->frame_log()->wants_messages());
  clock.AdvanceToNs(clock.NowNs() + 1);
  node->Turn(Node::kDoNotSleep);
  EXPECT_FALSE(node->frame_log()->wants_messages());
}

}  // namespace
}  // namespace jackfield::watch
