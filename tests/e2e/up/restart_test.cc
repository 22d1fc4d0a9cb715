// A wiring that lives: a service that dies is started again, the others go on; others look at it,
// restart a service and stop it.
#include <signal.h>

#include <regex>
#include <string>

#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

class RestartTest : public ::testing::Test {
 protected:
  // A service that asks another, which is started again by `rule`.
  std::string Wiring(const std::string& rule, const std::string& over = "unix:") {
    return directory_.Write("asks.toml", "jackfield = 1\nover = \"" + over +
                                             "\"\n[service.asker]\nrun = \"asker\"\ncalls = "
                                             "[\"count\"]\n[service.count]\nrun = \"count\"\n" +
                                             rule);
  }
  static std::string Ps(const Command& up) {
    return OutputOf({"ps", "asks@" + std::to_string(up.pid())});
  }
  // The line of `service` in it.
  static std::string Row(const std::string& table, const std::string& service) {
    std::smatch row;
    return std::regex_search(table, row, std::regex("\n" + service + " .*")) ? row[0].str() : table;
  }
  TemporaryDirectory directory_;
};

constexpr char kOnFailure[] =
    "restart = { when = \"on-failure\", backoff = \"1ms..4ms\", max = 5 }\n";

TEST_F(RestartTest, AKilledServiceComesBackAtItsAddressAndItsClientsGoOn) {
  for (const std::string over : {"unix:", "unix:?type=seqpacket", "tcp:", "shm:", "fifo:"}) {
    Command up({"up", Wiring(kOnFailure, over)});
    ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
    const std::string first = Row(Ps(up), "count");
    for (size_t death = 1; death <= 3; ++death) {
      const pid_t pid = up.PidOf("count");
      ASSERT_GT(pid, 0) << up.err();
      ASSERT_EQ(kill(pid, SIGKILL), 0);
      ASSERT_TRUE(up.WaitForStderr("answered by another\n", death)) << over << "\n" << up.err();
      EXPECT_NE(up.PidOf("count"), pid);
    }
    EXPECT_EQ(up.Count("was killed by SIGKILL; it is started again"), 3u) << up.err();
    // The place is the same, as it stands in the two rows.
    std::smatch before, now;
    const std::string last = Row(Ps(up), "count");
    const std::regex address(" ([a-z+]+:[^ ]+)");
    ASSERT_TRUE(std::regex_search(first, before, address)) << first;
    ASSERT_TRUE(std::regex_search(last, now, address)) << last;
    EXPECT_EQ(before[1], now[1]);
    EXPECT_NE(last.find("3 (3 of 5 in a row)"), std::string::npos) << last;
    up.Signal(SIGINT);
    EXPECT_EQ(up.Wait(), 130) << up.err();
    EXPECT_NE(up.out().find(" 0 lost\n"), std::string::npos) << up.out();
  }
}

TEST_F(RestartTest, AServiceThatDiesTooOftenInARowEndsTheWiring) {
  const std::string wiring = directory_.Write(
      "loop.toml",
      "jackfield = 1\nover = \"unix:\"\n[service.asker]\nrun = \"asker\"\ncalls = [\"broken\"]\n"
      "[service.broken]\nrun = \"broken\"\nrestart = { backoff = \"1ms..2ms\", max = 3 }\n");
  Command up({"up", wiring});
  EXPECT_EQ(up.Wait(), 1);
  EXPECT_EQ(up.Count("broken | broken: it does not work\n"), 4u) << up.err();
  EXPECT_EQ(up.Count("; it is started again"), 3u) << up.err();
  EXPECT_EQ(up.Count("exited with 1 after 3 restarts in a row, as many as it may have; all is "
                     "stopped\n"),
            1u)
      << up.err();
  EXPECT_EQ(up.Count("asks\n"), 0u) << "it waits for what it calls";
}

TEST_F(RestartTest, WithoutARuleADeathEndsTheWiring) {
  for (const char* rule : {"", "restart = \"never\"\n"}) {
    Command up({"up", Wiring(rule)});
    ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
    kill(up.PidOf("count"), SIGKILL);
    EXPECT_EQ(up.Wait(), 1);
    EXPECT_EQ(up.Count("was killed by SIGKILL; all is stopped\n"), 1u) << up.err();
  }
}

TEST_F(RestartTest, AnInterruptIsHeardWhileAServicePauses) {
  Command up({"up", Wiring("restart = { backoff = \"1h..1h\" }\n")});
  for (size_t death = 1; death <= 2; ++death) {
    ASSERT_TRUE(up.WaitForStderr("  count  ready", death)) << up.err();
    kill(up.PidOf("count"), SIGKILL);
  }
  ASSERT_TRUE(up.WaitForStderr("it is started again in 60m")) << up.err();
  EXPECT_NE(Row(Ps(up), "count").find("pausing"), std::string::npos) << Ps(up);
  up.Signal(SIGTERM);
  EXPECT_EQ(up.Wait(), 130) << up.err();
}

TEST_F(RestartTest, OthersRestartAServiceAndStopTheWiring) {
  Command up({"up", Wiring("")});
  ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
  const std::string name = "asks@" + std::to_string(up.pid());
  const pid_t pid = up.PidOf("count");
  Command restart({"restart", "--wiring", name, "count"});
  EXPECT_EQ(restart.Wait(), 0) << restart.err();
  ASSERT_TRUE(up.WaitForStderr("answered by another\n")) << up.err();
  EXPECT_NE(up.PidOf("count"), pid);
  EXPECT_EQ(up.Count("exited with 0; it is started again\n"), 1u) << up.err();
  const std::regex line("count: restarted [(]pid " + std::to_string(pid) + " → pid " +
                        std::to_string(up.PidOf("count")) + "[)], ready after [0-9.]+[mu]?s\n");
  EXPECT_TRUE(std::regex_match(restart.out(), line)) << restart.out();
  EXPECT_EQ(OutputOf({"restart", "-q", "--wiring", name, "count"}), "");

  Command wrong({"restart", "--wiring", name, "coumt"});
  EXPECT_EQ(wrong.Wait(), 1);
  EXPECT_EQ(wrong.err(), "jackfield: asks has no service \"coumt\"; did you mean \"count\"?\n");

  Command down({"down", name});
  EXPECT_EQ(down.Wait(), 0) << down.err();
  EXPECT_EQ(up.Wait(), 0) << up.err();
  EXPECT_NE(up.out().find(" 0 lost\n"), std::string::npos) << up.out();
  Command gone({"ps", name});
  EXPECT_EQ(gone.Wait(), 3);
}

TEST_F(RestartTest, AChannelOfInheritedEndsIsNotRestarted) {
  Command up({"up", Wiring("", "pipe:")});
  ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
  Command restart({"restart", "--wiring", "asks@" + std::to_string(up.pid()), "count"});
  EXPECT_EQ(restart.Wait(), 1);
  EXPECT_NE(restart.err().find("count cannot be restarted: its channel with asker over pipe: ends "
                               "with either of them for good"),
            std::string::npos)
      << restart.err();
  up.Signal(SIGINT);
  EXPECT_EQ(up.Wait(), 130);

  Command check({"check", Wiring(kOnFailure, "pipe:")});
  EXPECT_EQ(check.Wait(), 2);
  EXPECT_NE(check.err().find("asks.toml:8:11: service count is to be restarted, and its channel "
                             "with asker over pipe: ends with either of them for good; choose a "
                             "medium with a place, such as \"unix:\""),
            std::string::npos)
      << check.err();
}

}  // namespace
}  // namespace jackfield
