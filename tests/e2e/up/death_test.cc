// `jackfield up` when something dies: one clear line, the right status, and nothing left running.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

constexpr std::string_view kWords = R"(jackfield = 1
name = "words"
over = "unix:"
[service.source]
run = "source"
calls = ["tokenize"]
[service.tokenize]
run = "tokenize"
calls = ["count"]
[service.count]
run = "count"
)";
constexpr std::array<std::string_view, 3> kServices = {"source", "tokenize", "count"};

class DeathTest : public ::testing::Test {
 protected:
  std::string Wiring(std::string_view text) { return directory_.Write("words.toml", text); }
  // A wiring of one service that stays, called by one that ends it or not.
  std::string Pair(std::string_view server) {
    return Wiring(
        "jackfield = 1\nover = \"unix:\"\n[service.source]\nrun = \"source\"\ncalls = "
        "[\"tokenize\"]\n[service.tokenize]\nrun = \"" +
        std::string(server) + "\"\n");
  }
  static std::vector<pid_t> PidsOf(const Command& command) {
    std::vector<pid_t> pids;
    for (const std::string_view service : kServices) {
      pids.push_back(command.PidOf(service));
      EXPECT_GT(pids.back(), 0) << service << " in\n" << command.err();
    }
    return pids;
  }
  TemporaryDirectory directory_;
};

TEST_F(DeathTest, KillingAnyServiceEndsTheWiringAndLeavesNothing) {
  for (const std::string over : {"unix", "pipe", "tcp"}) {
    for (const std::string_view victim : kServices) {
      Command command({"up", Wiring(kWords), "--over", over, "--", "a", "hang"});
      ASSERT_TRUE(command.WaitForStderr("is up")) << command.err();
      const std::vector<pid_t> pids = PidsOf(command);
      const pid_t pid = command.PidOf(victim);
      kill(pid, SIGKILL);
      EXPECT_EQ(command.Wait(), 1) << command.err();
      EXPECT_EQ(command.out(), "") << "no count of a part";
      EXPECT_NE(
          command.err().find("jackfield: " + std::string(victim) + " (pid " + std::to_string(pid) +
                             ") was killed by SIGKILL; all is stopped\n"),
          std::string::npos)
          << command.err();
      for (const pid_t left : pids) EXPECT_FALSE(IsAlive(left)) << over << " " << victim;
    }
  }
}

// The test becomes the parent of whoever loses its own, so that it can wait for their end without a
// clock.
TEST_F(DeathTest, KillingTheSupervisorKillsItsServices) {
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  Command command({"up", Wiring(kWords), "--", "a", "hang"});
  ASSERT_TRUE(command.WaitForStderr("is up")) << command.err();
  const std::vector<pid_t> pids = PidsOf(command);
  command.Signal(SIGKILL);
  EXPECT_EQ(command.Wait(), -SIGKILL);
  for (const pid_t pid : pids) {
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    // Killed with it; or, between fork and exec, it finds that its parent has gone and ends by
    // itself.
    const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    EXPECT_TRUE(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 127)) << status;
  }
}

TEST_F(DeathTest, AnInterruptStopsTheServicesInOrder) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    Command command({"up", Wiring(kWords), "--", "a", "hang"});
    ASSERT_TRUE(command.WaitForStderr("is up")) << command.err();
    const std::vector<pid_t> pids = PidsOf(command);
    command.Signal(number);
    EXPECT_EQ(command.Wait(), 130) << command.err();
    EXPECT_NE(command.err().find("stopping words; once more to kill it\n"), std::string::npos)
        << command.err();
    EXPECT_NE(command.err().find("words was stopped after "), std::string::npos) << command.err();
    for (const pid_t left : pids) EXPECT_FALSE(IsAlive(left));
  }
}

TEST_F(DeathTest, ASecondInterruptKillsWhatDoesNotStop) {
  Command command({"up", Pair("stubborn"), "--", "hang"});
  ASSERT_TRUE(command.WaitForStderr("is up")) << command.err();
  const pid_t stubborn = command.PidOf("tokenize");
  command.Signal(SIGINT);
  ASSERT_TRUE(command.WaitForStderr("once more to kill it")) << command.err();
  command.Signal(SIGINT);
  EXPECT_EQ(command.Wait(), 130) << command.err();
  EXPECT_FALSE(IsAlive(stubborn));
}

