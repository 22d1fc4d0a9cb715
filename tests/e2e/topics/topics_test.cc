// The service topics and the verbs pub and sub, as a user runs them.
#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

using ::testing::HasSubstr;

class TopicsTest : public testing::Test {
 protected:
  TopicsTest() : address_("unix:" + directory_.path() + "/topics") {
    setenv("XDG_RUNTIME_DIR", directory_.path().c_str(), 1);
    Start();
  }
  // Returns at once: who connects within its time meets it.
  void Start(const std::vector<std::string>& args = {}) {
    std::vector<std::string> words = {"service", "topics", "--serve", address_};
    if (!args.empty()) words.emplace_back("--");
    words.insert(words.end(), args.begin(), args.end());
    service_ = std::make_unique<Command>(words);
  }
  void EndService(int signal, int exit_status) {
    service_->Signal(signal);
    EXPECT_EQ(service_->Wait(), exit_status) << service_->err();
  }
  // Returns what it said on stderr.
  std::string Pub(std::vector<std::string> words, int exit_status = 0) {
    words.insert(words.begin(), {"pub", address_});
    words.insert(words.end(), {"-T", "10s"});
    Command command(words, directory_.path());
    EXPECT_EQ(command.Wait(), exit_status) << command.err();
    EXPECT_EQ(command.out(), "");
    return command.err();
  }
  std::unique_ptr<Command> Sub(std::vector<std::string> words) {
    words.insert(words.begin(), {"sub", address_});
    words.insert(words.end(), {"-T", "10s"});
    auto command = std::make_unique<Command>(words);
    EXPECT_TRUE(command->WaitForStderr("# subscribed to ")) << command->err();
    return command;
  }

  const TemporaryDirectory directory_;
  const std::string address_;
  std::unique_ptr<Command> service_;
};

TEST_F(TopicsTest, WhatIsPublishedIsALineOfWhoeverSubscribes) {
  const auto sub = Sub({"shop.*.tea", "-n", "3"});
  EXPECT_EQ(Pub({"shop.price.tea", "420"}), "# message 1, to 1 subscriber\n");
  EXPECT_EQ(Pub({"shop.price.milk", "160"}), "# message 2, to 0 subscribers\n");
  EXPECT_EQ(Pub({"shop.stock.tea", "7", "-q"}), "");
  Pub({"shop.stock.tea"});
  EXPECT_EQ(sub->Wait(), 0) << sub->err();
  EXPECT_EQ(sub->out(), "shop.price.tea 420\nshop.stock.tea 7\nshop.stock.tea \n");
}

TEST_F(TopicsTest, WhoComesLateSeesTheLastValue) {
  Pub({"a", "1"});
  Pub({"a", "2"});
  const auto sub = Sub({"a", "-n", "1", "-o", "json"});
  EXPECT_EQ(sub->Wait(), 0) << sub->err();
  EXPECT_EQ(sub->out(),
            "{\"topic\":\"a\",\"sequence\":2,\"missed\":0,\"last_value\":true,\"text\":\"2\"}\n");
}

TEST_F(TopicsTest, ThePayloadComesFromAFileToo) {
  directory_.Write("payload", "from a file\n\xff");
  Pub({"a", "-d", "@payload"});
  const auto lines = Sub({"a", "-n", "1"}), json = Sub({"a", "-n", "1", "-o", "json"});
  EXPECT_EQ(lines->Wait(), 0);
  EXPECT_EQ(lines->out(), "a from a file\\x0a\\xff\n") << "a message is a line";
  EXPECT_EQ(json->Wait(), 0);
  EXPECT_THAT(json->out(), HasSubstr("\"text\":\"from a file\\\\x0a\\\\xff\"}\n"));
  EXPECT_THAT(Pub({"a", "-d", "@gone"}, 1), HasSubstr("cannot read gone"));
  EXPECT_THAT(Pub({"a", "text", "-d", "@payload"}, 2),
              HasSubstr("pub: the data stand behind the topic or in --data, not in both"));
}

TEST_F(TopicsTest, AWrongWordIsSaidBeforeAnythingIsAsked) {
  EXPECT_THAT(Pub({"a.*", "x"}, 2), HasSubstr("pub: the topic \"a.*\" has a '*' or '>'"));
  Command pattern({"sub", address_, "a.>.b"}), count({"sub", address_, "a", "-n", "0"});
  EXPECT_EQ(pattern.Wait(), 2);
  EXPECT_THAT(pattern.err(), HasSubstr("sub: the pattern \"a.>.b\" has"));
  EXPECT_EQ(count.Wait(), 2);
  EXPECT_THAT(count.err(), HasSubstr("--count is a number, 1 or more, not \"0\""));
}

