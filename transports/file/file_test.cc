// The recording as a transport: many writers, many readers, deaths and full disks.
#include "transports/file/file.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/engine/records/one_way_world.h"
#include "transports/file/recording_format.h"
#include "transports/file/recording_reader.h"

namespace jackfield {
namespace {

class FileTest : public OneWayWorld {
 protected:
  void SetUp() override {
    Begin(MakeFileTransport());
    address_ = Text("file:", directory_, "/notes");
  }
  static std::string NoteOf(std::string_view writer, uint32_t number) {
    return Text(writer, " ", number, " ", std::string(number * 31 % 2000, 'x'));
  }
  static absl::Status Send(Channel& channel, std::string_view writer, uint32_t from, uint32_t to) {
    for (uint32_t i = from; i <= to; ++i) {
      const std::string note = NoteOf(writer, i);
      if (absl::Status sent = channel.Send(kNote, Bytes(note)).Wait(); !sent.ok()) return sent;
    }
    return absl::OkStatus();
  }
  // Each writer's notes are whole, and in its order without a gap. Returns how many each has.
  static std::map<std::string, uint32_t> CheckNotes(const std::vector<std::string>& got) {
    std::map<std::string, uint32_t> last;
    for (const std::string& note : got) {
      const std::string writer = note.substr(0, note.find(' '));
      const uint32_t number = ++last[writer];
      EXPECT_EQ(note, NoteOf(writer, number));
    }
    return last;
  }