TEST_F(DeathTest, WhatDoesNotStopIsKilledAfterTheGrace) {
  Command command({"up", Pair("stubborn"), "--", "fail"});
  EXPECT_EQ(command.Wait(), 1) << command.err();
  EXPECT_NE(command.err().find("source   | source: there is no such file\n"), std::string::npos)
      << command.err();
  EXPECT_NE(command.err().find("exited with 1; all is stopped\n"), std::string::npos)
      << command.err();
  EXPECT_FALSE(IsAlive(command.PidOf("tokenize")));
}

TEST_F(DeathTest, AServiceThatFailsIsNamedWithItsStatus) {
  Command command({"up", Wiring(kWords), "--", "a", "fail"});
  EXPECT_EQ(command.Wait(), 1);
  EXPECT_EQ(command.out(), "");
  const std::string line = "jackfield: source (pid " + std::to_string(command.PidOf("source")) +
                           ") exited with 1; all is stopped\n";
  EXPECT_NE(command.err().find(line), std::string::npos) << command.err();
}

TEST_F(DeathTest, AServiceThatFailsAmongThreadsIsNamedToo) {
  Command command({"up", Wiring(kWords), "--over", "inproc", "--", "a", "fail"});
  EXPECT_EQ(command.Wait(), 1);
  EXPECT_NE(command.err().find("jackfield: source (a thread) exited with 1; all is stopped\n"),
            std::string::npos)
      << command.err();
}

TEST_F(DeathTest, AnInterruptStopsThreadsToo) {
  Command command({"up", Wiring(kWords), "--over", "inproc", "--", "a", "hang"});
  ASSERT_TRUE(command.WaitForStderr("is up")) << command.err();
  command.Signal(SIGINT);
  EXPECT_EQ(command.Wait(), 130) << command.err();
}

TEST_F(DeathTest, AServiceThatLeavesWhileItIsNeededIsAFailure) {
  Command command({"up", Pair("leaver"), "--", "hang"});
  EXPECT_EQ(command.Wait(), 1) << command.err();
  EXPECT_NE(command.err().find(") exited with 0 while source still needed it; all is stopped\n"),
            std::string::npos)
      << command.err();
}

TEST_F(DeathTest, AServiceThatDiesBeforeItIsReadyIsAFailure) {
  Command command({"up", Pair("broken")});
  EXPECT_EQ(command.Wait(), 1) << command.err();
  EXPECT_NE(command.err().find("tokenize | tokenize: it does not work\n"), std::string::npos)
      << command.err();
  EXPECT_NE(command.err().find(") exited with 1 before it was ready; all is stopped\n"),
            std::string::npos)
      << command.err();
  EXPECT_EQ(command.err().find("  source  "), std::string::npos)
      << "whoever calls it is not started at all";
}

TEST_F(DeathTest, AProgramThatIsNoServiceIsAFailure) {
  Command command({"up", Pair("/bin/true"), "--", "hang"});
  EXPECT_EQ(command.Wait(), 1) << command.err();
  EXPECT_NE(command.err().find(") exited with 0 before it was ready; all is stopped\n"),
            std::string::npos)
      << command.err();
}

TEST_F(DeathTest, AServiceThatIsSlowToBeReadyIsNamedWithWhoWaitsForIt) {
  const std::string program = directory_.Write("slow", "#!/bin/sh\nexec sleep 1000\n");
  ASSERT_EQ(chmod(program.c_str(), 0700), 0);
  Command command({"up", Pair("./slow"), "--", "hang"});
  EXPECT_TRUE(
      command.WaitForStderr(") is not ready after 3s, and is waited for up to 30s; "
                            "not started without it: source\n"))
      << command.err();
  command.Signal(SIGINT);
  EXPECT_EQ(command.Wait(), 130);
}

TEST_F(DeathTest, AFileThatCannotBeExecutedIsAFailure) {
  const std::string program = directory_.Write("program", "no program\n");
  ASSERT_EQ(chmod(program.c_str(), 0700), 0);
  Command command({"up", Pair("./program")});
  EXPECT_EQ(command.Wait(), 1) << command.err();
  EXPECT_NE(command.err().find("cannot run " + directory_.path() + "/program: Exec format error\n"),
            std::string::npos)
      << command.err();
  EXPECT_NE(command.err().find(") exited with 127 before it was ready; all is stopped\n"),
            std::string::npos)
      << command.err();
}

