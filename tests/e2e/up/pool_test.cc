// A service with instances, and a role with many servers: one is killed, one is stopped, all are
// restarted in turn, and the commands know them one by one and together.
#include <signal.h>

#include <cstdlib>
#include <regex>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

bool Contains(std::string_view text, std::string_view words) {
  return text.find(words) != text.npos;
}

// The number in the line of `out` that begins with `name`; -1: there is none.
int64_t NumberOf(const std::string& out, const std::string& name) {
  const size_t at = ("\n" + out).find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::atoll(out.c_str() + at + name.size() + 1);
}

class PoolTest : public ::testing::Test {
 protected:
  std::string Wiring(const std::string& boss_args, const std::string& worker = "") {
    return directory_.Write(
        "crew.toml", "jackfield = 1\nover = \"unix:\"\n[service.boss]\nrun = \"boss " + boss_args +
                         "\"\ncalls = [\"worker\"]\n[service.worker]\nrun = \"worker\"\n"
                         "instances = 3\n" +
                         worker);
  }
  static std::string NameOf(const Command& up) { return "crew@" + std::to_string(up.pid()); }
  static void Stop(Command& up) {
    Command down({"down", NameOf(up)});
    EXPECT_EQ(down.Wait(), 0) << down.err();
    EXPECT_EQ(up.Wait(), 0) << up.err();
  }
  // Waits until the boss has had 1,000 answers more.
  static void LetItWork(Command& up) {
    const size_t times = up.Count("answered ");
    EXPECT_TRUE(up.WaitForStderr("answered ", times + 2)) << up.err();
  }
  TemporaryDirectory directory_;
};

constexpr char kOnFailure[] = "restart = \"on-failure\"\n";

TEST_F(PoolTest, EveryInstanceGetsItsPartOverAnyMedium) {
  for (const std::string over : {"unix", "pipe", "tcp", "shm", "inproc", "mq", "fifo"}) {
    Command up({"up", Wiring("60000 3000"), "--over", over});
    EXPECT_EQ(up.Wait(), 0) << over << ": " << up.err();
    int64_t sum = 0;
    for (const char* worker : {"worker.1", "worker.2", "worker.3"}) {
      const int64_t answers = NumberOf(up.out(), worker);
      EXPECT_GT(answers, 0) << worker << " over " << over << ": " << up.out();
      sum += answers;
    }
    EXPECT_EQ(sum, 3000) << over << ": " << up.out();
    EXPECT_TRUE(Contains(up.out(), "0 in doubt, 0 lost\n")) << over << ": " << up.out();
  }
}

TEST_F(PoolTest, WhatAKilledInstanceHadIsDoneByAnotherAndItComesBack) {
  Command up({"up", Wiring("60000", kOnFailure)});
  ASSERT_TRUE(up.WaitForStderr("answered 1000\n")) << up.err();
  EXPECT_TRUE(Contains(up.err(), "  calls worker\n")) << "the role, once: " << up.err();
  for (size_t death = 1; death <= 5; ++death) {
    const pid_t pid = up.PidOf("worker.1");
    ASSERT_GT(pid, 0) << up.err();
    ASSERT_EQ(kill(pid, SIGKILL), 0);
    ASSERT_TRUE(up.WaitForStderr("worker.1 | works\n", death + 1)) << up.err();
    LetItWork(up);
  }
  Stop(up);
  EXPECT_GT(NumberOf(up.out(), "worker.1"), 0) << up.out();
  EXPECT_TRUE(Contains(up.out(), "0 in doubt, 0 lost\n")) << up.out() << up.err();
}

TEST_F(PoolTest, AStoppedInstanceIsPassedOverAndWhatItHasIsInDoubtAtItsDeadline) {
  Command up({"up", Wiring("500", kOnFailure)});
  ASSERT_TRUE(up.WaitForStderr("answered 1000\n")) << up.err();
  const pid_t pid = up.PidOf("worker.2");
  ASSERT_EQ(kill(pid, SIGSTOP), 0);
  ASSERT_TRUE(up.WaitForStderr("in doubt: ", 3)) << up.err();
  LetItWork(up);
  // One word: who is stuck, and who waits for it.
  const std::string table = OutputUntil({"ps", NameOf(up)}, "\nboss   worker.2  ");
  EXPECT_TRUE(Contains(table, "\nboss   worker.2  jackfield.pool.Worker/Do")) << table;
  EXPECT_FALSE(Contains(table, "\nboss   worker.1  ")) << table;
  // A call by hand goes to one that is not stopped.
  for (int i = 0; i < 3; ++i) {
    const std::string who = OutputOf({"call", "-q", "-w", NameOf(up), "worker", "Do", "{}"});
    EXPECT_TRUE(Contains(who, "worker.1") || Contains(who, "worker.3")) << who;
  }
  kill(pid, SIGCONT);
  LetItWork(up);
  Stop(up);
  const std::string& out = up.out();
  const int64_t answered =
      NumberOf(out, "worker.1") + NumberOf(out, "worker.2") + NumberOf(out, "worker.3");
  const int64_t in_doubt = std::atoll(out.substr(out.rfind('\n', out.size() - 2) + 1).c_str());
  EXPECT_GE(in_doubt, 3) << out;
  EXPECT_GT(answered, 20 * in_doubt) << "the others did the work: " << out;
  EXPECT_TRUE(Contains(out, " 0 lost\n")) << out;
  std::smatch place;
  const std::string& said = up.err();
  ASSERT_TRUE(
      std::regex_search(said, place, std::regex("(?:^|\n)  worker\\.2 .*  (unix:[^ ]+)  pid")))
      << said;
  EXPECT_GE(up.Count("no answer from " + place[1].str() + " in time"), 3u) << said;
}

