// A wiring that changes while it runs: by its file, which somebody saves, or by a command. What has
// changed is changed and said; the rest is not touched, which is seen by the numbers of the
// processes.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <regex>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

constexpr std::string_view kAsks = R"(jackfield = 1
name = "asks"
over = "unix:"
[service.asker]
run = "asker"
calls = { count = "unix:" }
[service.count]
run = "count"
)";

class ReloadTest : public ::testing::Test {
 protected:
  void Save(std::string_view text) { file_ = directory_.Write("asks.toml", text); }
  // kAsks with one thing in another's place.
  static std::string Edited(std::string_view what, std::string_view by) {
    std::string text(kAsks);
    const size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), by);
  }
  std::vector<std::string> Up(std::vector<std::string> flags = {}) {
    std::vector<std::string> words = {"up", file_};
    words.insert(words.end(), flags.begin(), flags.end());
    return words;
  }
  static std::string NameOf(const Command& up) { return "asks@" + std::to_string(up.pid()); }
  static std::string Ps(const Command& up) { return OutputOf({"ps", NameOf(up)}); }
  static std::string Row(const Command& up, const std::string& service) {
    const std::string table = Ps(up);
    std::smatch row;
    return std::regex_search(table, row, std::regex("\n" + service + " .*")) ? row[0].str() : "";
  }
  static pid_t PidIn(const Command& up, const std::string& service) {
    const std::string row = Row(up, service);
    std::smatch pid;
    return std::regex_search(row, pid, std::regex("^\n[^ ]+ +[^ ]+ +[^ ]+ +([0-9]+)"))
               ? std::atoi(pid[1].str().c_str())
               : 0;
  }
  struct Answer {
    int status = 0;
    std::string out, err;
  };
  static Answer Run(const std::vector<std::string>& words) {
    Command command(words);
    Answer answer;
    answer.status = command.Wait();
    answer.out = command.out();
    answer.err = command.err();
    return answer;
  }
  static void ExpectNothingLost(Command& up) {
    up.Signal(SIGINT);
    EXPECT_EQ(up.Wait(), 130) << up.err();
    EXPECT_NE(up.out().find(" 0 in doubt, 0 lost\n"), std::string::npos) << up.out();
  }

  TemporaryDirectory directory_;
  std::string file_ = directory_.Write("asks.toml", kAsks);
};

TEST_F(ReloadTest, SavingTheFileMovesAChannelAndNobodyIsRestarted) {
  Command up(Up());
  ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
  const pid_t asker = up.PidOf("asker"), count = up.PidOf("count");
  Save(Edited("count = \"unix:\"", "count = \"tcp:\""));  // in place
  ASSERT_TRUE(up.WaitForStderr("asker → count: moved from unix: to tcp:\n")) << up.err();
  // As an editor does it.
  const std::string beside =
      directory_.Write("asks.toml~", Edited("count = \"unix:\"", "count = \"shm:\""));
  std::filesystem::rename(beside, file_);
  ASSERT_TRUE(up.WaitForStderr("asker → count: moved from tcp: to shm:\n")) << up.err();
  EXPECT_EQ(Run({"reload", NameOf(up)}).status, 0);  // it has left the old place by then
  const std::string row = Row(up, "count");
  EXPECT_NE(row.find(" shm:"), std::string::npos) << row;
  EXPECT_EQ(row.find("tcp:"), std::string::npos) << row;
  EXPECT_EQ(PidIn(up, "asker"), asker);
  EXPECT_EQ(PidIn(up, "count"), count);
  ExpectNothingLost(up);
}