TEST_F(TopicsTest, SubEndsWithCtrlC) {
  const auto sub = Sub({">"});
  Pub({"a", "1"});
  EXPECT_TRUE(sub->WaitForStdout("a 1\n"));
  sub->Signal(SIGINT);
  EXPECT_EQ(sub->Wait(), 130);
}

TEST_F(TopicsTest, SubGoesOnWhenTheServiceIsKilledOrStoppedAndStartedAgain) {
  const auto sub = Sub({"a", "-n", "3"});
  Pub({"a", "1"});
  EXPECT_TRUE(sub->WaitForStdout("a 1\n"));
  EndService(SIGKILL, -SIGKILL);
  Start();
  EXPECT_TRUE(sub->WaitForStderr("# subscribed to ", 2)) << sub->err();
  Pub({"a", "2"});
  EXPECT_TRUE(sub->WaitForStdout("a 2\n"));
  EndService(SIGTERM, 0);
  Start();
  EXPECT_TRUE(sub->WaitForStderr("# subscribed to ", 3)) << sub->err();
  Pub({"a", "3"});
  EXPECT_EQ(sub->Wait(), 0) << sub->err();
  EXPECT_EQ(sub->out(), "a 1\na 2\na 3\n");
  EXPECT_EQ(sub->Count("# messages may be missed here"), 2u) << sub->err();
}

TEST_F(TopicsTest, WithALogNothingIsMissedOverAKilledServiceAndWhoComesLateGetsAll) {
  EndService(SIGKILL, -SIGKILL);  // it has no log, and may not have begun
  const std::vector<std::string> log = {"--log", directory_.path() + "/log"};
  Start(log);
  const auto sub = Sub({"a", "-n", "3"});
  Pub({"a", "1"});
  EXPECT_TRUE(sub->WaitForStdout("a 1\n"));
  for (const char* text : {"2", "3"}) {
    EndService(SIGKILL, -SIGKILL);
    Start(log);
    Pub({"a", text});
  }
  EXPECT_EQ(sub->Wait(), 0) << sub->err();
  EXPECT_EQ(sub->out(), "a 1\na 2\na 3\n");
  EXPECT_EQ(sub->Count("missed here"), 0u) << sub->err();
  const auto all = Sub({"a", "-n", "3", "--from", "1"}), two = Sub({"a", "-n", "2", "--from", "2"}),
             oldest = Sub({"a", "-n", "3", "--from", "oldest"});
  EXPECT_EQ(all->Wait() + two->Wait() + oldest->Wait(), 0);
  EXPECT_EQ(all->out(), "a 1\na 2\na 3\n");
  EXPECT_EQ(oldest->out(), all->out());
  EXPECT_EQ(two->out(), "a 2\na 3\n");
}

TEST_F(TopicsTest, WithoutALogWhoWantsWhatWasBeforeIsToldHowToHaveOne) {
  Command none({"sub", address_, "a", "--from", "oldest", "-T", "10s"});
  EXPECT_EQ(none.Wait(), 73) << none.err();
  EXPECT_THAT(none.err(), HasSubstr("\"--log\", \"DIRECTORY\""));
  Command wrong({"sub", address_, "a", "--from", "0"});
  EXPECT_EQ(wrong.Wait(), 2);
  EXPECT_THAT(wrong.err(), HasSubstr("--from is a number, 1 or more, or oldest, not \"0\""));
  Command service({"service", "topics", "--serve", address_ + "2", "--", "--lag", "x"});
  EXPECT_EQ(service.Wait(), 1);
  EXPECT_THAT(service.err(), HasSubstr("cannot read \"--lag\"  try: --log DIRECTORY"));
}

TEST_F(TopicsTest, AServiceWithoutTopicsIsToldAndNobodyIsUnreachable) {
  const std::string other = "unix:" + directory_.path() + "/other";
  Command semaphore({"service", "semaphore", "--serve", other});
  for (const std::string verb : {"pub", "sub"}) {
    Command command({verb, other, "a", "-T", "10s"});
    EXPECT_EQ(command.Wait(), 76) << command.err();
    Command nobody({verb, "unix:" + directory_.path() + "/nobody", "a", "-T", "100ms"});
    EXPECT_EQ(nobody.Wait(), 3) << nobody.err();
  }
  semaphore.Signal(SIGTERM);
  EXPECT_EQ(semaphore.Wait(), 0);
}