TEST_F(PoolTest, AllAreRestartedInTurnByTheNameOfTheirServiceAndNobodyIsLost) {
  Command up({"up", Wiring("60000")});
  ASSERT_TRUE(up.WaitForStderr("answered 1000\n")) << up.err();
  Command restart({"restart", "-w", NameOf(up), "worker"});
  EXPECT_EQ(restart.Wait(), 0) << restart.err();
  LetItWork(up);
  std::string said = up.err();
  for (const char* worker : {"worker.1", "worker.2", "worker.3"}) {
    const size_t ended = said.find(std::string("  ") + worker + " (pid ");
    ASSERT_NE(ended, std::string::npos) << worker << ": " << said;
    const size_t ready = said.find(std::string("  ") + worker + "  ready", ended);
    ASSERT_NE(ready, std::string::npos) << "and the next one only then: " << said;
    said.erase(0, ready);
  }
  Command one({"restart", "-w", NameOf(up), "worker.2"});
  EXPECT_EQ(one.Wait(), 0) << one.err();
  ASSERT_TRUE(up.WaitForStderr("worker.2 | works\n", 3)) << up.err();
  Command wrong({"restart", "-w", NameOf(up), "worker.4"});
  EXPECT_EQ(wrong.Wait(), 1);
  EXPECT_TRUE(Contains(wrong.err(), "crew has no service \"worker.4\"; did you mean \"worker."))
      << wrong.err();
  LetItWork(up);
  Stop(up);
  EXPECT_TRUE(Contains(up.out(), "0 in doubt, 0 lost\n")) << up.out() << up.err();
}

TEST_F(PoolTest, CommandsKnowThemOneByOneAndTogether) {
  Command up({"up", Wiring("60000")});
  ASSERT_TRUE(up.WaitForStderr("crew is up: 4 services, 3 channels")) << up.err();
  const std::string wiring = NameOf(up);
  const std::string all = OutputOf({"logs", "-w", wiring, "--no-names", "worker"});
  EXPECT_EQ(all, "works\nworks\nworks\n");
  EXPECT_EQ(OutputOf({"logs", "-w", wiring, "--no-names", "worker.3"}), "works\n");
  EXPECT_TRUE(Contains(OutputOf({"describe", "-w", wiring, "worker", "Do"}), "Do(Work): Done"));
  EXPECT_TRUE(
      Contains(OutputOf({"call", "-q", "-w", wiring, "worker.2", "Do", "{}"}), "\"worker.2\""));
  const std::string words = "\n" + OutputOf({"__complete", "restart", "--wiring", wiring, "work"});
  for (const char* word : {"worker", "worker.1", "worker.2", "worker.3"})
    EXPECT_TRUE(Contains(words, std::string("\n") + word + "\n")) << words;
  const std::string json = OutputOf({"ps", wiring, "-o", "json"});
  for (const char* word : {"\"worker.1\"", "\"worker.2\"", "\"worker.3\""})
    EXPECT_TRUE(Contains(json, word)) << json;
  EXPECT_TRUE(Contains(OutputOf({"ps", wiring}), "  worker (3)\n"));
  Stop(up);
}

TEST_F(PoolTest, WhoConnectsToARoleWithManyServersIsToldToUseAPool) {
  Command up({"up", directory_.Write("asks.toml",
                                     "jackfield = 1\nover = \"unix:\"\n[service.asker]\nrun = "
                                     "\"asker\"\ncalls = [\"count\"]\n[service.count]\nrun = "
                                     "\"count\"\ninstances = 2\n")});
  EXPECT_EQ(up.Wait(), 1);
  EXPECT_TRUE(Contains(up.err(),
                       "asker: the role \"count\" of asker has 2 servers, and Service::Connect "
                       "makes one channel; open a Pool of them (jackfield/pool.h): "
                       "Pool<XClient>::Open(service, \"count\")\n"))
      << up.err();
}

TEST_F(PoolTest, ARoleMayNameItsServersByHand) {
  Command up(
      {"up", directory_.Write(
                 "crew.toml",
                 "jackfield = 1\n[service.boss]\nrun = \"boss 60000 1000\"\ncalls = { worker "
                 "= { services = [\"ann\", \"bob\"], over = \"unix:\" } }\n[service.ann]\n"
                 "run = \"worker\"\n[service.bob]\nrun = \"worker\"\n")});
  EXPECT_EQ(up.Wait(), 0) << up.err();
  EXPECT_TRUE(Contains(up.err(), "  calls ann as worker bob as worker\n")) << up.err();
  EXPECT_EQ(NumberOf(up.out(), "ann") + NumberOf(up.out(), "bob"), 1000) << up.out();
}

}  // namespace
}  // namespace jackfield
