// The journal over the bus: reading from any place, following, cursors over restarts and deaths,
// and what is refused.
#include "services/journal/journal.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "jackfield/channel.h"
#include "kernel/base/text.h"
#include "services/test_transports.h"

namespace jackfield::journal {
namespace {

using flatbuffers::FlatBufferBuilder;

absl::StatusOr<uint64_t> AppendTo(Channel& channel, std::string_view text) {
  const absl::StatusOr<MessageOf<Appended>> appended =
      JournalClient(channel)
          .Append([&](FlatBufferBuilder& fbb) {
            return CreateAppendRequest(
                fbb, fbb.CreateVector(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
          })
          .Wait();
  if (!appended.ok()) return appended.status();
  return (*appended)->sequence();
}

struct Wish {
  std::string cursor = {};
  uint64_t from = 0;
  bool follow = false;
};

class JournalTest : public testing::TestWithParam<std::string> {
 protected:
  JournalTest() {
    char name[] = "/tmp/jackfield_journal.XXXXXX";
    top_ = mkdtemp(name);
    node_ = Node::Create({.name = "test", .registry = &Transports()}).value();
    address_ = GetParam();
    Begin();
    channel_ = Channel::Open(*node_, address_).value();
  }
  ~JournalTest() override {
    channel_.reset();
    port_.reset();
    server_.reset();
    std::filesystem::remove_all(top_);
  }
  // The next life of the service, at the same place.
  void Begin() {
    port_.reset();
    server_.reset();
    server_ = JournalServer::Open(top_ + "/log", {.bytes_max = kLogBytesLeast}).value();
    port_ = Port::Open(*node_, {address_}, JournalServer::OptionsForPort()).value();
    server_->RegisterOn(*port_);
    ASSERT_TRUE(port_->WaitServing().ok()) << port_->failure();
    address_ = port_->addresses()[0].ToString();
  }
  uint64_t Append(std::string_view text) {
    const absl::StatusOr<uint64_t> number = AppendTo(*channel_, text);
    EXPECT_TRUE(number.ok()) << number.status();
    return number.value_or(0);
  }
  JournalClient client() { return JournalClient(*channel_); }
  ReadStream<Entry> Open(const Wish& wish) {
    return client()
        .Read([wish](FlatBufferBuilder& fbb) {
          return CreateReadRequest(fbb, fbb.CreateString(wish.cursor), wish.from, wish.follow);
        })
        .value();
  }
  static std::string Shown(const Entry& entry) {
    return Text(entry.sequence(), "=",
                std::string_view(reinterpret_cast<const char*>(entry.payload()->data()),
                                 entry.payload()->size()),
                entry.missed() == 0 ? "" : Text(" missed ", entry.missed()));
  }
  // "1=a 2=b", or why not.
  std::string Read(const Wish& wish = {}) {
    ReadStream<Entry> stream = Open(wish);
    std::string all;
    while (const std::optional<MessageOf<Entry>> entry = stream.Read().Wait())
      all += Text(all.empty() ? "" : " ", Shown(**entry));
    const absl::Status end = stream.Finish().Wait();
    return end.ok() ? all : Text(all, end.ToString());
  }
  absl::Status SetCursor(std::string_view name, uint64_t done) {
    return client()
        .SetCursor([&](FlatBufferBuilder& fbb) {
          return CreateCursor(fbb, fbb.CreateString(name.data(), name.size()), done);
        })
        .Wait()
        .status();
  }

  std::string top_, address_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<JournalServer> server_;
  std::unique_ptr<Port> port_;
  std::unique_ptr<Channel> channel_;
};

TEST_P(JournalTest, WhatIsAppendedIsReadFromAnyPlaceOn) {
  EXPECT_EQ(Read(), "");
  for (const char* text : {"a", "", "c"}) Append(text);
  EXPECT_EQ(Read(), "1=a 2= 3=c");
  EXPECT_EQ(Read({.from = 2}), "2= 3=c");
  EXPECT_EQ(Read({.from = 4}), "");
  Begin();
  EXPECT_EQ(Append("d"), 4u);
  EXPECT_EQ(Read({.from = 3}), "3=c 4=d");
}

TEST_P(JournalTest, AFollowerGetsWhatIsAppendedAndItsCancelEndsIt) {
  Append("a");
  {
    ReadStream<Entry> stream = Open({.follow = true});
    EXPECT_EQ(Shown(**stream.Read().Wait()), "1=a");
    ReadStream<Entry> second = Open({.from = 2, .follow = true});
    for (int i = 2; i < 500; ++i) {
      Append("x");
      ASSERT_EQ(Shown(**stream.Read().Wait()), Text(i, "=x"));
      ASSERT_EQ(Shown(**second.Read().Wait()), Text(i, "=x"));
    }
  }
  const auto readers = [this] {
    return client()
        .GetState([](FlatBufferBuilder& fbb) { return CreateStateRequest(fbb); })
        .Wait()
        .value()
        ->readers();
  };
  EXPECT_TRUE(node_->RunUntil([&] { return port_->calls_under_way() == 0; },
                              node_->clock().NowNs() + 60'000'000'000));
  EXPECT_EQ(readers(), 0u);
}

TEST_P(JournalTest, ACursorSurvivesItsReaderAndTheService) {
  for (const char* text : {"a", "b", "c"}) Append(text);
  EXPECT_TRUE(SetCursor("mail", 0).ok());
  EXPECT_EQ(Read({.cursor = "mail"}), "1=a 2=b 3=c");
  EXPECT_TRUE(SetCursor("mail", 2).ok());
  Begin();
  EXPECT_EQ(Read({.cursor = "mail"}), "3=c");
  EXPECT_TRUE(SetCursor("mail", 3).ok());
  EXPECT_EQ(Read({.cursor = "mail"}), "");
  EXPECT_TRUE(SetCursor("mail", 1).ok()) << "back, to read again";
  EXPECT_EQ(Read({.cursor = "mail"}), "2=b 3=c");
}

TEST_P(JournalTest, CursorsAreListedAndForgotten) {
  for (const char* text : {"a", "b", "c"}) Append(text);
  EXPECT_TRUE(SetCursor("mail", 1).ok());
  EXPECT_TRUE(SetCursor("bills", 3).ok());
  const auto listed = [this] {
    auto stream =
        client().Cursors([](FlatBufferBuilder& fbb) { return CreateCursorsRequest(fbb); }).value();
    std::string all;
    while (const std::optional<MessageOf<CursorState>> cursor = stream.Read().Wait())
      all +=
          Text((*cursor)->name()->str(), " ", (*cursor)->done(), " -", (*cursor)->behind(), "; ");
    return all;
  };
  EXPECT_EQ(listed(), "bills 3 -0; mail 1 -2; ");
  const auto forget = [](FlatBufferBuilder& fbb) {
    return CreateForgetRequest(fbb, fbb.CreateString("mail"));
  };
  EXPECT_TRUE(client().Forget(forget).Wait().ok());
  EXPECT_TRUE(client().Forget(forget).Wait().ok());
  EXPECT_EQ(listed(), "bills 3 -0; ");
}

TEST_P(JournalTest, WhatIsGoneIsToldExactly) {
  EXPECT_TRUE(SetCursor("slow", 0).ok());
  const std::string text(10'000, 'x');
  for (int i = 0; i < 300; ++i) Append(text);
  for (const Wish& wish : {Wish{.cursor = "slow"}, Wish{.from = 1}, Wish{.from = 5}}) {
    ReadStream<Entry> stream = Open(wish);
    const MessageOf<Entry> first = *stream.Read().Wait();
    EXPECT_EQ(first->sequence(), server_->log().first());
    EXPECT_EQ(first->missed() + std::max<uint64_t>(wish.from, 1), first->sequence());
    uint64_t read = 1;
    while (const std::optional<MessageOf<Entry>> entry = stream.Read().Wait()) {
      EXPECT_EQ((*entry)->missed(), 0u);
      ++read;
    }
    EXPECT_EQ(first->sequence() + read, 301u);
  }
  EXPECT_EQ((*Open({}).Read().Wait())->missed(), 0u) << "from the oldest there is";
}

TEST_P(JournalTest, WhatCannotBeIsRefusedWithWhatHelps) {
  Append("a");
  EXPECT_TRUE(SetCursor("mail", 0).ok());
  const auto says = [](const std::string& told, std::string_view code, std::string_view words) {
    EXPECT_NE(told.find(code), std::string::npos) << told;
    EXPECT_NE(told.find(words), std::string::npos) << told;
  };
  says(Read({.cursor = "mial"}), "NOT_FOUND", "did you mean \"mail\"?");
  says(Read({.cursor = "printing"}), "NOT_FOUND", "try: SetCursor");
  says(Read({.from = 3}), "OUT_OF_RANGE", "the last one is 1");
  says(SetCursor("mail", 2).ToString(), "OUT_OF_RANGE", "record 2 is not there yet");
  says(SetCursor("my mail", 1).ToString(), "INVALID_ARGUMENT", "without spaces");
  says(AppendTo(*channel_, std::string(kPayloadBytesMax + 1, 'x')).status().ToString(),
       "INVALID_ARGUMENT", "1047552 are the limit");
  EXPECT_EQ(Append(std::string(kPayloadBytesMax, 'x')), 2u);
}

TEST_P(JournalTest, OneReaderMoreThanTheLimitIsRefused) {
  std::vector<std::unique_ptr<Channel>> channels;
  std::vector<ReadStream<Entry>> readers;
  const auto request = [](FlatBufferBuilder& fbb) { return CreateReadRequest(fbb); };
  while (readers.size() < JournalServer::kReadersMax) {
    if (readers.size() % 256 == 0) channels.push_back(Channel::Open(*node_, address_).value());
    readers.push_back(JournalClient(*channels.back()).Read(request).value());
    if (readers.size() % 64 != 0) continue;
    ASSERT_TRUE(node_->RunUntil([&] { return port_->calls_under_way() == readers.size(); },
                                node_->clock().NowNs() + 60'000'000'000));
  }
  const std::string refused = Read();
  EXPECT_NE(refused.find("there are 1024 readers"), std::string::npos) << refused;
  EXPECT_EQ(Append("a"), 1u) << "and others go on";
  readers.pop_back();
  ASSERT_TRUE(node_->RunUntil([&] { return port_->calls_under_way() == readers.size(); },
                              node_->clock().NowNs() + 60'000'000'000));
  EXPECT_EQ(Read(), "1=a");
}

INSTANTIATE_TEST_SUITE_P(Over, JournalTest, testing::Values("unix:", "inproc:"),
                         [](const auto& info) {
                           return info.param.substr(0, info.param.size() - 1);
                         });

// The service in a process of its own.
pid_t Begin(const std::string& address, const std::string& directory) {
  int told[2];
  EXPECT_EQ(pipe(told), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto node = Node::Create({.name = "journal", .registry = &Transports()}).value();
    Grants grants;
    grants.serves = {address};
    grants.args = {"--log", directory};
    Service service(*node, grants, [&told](const std::vector<Address>&) {
      if (write(told[1], "", 1) < 0) _exit(1);
    });
    _exit(RunJournal(service).ok() ? 0 : 1);
  }
  close(told[1]);
  char byte;
  EXPECT_EQ(read(told[0], &byte, 1), 1) << "it did not become ready";
  close(told[0]);
  return pid;
}

TEST(KilledJournalTest, WhatWasAnsweredIsThereAndEachCursorStandsWhereItStood) {
  char name[] = "/tmp/jackfield_journal.XXXXXX";
  const std::string top = mkdtemp(name), address = Text("unix:", top, "/socket");
  const auto node = Node::Create({.name = "test", .registry = &Transports()}).value();
  pid_t pid = Begin(address, top + "/log");
  const auto channel = Channel::Open(*node, address).value();
  uint64_t answered = 0, last = 0;
  for (int life = 0; life < 3; ++life) {
    for (int i = 0; i < 100; ++i) {
      const absl::StatusOr<uint64_t> number = AppendTo(*channel, "x");
      ASSERT_TRUE(number.ok()) << number.status();
      ASSERT_GT(*number, last);
      last = *number;
      ++answered;
    }
    const auto cursor = [&](FlatBufferBuilder& fbb) {
      return CreateCursor(fbb, fbb.CreateString("c"), last - 10);
    };
    ASSERT_TRUE(JournalClient(*channel).SetCursor(cursor).Wait().ok());
    // One more is under way when it dies: it may be there.
    const Future<Message> in_doubt =
        channel->CallFuture(JournalMethods::kAppend.type, jackfield::Bytes("?"));
    node->Turn(Loop::kDoNotSleep);
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    pid = Begin(address, top + "/log");
    const auto state = [](FlatBufferBuilder& fbb) { return CreateStateRequest(fbb); };
    EXPECT_EQ(JournalClient(*channel).GetState(state).Wait().value()->last(), last);
    auto stream = JournalClient(*channel)
                      .Read([](FlatBufferBuilder& fbb) {
                        return CreateReadRequest(fbb, fbb.CreateString("c"), 0, false);
                      })
                      .value();
    uint64_t read = 0, expected = last - 10;
    while (const std::optional<MessageOf<Entry>> entry = stream.Read().Wait()) {
      EXPECT_EQ((*entry)->sequence(), ++expected);
      ++read;
    }
    EXPECT_TRUE(stream.Finish().Wait().ok());
    EXPECT_EQ(read, 10u) << "what was under way was no request, and is not there";
  }
  EXPECT_EQ(answered, last);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  std::filesystem::remove_all(top);
}

}  // namespace
}  // namespace jackfield::journal