// A pager, a terminal that is held, a log collector that is stuck: a megabyte, and nobody reads it.
TEST_F(DeathTest, AStderrThatNobodyReadsHoldsUpNoServiceAndNoInterrupt) {
  const std::string wiring =
      directory_.Write("flood.toml", "jackfield = 1\n[service.flood]\nrun = \"flooder\"\n");
  for (const int number : {SIGINT, SIGTERM}) {
    Command command({"up", wiring});
    ASSERT_TRUE(command.WaitForStdout("written\n")) << "the service gets rid of it";
    command.Signal(number);
    EXPECT_EQ(command.WaitUnread(), 130);
  }
  Command command({"up", wiring});
  ASSERT_TRUE(command.WaitForStdout("written\n"));
  ASSERT_TRUE(command.WaitForStderr("bytes of the services' stderr were dropped here"))
      << "whoever reads again is told what is missing";
  command.Signal(SIGINT);
  EXPECT_EQ(command.Wait(), 130);
  EXPECT_NE(command.err().find(" was stopped after "), std::string::npos);
}

TEST_F(DeathTest, AStderrThatIsReadLosesNothing) {
  Command command({"up", directory_.Write("flood.toml",
                                          "jackfield = 1\n[service.flood]\nrun = \"flooder\"\n")});
  ASSERT_TRUE(command.WaitForStderr("flood | the end\n"));
  command.Signal(SIGINT);
  EXPECT_EQ(command.Wait(), 130);
  size_t lines = 0;
  for (size_t at = 0; (at = command.err().find("flood | x", at)) != std::string::npos; ++at)
    ++lines;
  EXPECT_EQ(lines, 10'000u);
}

// How it ends under limits that the shell sets: its status, or minus the signal that killed it.
// What it says is in `said`.
int EndUnder(std::string_view limits, const std::string& wiring, std::string_view over,
             const std::string& said) {
  const std::string line = "exec </dev/null >/dev/null 2>'" + said + "'; " + std::string(limits) +
                           " exec '" + BinaryPath("jackfield") + "' up '" + wiring + "' --over " +
                           std::string(over) + " -- a";
  const int status = std::system(line.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string TextOf(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST_F(DeathTest, WithTooFewDescriptorsItSaysSo) {
  const std::string wiring = Wiring(kWords), said = directory_.path() + "/said";
  int status = 1;
  for (int descriptors = 4; status != 0; ++descriptors) {
    ASSERT_LT(descriptors, 100);
    status = EndUnder("ulimit -n " + std::to_string(descriptors) + "; JACKFIELD_REACTOR=epoll",
                      wiring, "unix", said);
    if (status == 0 || status == 127) continue;  // it is done; it could not even be loaded
    EXPECT_EQ(status, 1) << descriptors << ": " << TextOf(said);
    EXPECT_NE(TextOf(said).find("ulimit -n"), std::string::npos)
        << descriptors << ": " << TextOf(said);
  }
}

TEST_F(DeathTest, AStderrThatMayNotGrowAnyMoreKillsNothing) {
  const std::string said = directory_.path() + "/said";
  const std::string wiring =
      directory_.Write("talk.toml", "jackfield = 1\n[service.talker]\nrun = [\"talker\", \"" +
                                        std::string(2000, 'x') + "\"]\n");
  EXPECT_EQ(EndUnder("ulimit -f 1;", wiring, "unix", said), 0) << "not SIGXFSZ";
  EXPECT_EQ(TextOf(said).size(), 512u) << "a block of the shell's";
}

// A stack of 100 GB where only 20 may be mapped.
TEST_F(DeathTest, WithoutAThreadForAServiceItSaysSo) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer maps more than that";
#endif
  const std::string said = directory_.path() + "/said";
  const int status = EndUnder("ulimit -s 100000000 && ulimit -v 20000000 || exit 77;",
                              Wiring(kWords), "inproc", said);
  if (status == 77) GTEST_SKIP() << "these limits may not be set here";
  EXPECT_EQ(status, 1) << TextOf(said);
  EXPECT_NE(TextOf(said).find("jackfield: cannot start count: a thread (ulimit -u, pids.max): "),
            std::string::npos)
      << TextOf(said);
}

}  // namespace
}  // namespace jackfield
