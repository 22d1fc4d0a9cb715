// The log as a transport: what counts as delivered is read by every reader, in order, whoever dies.
#include "transports/mmap/mmap.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/engine/records/one_way_world.h"

namespace jackfield {
namespace {

class MmapTest : public OneWayWorld {
 protected:
  void SetUp() override {
    Begin(MakeMmapTransport());
    address_ = Text("mmap:", directory_, "/log?segment=256KiB");
  }
  static std::string NoteOf(uint32_t number) {
    return Text(number, " ", std::string(number * 31 % 2000, static_cast<char>('a' + number % 26)));
  }
  static void Send(Channel& channel, uint32_t from, uint32_t to) {
    for (uint32_t i = from; i <= to; ++i) {
      const std::string note = NoteOf(i);
      const absl::Status sent = channel.Send(kNote, Bytes(note)).Wait();
      ASSERT_TRUE(sent.ok()) << i << ": " << sent;
    }
  }
  static void ExpectNotes(const std::vector<std::string>& got, uint32_t from, uint32_t to) {
    ASSERT_EQ(got.size(), to - from + 1);
    for (uint32_t i = from; i <= to; ++i) ASSERT_EQ(got[i - from], NoteOf(i));
  }

  std::string address_;
};

TEST_P(MmapTest, WhatIsSentIsReceivedInOrderByReadersBeforeAndAfter) {
  for (const char* ack : {"written", "synced"}) {
    const std::string address = Text("mmap:", directory_, "/", ack, "?segment=256KiB&ack=", ack);
    std::vector<std::string> early, late;
    const std::unique_ptr<Port> first = Serve(address + "&reader=early", early);
    auto channel = Connect(*node_, address);
    ASSERT_TRUE(channel.ok()) << channel.status();
    Send(**channel, 1, 2000);
    ASSERT_TRUE(AwaitNotes(early, 2000));
    ExpectNotes(early, 1, 2000);
    EXPECT_EQ((*channel)->Close(60s).delivered, 2000u);
    const std::unique_ptr<Port> second = Serve(address + "&reader=late", late);
    ASSERT_TRUE(AwaitNotes(late, 2000));
    ExpectNotes(late, 1, 2000);
    EXPECT_EQ(second->ledger().lost + second->ledger().stale, 0u);
  }
}

// Without a turn between: the log has one writer at a time, and this one has gone.
TEST_P(MmapTest, WhoHasClosedAChannelMayOpenTheNextAtOnce) {
  for (const char* ack : {"written", "synced"}) {
    const std::string address = Text("mmap:", directory_, "/", ack, "?segment=256KiB&ack=", ack);
    for (uint32_t i = 0; i < 3; ++i) {
      auto channel = Connect(*node_, address);
      ASSERT_TRUE(channel.ok()) << channel.status();
      const absl::Status open = (*channel)->WaitOpen();
      ASSERT_TRUE(open.ok()) << ack << " " << i << ": " << open;
      Send(**channel, i, i);
      EXPECT_EQ((*channel)->Close(60s).delivered, 1u);
    }
  }
}

TEST_P(MmapTest, AReaderGoesOnWhereItWasAndOneFromTheEndMissesWhatWasBefore) {
  auto channel = Connect(*node_, address_);
  ASSERT_TRUE(channel.ok()) << channel.status();
  Send(**channel, 1, 10);
  std::vector<std::string> got, again, end;

  {
    const std::unique_ptr<Port> port = Serve(address_, got);
    ASSERT_TRUE(AwaitNotes(got, 10));
    node_->RunUntil([] { return false; }, node_->clock().NowNs() + 5'000'000);
  }
  const std::unique_ptr<Port> from_end = Serve(address_ + "&reader=end&from=end", end);
  Send(**channel, 11, 20);
  const std::unique_ptr<Port> port = Serve(address_, again);
  ASSERT_TRUE(AwaitNotes(again, 10));
  ExpectNotes(again, 11, 20);
  ASSERT_TRUE(AwaitNotes(end, 10));
  ExpectNotes(end, 11, 20);
}

// As after a restart in a container, where a process often gets the number of the one before.
TEST_P(MmapTest, AServerWithoutAPlaceNeverReadsWhatAnEarlierProcessOfItsNumberLeft) {
  const std::string runtime = directory_ + "/jackfield", left = Text(runtime, "/log-", getpid());
  ASSERT_EQ(mkdir(runtime.c_str(), 0700), 0);
  for (const char* rest : {"-1", "-2", "-1-1", "-1-2"}) {
    auto channel = Connect(*node_, Text("mmap:", left, rest, "?segment=64KiB"));
    ASSERT_TRUE(channel.ok()) << channel.status();
    Send(**channel, 7, 7);
  }
  {
    std::vector<std::string> got;
    const std::unique_ptr<Port> port = Serve("mmap:", got);
    auto channel = Connect(*node_, port->addresses()[0].ToString());
    ASSERT_TRUE(channel.ok()) << channel.status();
    Send(**channel, 1, 1);
    ASSERT_TRUE(AwaitNotes(got, 1));
    ExpectNotes(got, 1, 1);
  }
  for (const char* rest : {"-1", "-2", "-1-1", "-1-2"}) unlink(Text(left, rest).c_str());
  rmdir(runtime.c_str());
}

TEST_P(MmapTest, NothingIsLeftOfAServerWithoutAPlaceThoughItsWriterWasKilled) {
  std::vector<std::string> got;
  std::unique_ptr<Port> port = Serve("mmap:", got);
  const std::string address = port->addresses()[0].ToString();
  const pid_t child = fork();
  if (child == 0) {
    const std::unique_ptr<Node> node = MakeNode().value();
    const std::unique_ptr<Channel> channel = Connect(*node, address).value();
    const std::string note = NoteOf(1);
    channel->Send(kNote, Bytes(note)).Wait().IgnoreError();
    for (;;) node->Turn();
  }
  EXPECT_TRUE(AwaitNotes(got, 1));
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  const std::string runtime = directory_ + "/jackfield";
  EXPECT_EQ(access(runtime.c_str(), F_OK), 0);
  port.reset();
  EXPECT_NE(access(runtime.c_str(), F_OK), 0) << "the log, its cursor or a note of it is left";
}

TEST_P(MmapTest, WhatWasDeliveredSurvivesTheDeathOfTheWriter) {
  int told[2];
  ASSERT_EQ(pipe2(told, O_CLOEXEC), 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::unique_ptr<Node> node = MakeNode().value();
    const std::unique_ptr<Channel> channel = Connect(*node, address_).value();
    for (uint32_t i = 1;; ++i) {
      const std::string note = NoteOf(i);
      if (!channel->Send(kNote, Bytes(note)).Wait().ok()) _exit(1);
      node->Turn(Node::kDoNotSleep);
      const uint64_t delivered = channel->ledger().delivered;
      if (write(told[1], &delivered, sizeof delivered) < 0) _exit(1);
    }
  }
  uint64_t delivered = 0;
  while (delivered < 300) ASSERT_EQ(read(told[0], &delivered, 8), 8);
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  close(told[1]);
  for (uint64_t last; read(told[0], &last, 8) == 8;) delivered = last;
  close(told[0]);
  std::vector<std::string> got;
  const std::unique_ptr<Port> port = Serve(address_, got);
  ASSERT_TRUE(AwaitNotes(got, delivered));
  for (uint32_t i = 0; i < got.size(); ++i) ASSERT_EQ(got[i], NoteOf(i + 1));
  // And the next writer replaces the record that the dead one left.
  EXPECT_TRUE(Connect(*node_, address_).ok());
}

TEST_P(MmapTest, AFullDiskEndsTheChannelWithTheReasonAndWhatWasDeliveredIsThere) {
  const std::string disk = directory_ + "/disk";
  ASSERT_EQ(mkdir(disk.c_str(), 0700), 0);
  if (mount("none", disk.c_str(), "tmpfs", 0, "size=1m") != 0)
    GTEST_SKIP() << "only root can mount a small disk";
  const std::string address = Text("mmap:", disk, "/log?segment=256KiB");
  {
    auto channel = Connect(*node_, address);
    ASSERT_TRUE(channel.ok()) << channel.status();
    absl::Status status;
    const std::string note(1000, 'x');
    for (int i = 0; i < 100'000 && status.ok(); ++i)
      status = (*channel)->Send(kNote, Bytes(note)).Wait();
    const absl::Status why = (*channel)->ended_why();
    EXPECT_NE(why.ToString().find("ENOSPC"), std::string::npos) << why << " " << status;
    const Ledger ledger = (*channel)->ledger();
    EXPECT_GT(ledger.delivered, 500u);
    EXPECT_EQ(ledger.queued(), 0u);
    std::vector<std::string> got;
    const std::unique_ptr<Port> port = Serve(address, got);
    ASSERT_TRUE(AwaitNotes(got, ledger.delivered));
    EXPECT_EQ(got.size(), ledger.delivered) << "what was not delivered is not there";
  }
  node_.reset();  // it closes the files
  EXPECT_EQ(umount(disk.c_str()), 0);
}

// As logrotate's copytruncate and rm do: what was said to be delivered by then is the other
// program's to keep; nothing is said to be delivered after it, and nobody dies.
TEST_P(MmapTest, AFileThatIsCutOrRemovedEndsItsChannelWithTheReason) {
  const std::string path = directory_ + "/cut";
  for (const char* more : {"", "?ack=written", "?mode=ring&size=1MiB&ack=written"}) {
    for (const bool removed : {false, true}) {
      const std::string address = Text("mmap:", path, more);
      auto channel = Connect(*node_, address);
      ASSERT_TRUE(channel.ok()) << channel.status();
      Send(**channel, 1, 20);
      ASSERT_TRUE(node_->RunUntil([&] { return (*channel)->ledger().delivered == 20; },
                                  SystemClock().NowNs() + 60'000'000'000));
      if (removed)
        std::filesystem::remove(path);
      else
        std::filesystem::resize_file(path, 0);
      absl::Status status;
      for (uint32_t i = 21; i < 100'000 && status.ok(); ++i) {
        const std::string note = NoteOf(i);
        status = (*channel)->Send(kNote, Bytes(note)).Wait();
        node_->Turn(Node::kDoNotSleep);
      }
      const absl::Status why = (*channel)->ended_why();
      EXPECT_NE(why.ToString().find(removed ? "cut was removed by another program"
                                            : "cut was cut short by another program"),
                std::string::npos)
          << why;
      EXPECT_EQ((*channel)->ledger().delivered, 20u);
      EXPECT_EQ((*channel)->ledger().queued(), 0u);
      channel->reset();
      // The next one begins it anew.
      auto next = Connect(*node_, address);
      ASSERT_TRUE(next.ok()) << next.status();
      Send(**next, 1, 3);
      ASSERT_TRUE(node_->RunUntil([&] { return (*next)->ledger().delivered == 3; },
                                  SystemClock().NowNs() + 60'000'000'000));
      next->reset();
      node_->Turn(Node::kDoNotSleep);
      std::filesystem::remove(path);
    }
  }
}

TEST_P(MmapTest, ASlowReaderOfARingIsToldHowManyItMissed) {
  const std::string address = Text("mmap:", directory_, "/ring?mode=ring&size=256KiB&ack=written");
  std::vector<std::string> got;
  const std::unique_ptr<Port> port = Serve(address, got);
  // Another node writes on while nothing turns this one.
  const auto writer = MakeNode();
  ASSERT_TRUE(writer.ok());
  const auto fast = Connect(**writer, address);
  ASSERT_TRUE(fast.ok()) << fast.status();
  const auto send = [&](uint32_t from, uint32_t to) {
    Send(**fast, from, to);
    ASSERT_TRUE((*writer)->RunUntil([&] { return (*fast)->ledger().delivered == to; },
                                    SystemClock().NowNs() + 60'000'000'000));
  };
  send(1, 6);
  ASSERT_TRUE(AwaitNotes(got, 6));
  constexpr uint32_t kLast = 3000;
  send(7, kLast);
  ASSERT_TRUE(node_->RunUntil([&] { return got.back() == NoteOf(kLast); },
                              SystemClock().NowNs() + 60'000'000'000));
  EXPECT_GT(port->ledger().lost, 1000u);
  EXPECT_EQ(got.size() + port->ledger().lost, kLast);
}

TEST_P(MmapTest, WhatCannotBeIsRefusedWithTheReason) {
  const auto says = [](const absl::Status& status, std::string_view words) {
    EXPECT_NE(status.ToString().find(words), std::string::npos) << status;
  };
  says(Channel::Open(*node_, address_).status(), "reply");
  auto channel = Connect(*node_, address_);
  ASSERT_TRUE(channel.ok()) << channel.status();
  ASSERT_TRUE((*channel)->WaitOpen().ok());
  says((*channel)->Call(kNote, Bytes("x")).Wait().status(), "one way");
  auto second = Connect(*node_, address_);
  says(second.ok() ? (*second)->WaitOpen() : second.status(), "has a writer already");
  says((*channel)->Send(kNote, Bytes(std::string(300 << 10, 'x'))).Wait(), "frame_bytes_max");
  says(Connect(*node_, "mmap:log").status(), "whole path");
  says(Connect(*node_, "mmap:").status(), "needs to know which log");
  says(Connect(*node_, address_ + "&ack=never").status(), "synced or written");
  says(Connect(*node_, address_ + "&reader=../x").status(), "letters");
  says(Connect(*node_, "mmap:/x?segment=100KiB").status(), "multiple of 64KiB");
  says(Connect(*node_, "mmap:/x?mode=ring&size=100KiB").status(), "multiple of 64KiB");
  says(Connect(*node_, "mmap:/x?mode=ring&segment=64KiB").status(), "divides that itself");
  says(Connect(*node_, "mmap:/x?size=1MiB").status(), "of a ring");
  says(Connect(*node_, "mmap:/x?mode=heap").status(), "log or ring");
}

// TearDown looks for what is left.
TEST_P(MmapTest, AServerWithoutAPlaceThatCannotBeMadeLeavesNothing) {
  ExpectNothingLeftBy("mmap:");
}

INSTANTIATE_TEST_SUITE_P(Over, MmapTest,
                         testing::Values(NodeOptions::Wait::kUring, NodeOptions::Wait::kEpoll),
                         NameOfWait);

}  // namespace
}  // namespace jackfield