TEST_F(TopicsTest, AServiceOfARunningWiringIsATargetByItsName) {
  const std::string wiring =
      directory_.Write("news.toml",
                       "jackfield = 1\nname = \"news\"\nover = \"unix:\"\n[service.topics]\n"
                       "run = \"topics\"\nserve = [\"unix:" +
                           directory_.path() + "/served\"]\n");
  Command up({"up", wiring});
  ASSERT_TRUE(up.WaitForStderr("ready")) << up.err();
  Command pub({"pub", "topics", "a.b", "text", "-w", "news"});
  EXPECT_EQ(pub.Wait(), 0) << pub.err();
  Command sub({"sub", "topics", ">", "-n", "1", "-w", "news"});
  EXPECT_EQ(sub.Wait(), 0) << sub.err();
  EXPECT_EQ(sub.out(), "a.b text\n");
  up.Signal(SIGINT);
  up.Wait();
}

class TopicsKeyTest : public testing::Test {
 protected:
  TopicsKeyTest() { setenv("XDG_RUNTIME_DIR", directory_.path().c_str(), 1); }
  // A wiring of one service, with that key and those arguments in quotes.
  std::string Wiring(const std::string& key, const std::string& args) const {
    return directory_.Write("talk.toml",
                            "jackfield = 1\nname = \"talk\"\n[service.talker]\nrun = "
                            "[\"" +
                                talker + "\", " + args + "]\ntopics = " + key + "\n");
  }
  const TemporaryDirectory directory_;

 public:
  static inline std::string talker;  // the path of that program
};

TEST_F(TopicsKeyTest, AServicePublishesAndReadsWhatItsWiringSaysAndNothingElse) {
  Command up({"up", Wiring("{ pub = [\"order.*\"], sub = [\"order.>\"] }",
                           "\"pub:order.new=hello\", \"sub:order.new\", \"pub:price.tea=4\", "
                           "\"sub:>\"")});
  EXPECT_EQ(up.Wait(), 0) << up.err();
  EXPECT_EQ(up.out(),
            "published order.new\n"
            "order.new=hello\n"
            "talker may not publish \"price.tea\": its wiring lets it publish order.*  try: topics "
            "= { pub = [\"price.tea\"] } under [service.talker]\n"
            "talker may not subscribe to \">\": its wiring lets it subscribe to order.>  try: "
            "topics = { sub = [\">\"] } under [service.talker]\n")
      << up.err();
  EXPECT_THAT(up.err(), HasSubstr("a service topics is started for what is published"));
  EXPECT_THAT(up.err(), HasSubstr("topics  ready"));
}

TEST_F(TopicsKeyTest, TheSameOverThreadsIsRefusedAsAnyProgramIs) {
  Command up({"up", Wiring("{ pub = [\"a\"] }", "\"pub:a=b\""), "--over", "inproc"});
  EXPECT_EQ(up.Wait(), 2);
  EXPECT_THAT(up.err(), HasSubstr("inproc: joins only services of one process"));
}

TEST_F(TopicsKeyTest, CheckWarnsOfWhatNobodyPublishesAndExplainShowsWhatIsAllowed) {
  const std::string wiring = Wiring("{ pub = [\"a.*\"], sub = [\"b\"] }", "\"pub:a.b=c\"");
  Command check({"check", "-v", wiring});
  EXPECT_EQ(check.Wait(), 0) << check.err();
  EXPECT_THAT(check.err(),
              HasSubstr("talker subscribes to \"b\", and no service may publish any of it"));
  EXPECT_THAT(check.out(), HasSubstr("  talker → topics  unix:\n"));
  Command explain({"explain", wiring, "talker", "topics"});
  EXPECT_EQ(explain.Wait(), 0) << explain.err();
  EXPECT_THAT(explain.out(), HasSubstr("\n  may publish: a.*; subscribe to: b; else nothing\n"));
}

}  // namespace
}  // namespace jackfield

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc < 3) return 2;
  // Some commands run in another directory.
  setenv("JACKFIELD_PROGRAM", std::filesystem::absolute(argv[1]).c_str(), 1);
  jackfield::TopicsKeyTest::talker = std::filesystem::absolute(argv[2]).string();
  return RUN_ALL_TESTS();
}