TEST_F(ReloadTest, AWiringThatIsWrongChangesNothingAndIsSaidOnce) {
  Command up(Up());
  ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
  Save(Edited("count = \"unix:\"", "count = \"tpc:\""));
  ASSERT_TRUE(up.WaitForStderr("did you mean \"tcp:\"?\n")) << up.err();
  EXPECT_EQ(up.Count("was saved, and asks stays as it is:\n"), 1u) << up.err();
  const Answer reload = Run({"reload", NameOf(up)});
  EXPECT_EQ(reload.status, 2);
  EXPECT_EQ(reload.err, file_ +
                            ":6:19: \"tpc:\" is not a transport; did you mean \"tcp:\"?\n"
                            "jackfield: nothing was changed\n");
  Save(Edited("count = \"unix:\"", "count = \"tpc:\""));
  Save(std::string(kAsks) + "# text\n");
  ASSERT_TRUE(up.WaitForStderr("was saved; nothing is different\n")) << up.err();
  EXPECT_EQ(up.Count("was saved, and asks stays as it is:\n"), 1u) << up.err();
  ExpectNothingLost(up);
}

TEST_F(ReloadTest, WithNoWatchSavingChangesNothingAndReloadDoes) {
  Command up(Up({"--no-watch"}));
  ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
  Save(Edited("count = \"unix:\"", "count = \"fifo:\""));
  const Answer dry = Run({"reload", "--dry-run", NameOf(up)});
  EXPECT_EQ(dry.out, "asker → count: would move from unix: to fifo:\n");
  EXPECT_EQ(dry.status, 0);
  EXPECT_EQ(up.Count("fifo:"), 0u) << up.err();
  const Answer reload = Run({"reload", NameOf(up)});
  EXPECT_EQ(reload.status, 0) << reload.err;
  EXPECT_EQ(reload.out, "asker → count: moved from unix: to fifo:\n");
  const Answer again = Run({"reload", NameOf(up)});
  EXPECT_EQ(again.status, 0);
  EXPECT_EQ(again.out, "");
  EXPECT_EQ(again.err, "# nothing is different\n");
  const Answer json = Run({"set", NameOf(up), "-o", "json", "asker.calls.count=tcp:"});
  EXPECT_EQ(json.out,
            "{\"kind\": \"Done\",\"about\": \"asker → count\",\"text\": \"moved from fifo: to "
            "tcp:\"}\n")
      << json.err;
  ExpectNothingLost(up);
}

TEST_F(ReloadTest, WhatIsSetHoldsUntilItIsForgotten) {
  Command up(Up());
  ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
  const Answer set = Run({"set", NameOf(up), "asker.calls.count=shm:"});
  EXPECT_EQ(set.status, 0) << set.err;
  EXPECT_EQ(set.out, "asker → count: moved from unix: to shm:\n");
  EXPECT_NE(Row(up, "count").find(" shm:"), std::string::npos) << Ps(up);
  Save(Edited("run = \"count\"", "run = \"count\"\nrestart = \"on-failure\""));
  ASSERT_TRUE(up.WaitForStderr("count: its restart rule has changed\n")) << up.err();
  EXPECT_NE(Row(up, "count").find(" shm:"), std::string::npos) << Ps(up);
  const Answer forget = Run({"reload", "--forget", NameOf(up)});
  EXPECT_EQ(forget.out, "asker → count: moved from shm: to unix:\n") << forget.err;
  ExpectNothingLost(up);
}

TEST_F(ReloadTest, WhatIsSetWronglyIsToldAndDoesNotHold) {
  Command up(Up());
  ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
  const Answer key = Run({"set", NameOf(up), "askr.calls.count=shm:"});
  EXPECT_EQ(key.status, 2);
  EXPECT_EQ(key.err,
            "jackfield: --set askr.calls.count=shm:: there is no service \"askr\"; did you mean "
            "\"asker\"?\n");
  const Answer medium = Run({"set", NameOf(up), "asker.calls.count=smh:"});
  EXPECT_EQ(medium.status, 2);
  EXPECT_EQ(medium.err, file_ +
                            ", as changed by the command line: \"smh:\" is not a transport; did "
                            "you mean \"shm:\"?\njackfield: nothing was changed\n");
  const Answer nothing = Run({"set", NameOf(up)});
  EXPECT_EQ(nothing.status, 2);
  EXPECT_EQ(Run({"reload", NameOf(up)}).err, "# nothing is different\n");
  EXPECT_EQ(Run({"reload", "none"}).status, 3);
  ExpectNothingLost(up);
}