  std::string address_;
};

TEST_P(FileTest, ManyWritersOfManyProcessesAppendWholeMessagesAndEveryReaderGetsAll) {
  constexpr uint32_t kCount = 1500;
  std::vector<std::string> early, late;
  const std::unique_ptr<Port> first = Serve(address_, early);
  std::vector<pid_t> children;
  for (const char* writer : {"a", "b", "c"}) {
    children.push_back(fork());
    if (children.back() != 0) continue;
    std::unique_ptr<Node> node = MakeNode().value();
    std::unique_ptr<Channel> channel = Connect(*node, address_).value();
    const bool sent = Send(*channel, writer, 1, kCount).ok();
    const bool delivered = channel->Close(60s).delivered == kCount;
    channel.reset();
    node.reset();
    _exit(sent && delivered ? 0 : 1);
  }
  // And two of this node.
  auto one = Connect(*node_, address_), other = Connect(*node_, address_);
  ASSERT_TRUE(one.ok() && other.ok());
  for (uint32_t i = 1; i <= 100; ++i) {
    ASSERT_TRUE(Send(**one, "one", i, i).ok());
    ASSERT_TRUE(Send(**other, "other", i, i).ok());
  }
  ASSERT_TRUE(AwaitNotes(early, 3 * kCount + 200));
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  const std::unique_ptr<Port> second = Serve(address_, late);
  ASSERT_TRUE(AwaitNotes(late, early.size()));
  EXPECT_EQ(early, late);
  const std::map<std::string, uint32_t> want = {
      {"a", kCount}, {"b", kCount}, {"c", kCount}, {"one", 100}, {"other", 100}};
  EXPECT_EQ(CheckNotes(early), want);
  EXPECT_EQ(first->ledger().lost + first->ledger().stale, 0u);
}

TEST_P(FileTest, WhatIsSyncedIsReadAsWhatIsWrittenIs) {
  const std::string address = address_ + "?ack=synced";
  std::vector<std::string> got;
  const std::unique_ptr<Port> port = Serve(address, got);
  auto channel = Connect(*node_, address);
  ASSERT_TRUE(channel.ok()) << channel.status();
  ASSERT_TRUE(Send(**channel, "a", 1, 300).ok());
  EXPECT_EQ((*channel)->Close(60s).delivered, 300u);
  ASSERT_TRUE(AwaitNotes(got, 300));
  EXPECT_EQ(CheckNotes(got)["a"], 300u);
}

TEST_P(FileTest, AReaderFromTheEndGetsWhatIsWrittenFromNowOn) {
  auto channel = Connect(*node_, address_);
  ASSERT_TRUE(channel.ok()) << channel.status();
  ASSERT_TRUE(Send(**channel, "a", 1, 10).ok());
  ASSERT_TRUE(node_->RunUntil([&] { return (*channel)->ledger().delivered == 10; },
                              SystemClock().NowNs() + 60'000'000'000));
  std::vector<std::string> got;
  const std::unique_ptr<Port> port = Serve(address_ + "?from=end", got);
  ASSERT_TRUE(Send(**channel, "a", 11, 12).ok());
  ASSERT_TRUE(AwaitNotes(got, 2));
  EXPECT_EQ(got, (std::vector<std::string>{NoteOf("a", 11), NoteOf("a", 12)}));
}

TEST_P(FileTest, WhatWasDeliveredSurvivesTheDeathOfTheWriterAndATornRestIsSkipped) {
  int told[2];
  ASSERT_EQ(pipe2(told, O_CLOEXEC), 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::unique_ptr<Node> node = MakeNode().value();
    const std::unique_ptr<Channel> channel = Connect(*node, address_).value();
    for (uint32_t i = 1;; ++i) {
      if (!Send(*channel, "a", i, i).ok()) _exit(1);
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
  // The dead writer may have written one more than it told of: a note of another's says where all
  // of its own end.
  std::vector<std::string> got;
  std::unique_ptr<Port> port = Serve(address_, got);
  auto last = Connect(*node_, address_);
  ASSERT_TRUE(last.ok()) << last.status();
  ASSERT_TRUE(Send(**last, "last", 1, 1).ok());
  ASSERT_TRUE(node_->RunUntil([&] { return !got.empty() && got.back() == NoteOf("last", 1); },
                              SystemClock().NowNs() + 60'000'000'000));
  EXPECT_GE(CheckNotes(got)["a"], delivered);
  port.reset();
  last->reset();
  // As a crash in the midst of a write leaves it.
  const std::string path = directory_ + "/notes";
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 5);
  auto channel = Connect(*node_, address_);
  ASSERT_TRUE(channel.ok()) << channel.status();
  ASSERT_TRUE(Send(**channel, "b", 1, 50).ok());
  std::vector<std::string> all;
  const std::unique_ptr<Port> again = Serve(address_, all);
  ASSERT_TRUE(AwaitNotes(all, got.size() - 1 + 50));
  EXPECT_EQ(CheckNotes(all)["b"], 50u);
  EXPECT_EQ(again->ledger().lost, 1u);
  EXPECT_EQ(all.size(), got.size() - 1 + 50);
}

TEST_P(FileTest, AFullDiskEndsTheChannelWithTheReasonAndNothingHalfWrittenIsBelieved) {
  for (const char* ack : {"written", "synced"}) {
    const std::string disk = Text(directory_, "/", ack);
    ASSERT_EQ(mkdir(disk.c_str(), 0700), 0);
    if (mount("none", disk.c_str(), "tmpfs", 0, "size=256k") != 0)
      GTEST_SKIP() << "only root can mount a small disk";
    const std::string address = Text("file:", disk, "/notes?ack=", ack);
    std::vector<std::string> got;
    auto channel = Connect(*node_, address);
    ASSERT_TRUE(channel.ok()) << channel.status();
    absl::Status status;
    for (uint32_t i = 1; i < 100'000 && status.ok(); ++i) status = Send(**channel, "a", i, i);
    const absl::Status why = (*channel)->ended_why();
    EXPECT_NE(why.ToString().find("ENOSPC"), std::string::npos) << why << " " << status;
    EXPECT_NE(why.ToString().find("make room"), std::string::npos) << why;
    const Ledger ledger = (*channel)->ledger();
    EXPECT_GT(ledger.delivered, 50u);
    EXPECT_EQ(ledger.queued(), 0u);
    const std::unique_ptr<Port> port = Serve(address, got);
    ASSERT_TRUE(AwaitNotes(got, ledger.delivered));
    node_->RunUntil([] { return false; }, node_->clock().NowNs() + 5'000'000);
    EXPECT_EQ(CheckNotes(got)["a"], ledger.delivered) << "what was not delivered is not there";
    // With room again another goes on behind what was torn.
    ASSERT_EQ(mount("none", disk.c_str(), "tmpfs", MS_REMOUNT, "size=1m"), 0);
    auto next = Connect(*node_, address);
    ASSERT_TRUE(next.ok()) << next.status();
    ASSERT_TRUE(Send(**next, "b", 1, 10).ok());
    ASSERT_TRUE(AwaitNotes(got, ledger.delivered + 10));
    EXPECT_EQ(CheckNotes(got)["b"], 10u);
  }
  node_.reset();  // it closes the files
  for (const char* ack : {"/written", "/synced"}) EXPECT_EQ(umount((directory_ + ack).c_str()), 0);
}

// logrotate's copytruncate, `: > notes`, rm: what was said to be delivered by then is the other
// program's to keep; nothing is said to be delivered after it.
TEST_P(FileTest, AFileThatIsEmptiedCutOrRemovedEndsItsChannelAndTheNextOneGoesOn) {
  const std::string path = directory_ + "/notes";
  for (const char* ack : {"written", "synced"}) {
    for (const char* how : {"emptied", "cut short", "removed"}) {
      const std::string address = Text(address_, "?ack=", ack);
      std::vector<std::string> got;
      const std::unique_ptr<Port> port = Serve(address, got);
      auto channel = Connect(*node_, address);
      ASSERT_TRUE(channel.ok()) << channel.status();
      ASSERT_TRUE(Send(**channel, "a", 1, 20).ok());
      ASSERT_TRUE(AwaitNotes(got, 20));
      ASSERT_TRUE(node_->RunUntil([&] { return (*channel)->ledger().delivered == 20; },
                                  SystemClock().NowNs() + 60'000'000'000));
      if (how == std::string_view("emptied")) std::filesystem::resize_file(path, 0);
      if (how == std::string_view("cut short")) std::filesystem::resize_file(path, 500);
      if (how == std::string_view("removed")) std::filesystem::remove(path);
      absl::Status status;
      for (uint32_t i = 21; i < 100'000 && status.ok(); ++i) {
        status = Send(**channel, "a", i, i);
        node_->Turn(Node::kDoNotSleep);
      }
      const absl::Status why = (*channel)->ended_why();
      EXPECT_NE(why.ToString().find(Text("notes was ", how, " by another program")),
                std::string::npos)
          << why << ", sent: " << status;
      EXPECT_EQ((*channel)->ledger().delivered, 20u) << how;
      EXPECT_EQ((*channel)->ledger().queued(), 0u);
      if (how == std::string_view("cut short")) {  // else it goes on behind what it finds then
        ASSERT_TRUE(node_->RunUntil([&] { return port->ledger().lost == 1; },
                                    SystemClock().NowNs() + 60'000'000'000));
      }
      // The old channel is there still, and in nobody's way.
      auto next = Connect(*node_, address);
      ASSERT_TRUE(next.ok()) << next.status();
      ASSERT_TRUE(Send(**next, "b", 1, 10).ok());
      ASSERT_TRUE(node_->RunUntil([&] { return (*next)->ledger().delivered == 10; },
                                  SystemClock().NowNs() + 60'000'000'000));
      if (how != std::string_view("removed")) {  // a reader follows the file, not its name
        ASSERT_TRUE(node_->RunUntil([&] { return CheckNotes(got)["b"] == 10; },
                                    SystemClock().NowNs() + 60'000'000'000));
        EXPECT_EQ(port->ledger().lost, 1u) << how;
      }
      std::vector<std::string> all;
      const std::unique_ptr<Port> later = Serve(address, all);
      ASSERT_TRUE(node_->RunUntil([&] { return !all.empty() && all.back() == NoteOf("b", 10); },
                                  SystemClock().NowNs() + 60'000'000'000));
      std::filesystem::remove(path);
    }
  }
}

TEST_P(FileTest, AFileSizeLimitRefusesAndDoesNotKill) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit limit{20'000, 20'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    std::unique_ptr<Node> node = MakeNode().value();
    std::unique_ptr<Channel> channel = Connect(*node, address_).value();
    absl::Status status;
    for (uint32_t i = 1; i < 100'000 && status.ok(); ++i) status = Send(*channel, "a", i, i);
    const std::string why = channel->ended_why().ToString();
    const bool said = why.find("EFBIG") != why.npos && why.find("ulimit -f") != why.npos;
    const uint64_t delivered = channel->ledger().delivered;
    if (!said) std::fprintf(stderr, "%s, %s\n", why.c_str(), status.ToString().c_str());
    channel.reset();
    node.reset();
    _exit(said && delivered > 5 ? static_cast<int>(delivered) : 255);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
  ASSERT_NE(WEXITSTATUS(status), 255);
  std::vector<std::string> got;
  const std::unique_ptr<Port> port = Serve(address_, got);
  const auto delivered = static_cast<uint32_t>(WEXITSTATUS(status));
  ASSERT_TRUE(AwaitNotes(got, delivered));
  EXPECT_EQ(CheckNotes(got)["a"], delivered);
}

// Cut off at any byte, as it is seen while it is being written, and after a crash.
TEST_P(FileTest, AMessageThatHoldsRecordsOfItsRecordingIsNotTakenForThem) {
  const std::string path = directory_ + "/notes";
  const auto bytes_of = [&] {
    std::ostringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    return bytes.str();
  };
  auto channel = Connect(*node_, address_);
  ASSERT_TRUE(channel.ok()) << channel.status();
  ASSERT_TRUE((*channel)->Send(kNote, Bytes("the first")).Wait().ok());
  const std::string before = bytes_of();
  ASSERT_GT(before.size(), sizeof(RecordingIdentity));
  const std::string copies = before + before;
  ASSERT_TRUE((*channel)->Send(kNote, Bytes(copies)).Wait().ok());
  const std::string with = bytes_of();

  std::vector<std::string> got;
  const std::unique_ptr<Port> port = Serve(address_, got);
  ASSERT_TRUE(AwaitNotes(got, 2));
  EXPECT_EQ(got, (std::vector<std::string>{"the first", copies})) << "whole, as it was sent";

  const Sys sys(nullptr);
  const std::string behind = before.substr(sizeof(RecordingIdentity));
  for (size_t cut = before.size() + 1; cut < with.size(); ++cut) {
    const std::string torn = Text(directory_, "/torn");
    std::ofstream(torn, std::ios::binary) << with.substr(0, cut);
    const auto reader = RecordingReader::Open(sys, torn, RecordingReader::From::kStart);
    ASSERT_TRUE(reader.ok()) << reader.status();
    ASSERT_TRUE((*reader)->Next()->has_value());
    EXPECT_FALSE((*reader)->Next()->has_value()) << cut;
    EXPECT_EQ((*reader)->lost(), 0u) << cut;
    std::ofstream(torn, std::ios::app | std::ios::binary) << behind;
    EXPECT_TRUE((*reader)->Next()->has_value()) << cut;
    EXPECT_EQ((*reader)->lost(), 1u) << cut;
    EXPECT_FALSE((*reader)->Next()->has_value()) << cut;
  }
}

TEST_P(FileTest, LargeMessagesArriveUnchanged) {
  std::vector<std::string> got;
  const std::unique_ptr<Port> port = Serve(address_, got);
  auto channel = Connect(*node_, address_);
  ASSERT_TRUE(channel.ok()) << channel.status();
  ASSERT_TRUE((*channel)->WaitOpen().ok());
  std::vector<std::string> sent;
  for (const size_t bytes : {size_t{16 << 20} - 48, size_t{1}, size_t{3} << 20, size_t{300'000}}) {
    sent.push_back(std::string(bytes, static_cast<char>('a' + sent.size())));
    ASSERT_TRUE((*channel)->Send(kNote, Bytes(sent.back())).Wait().ok());
  }
  ASSERT_TRUE(AwaitNotes(got, sent.size()));
  EXPECT_TRUE(got == sent);
}

TEST_P(FileTest, WhatCannotBeIsRefusedWithTheReason) {
  const auto says = [](const absl::Status& status, std::string_view words) {
    EXPECT_NE(status.ToString().find(words), std::string::npos) << status;
  };
  says(Channel::Open(*node_, address_).status(), "reply");
  says(Connect(*node_, "file:notes").status(), "whole path");
  says(Connect(*node_, "file:").status(), "needs to know which file");
  says(Connect(*node_, address_ + "?from=middle").status(), "start or end");
  says(Connect(*node_, address_ + "?form=end").status(), "from");
  says(Connect(*node_, address_ + "?ack=maybe").status(), "synced or written");
  std::ofstream(directory_ + "/letter") << "dear friend";
  const auto letter = Connect(*node_, Text("file:", directory_, "/letter"));
  says(letter.ok() ? (*letter)->WaitOpen() : letter.status(), "left alone");
}

// TearDown looks for what is left.
TEST_P(FileTest, AServerWithoutAPlaceThatCannotBeMadeLeavesNothing) {
  ExpectNothingLeftBy("file:");
}

INSTANTIATE_TEST_SUITE_P(Over, FileTest,
                         testing::Values(NodeOptions::Wait::kUring, NodeOptions::Wait::kEpoll),
                         NameOfWait);

}  // namespace
}  // namespace jackfield