TEST_F(ReloadTest, AServiceIsAddedRestartedAndRemovedAndTheOthersAreNotTouched) {
  Command up(Up({"--no-watch"}));
  ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
  const pid_t asker = up.PidOf("asker"), count = up.PidOf("count");
  Save(std::string(kAsks) + "[service.second]\nrun = \"asker\"\ncalls = [\"count\"]\n");
  const Answer added = Run({"reload", NameOf(up)});
  EXPECT_EQ(added.status, 0) << added.err;
  EXPECT_EQ(added.out.rfind("second: added (pid ", 0), 0u) << added.out;
  EXPECT_GT(PidIn(up, "second"), 0);

  Save(Edited("run = \"count\"", "run = \"count --loud\""));
  const Answer both = Run({"reload", NameOf(up)});
  EXPECT_EQ(both.status, 0) << both.err;
  EXPECT_NE(both.out.find("count: restarted: its arguments have changed (pid " +
                          std::to_string(count) + " → pid "),
            std::string::npos)
      << both.out;
  EXPECT_NE(both.out.find("second: removed\n"), std::string::npos) << both.out;
  EXPECT_EQ(PidIn(up, "second"), 0) << Ps(up);
  EXPECT_NE(PidIn(up, "count"), count);
  EXPECT_EQ(PidIn(up, "asker"), asker);
  ASSERT_TRUE(up.WaitForStderr("answered by another\n")) << up.err();
  up.Signal(SIGINT);
  EXPECT_EQ(up.Wait(), 130) << up.err();
}

// Half way: what fails stands as before, the rest is done.
TEST_F(ReloadTest, AServiceThatDoesNotGetReadyGoesOnAsItWas) {
  Command up(Up({"--no-watch"}));
  ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
  const pid_t count = up.PidOf("count");
  Save(Edited("run = \"count\"", "run = \"broken\"") +
       "[service.extra]\nrun = \"sitter\"\nserve = [\"unix:\"]\n"
       "[service.worse]\nrun = \"broken\"\nserve = [\"unix:\"]\n");
  const Answer reload = Run({"reload", NameOf(up)});
  EXPECT_EQ(reload.status, 1);
  EXPECT_NE(reload.out.find("extra: added (pid "), std::string::npos) << reload.out;
  EXPECT_NE(reload.err.find("count: goes on as before: count (pid "), std::string::npos)
      << reload.err;
  EXPECT_NE(reload.err.find("worse: not added: worse (pid "), std::string::npos) << reload.err;
  ASSERT_TRUE(up.WaitForStderr("answered by another\n")) << up.err();
  EXPECT_NE(PidIn(up, "count"), count);
  EXPECT_GT(PidIn(up, "count"), 0) << Ps(up);
  EXPECT_EQ(Row(up, "worse"), "") << Ps(up);
  // The next change begins where this one has ended.
  Save(kAsks);
  const Answer back = Run({"reload", NameOf(up)});
  EXPECT_EQ(back.status, 0) << back.err;
  EXPECT_EQ(back.out, "extra: removed\n");
  up.Signal(SIGINT);
  EXPECT_EQ(up.Wait(), 130) << up.err();
}

TEST_F(ReloadTest, ToAPipeBothEndsAreRestartedAndFromItNobodyIs) {
  Command up(Up({"--no-watch"}));
  ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
  const Answer to = Run({"set", NameOf(up), "asker.calls.count=pipe:"});
  EXPECT_EQ(to.status, 0) << to.err;
  EXPECT_NE(
      to.out.find("asker: restarted: its call count comes to pipe:, whose ends are inherited"),
      std::string::npos)
      << to.out;
  EXPECT_NE(to.out.find("count: restarted: asker calls it over pipe:, whose ends are inherited"),
            std::string::npos)
      << to.out;
  ASSERT_TRUE(up.WaitForStderr("asks\n", 2)) << up.err();
  const pid_t asker = PidIn(up, "asker"), count = PidIn(up, "count");
  const Answer from = Run({"set", NameOf(up), "asker.calls.count=unix:"});
  EXPECT_EQ(from.status, 0) << from.err;
  EXPECT_EQ(from.out, "asker → count: moved from pipe: to unix:\n");
  EXPECT_EQ(PidIn(up, "asker"), asker);
  EXPECT_EQ(PidIn(up, "count"), count);
  ExpectNothingLost(up);
}

// A program that is no service of the bus cannot be asked; it is restarted, and that is said.
TEST_F(ReloadTest, AProgramThatCannotMoveIsRestarted) {
  Save(Edited("run = \"asker\"", "run = \"/bin/sleep 1000\""));
  Command up(Up({"--no-watch"}));
  ASSERT_TRUE(up.WaitForStderr(" is up: ")) << up.err();
  const pid_t count = up.PidOf("count");
  const Answer moved = Run({"set", NameOf(up), "asker.calls.count=shm:"});
  EXPECT_EQ(moved.status, 0) << moved.err;
  EXPECT_NE(moved.out.find("asker: restarted: its call count cannot move while it runs: "),
            std::string::npos)
      << moved.out;
  EXPECT_NE(moved.out.find("asker → count: moved from unix: to shm:\n"), std::string::npos)
      << moved.out;
  EXPECT_EQ(PidIn(up, "count"), count);
  up.Signal(SIGINT);
  EXPECT_EQ(up.Wait(), 130) << up.err();
}

TEST_F(ReloadTest, APlaceForOthersComesAndGoes) {
  Command up(Up({"--no-watch"}));
  ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
  const pid_t count = up.PidOf("count");
  const std::string place = "unix:" + directory_.path() + "/count.sock";
  Save(Edited("run = \"count\"", "run = \"count\"\nserve = [\"" + place + "\"]"));
  EXPECT_EQ(Run({"reload", NameOf(up)}).out, "count: serves at " + place + ", too\n");
  EXPECT_NE(Row(up, "count").find(place), std::string::npos) << Ps(up);
  EXPECT_NE(Run({"describe", place}).status, 3) << "it is reached";
  Save(kAsks);
  EXPECT_EQ(Run({"reload", NameOf(up)}).out, "count: serves no more at " + place + "\n");
  EXPECT_EQ(Run({"describe", place}).status, 3);
  EXPECT_EQ(PidIn(up, "count"), count);
  ExpectNothingLost(up);
}

TEST_F(ReloadTest, AStoppedClientStaysAndThatIsSaid) {
  Command up(Up({"--no-watch"}));
  ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
  const pid_t asker = up.PidOf("asker");
  kill(asker, SIGSTOP);
  const Answer moved = Run({"set", NameOf(up), "asker.calls.count=tcp:"});
  kill(asker, SIGCONT);
  EXPECT_EQ(moved.status, 1) << moved.out;
  EXPECT_NE(moved.err.find("asker → count: stays at unix:, not tcp:: "), std::string::npos)
      << moved.err;
  EXPECT_EQ(PidIn(up, "asker"), asker);
  // What did not hold can be asked for again.
  const Answer again = Run({"set", NameOf(up), "asker.calls.count=tcp:"});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(again.out, "asker → count: moved from unix: to tcp:\n");
  ExpectNothingLost(up);
}

TEST_F(ReloadTest, ThreadsMoveToo) {
  const std::string threads = Edited("count = \"unix:\"", "count = \"inproc:\"") +
                              "[service.extra]\nrun = \"asker\"\ncalls = { count = \"inproc:\" }\n";
  Save(threads);
  Command up(Up({"--no-watch"}));
  ASSERT_TRUE(up.WaitForStderr("asks\n", 2)) << up.err();
  const Answer moved = Run({"set", NameOf(up), "asker.calls.count=unix:"});
  EXPECT_EQ(moved.status, 0) << moved.err;
  EXPECT_EQ(moved.out, "asker → count: moved from inproc: to unix:\n");
  const Answer processes = Run({"set", NameOf(up), "extra.calls.count=unix:"});
  EXPECT_EQ(processes.status, 2);
  EXPECT_EQ(processes.err,
            "jackfield: the services of asks are threads and would be processes, which takes a new "
            "start: jackfield down, then up\n");
  ExpectNothingLost(up);
}

}  // namespace
}  // namespace jackfield
