// What services write is kept for those who ask later, also when all is over, and a wiring may run
// without a terminal.
#include <signal.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

class LogsTest : public ::testing::Test {
 protected:
  // One service that writes three lines, restarted for ever; one that stays.
  std::string Wiring() {
    return directory_.Write("talk.toml",
                            "jackfield = 1\nname = \"talk\"\n[service.talker]\nrun = [\"talker\", "
                            "\"one\", \"two\"]\n[service.stays]\nrun = \"source\"\ncalls "
                            "= { tokenize = \"unix:\" }\n[service.tokenize]\nrun = \"sitter\"\n");
  }
  TemporaryDirectory directory_;
};

TEST_F(LogsTest, ShowsWhatWasWrittenBeforeItWasAskedFor) {
  Command up({"up", Wiring(), "--", "hang"});
  ASSERT_TRUE(up.WaitForStderr("no newline")) << up.err();
  ASSERT_TRUE(up.WaitForStderr("it stays")) << up.err();
  const std::string name = "talk@" + std::to_string(up.pid());
  EXPECT_EQ(OutputOf({"logs", "-w", name, "--no-names", "talker"}), "one\ntwo\nhang\nno newline\n");
  EXPECT_EQ(OutputOf({"logs", "-w", name, "--no-names", "-n", "1", "talker"}), "no newline\n");
  EXPECT_EQ(OutputOf({"logs", "-w", name, "--no-names", "--grep", "it st"}), "it stays\n");
  EXPECT_EQ(OutputOf({"logs", "-w", name, "--since", "0s", "talker"}), "");
  const std::string all = OutputOf({"logs", "-w", name});
  EXPECT_NE(all.find("Z talker | one\n"), std::string::npos) << all;
  EXPECT_NE(all.find("Z jackfield | talk is up: 3 services"), std::string::npos) << all;
  const std::string json = OutputOf({"logs", "-w", name, "-o", "json", "-n", "1", "stays"});
  EXPECT_NE(json.find("\"service\":\"stays\",\"text\":\"it stays\"}\n"), std::string::npos) << json;

  Command wrong({"logs", "-w", name, "talkr"});
  EXPECT_EQ(wrong.Wait(), 1);
  EXPECT_EQ(wrong.err(), "jackfield: talk has no service \"talkr\"; did you mean \"talker\"?\n");
  Command number({"logs", "-w", name, "-n", "many"});
  EXPECT_EQ(number.Wait(), 2);
  EXPECT_EQ(number.err(), "jackfield: --lines is a number, not \"many\"\n");
  up.Signal(SIGINT);
  EXPECT_EQ(up.Wait(), 130);
}

TEST_F(LogsTest, WhoFollowsHearsOfNewLinesAndOfTheEnd) {
  Command up({"up", Wiring(), "--", "hang"});
  ASSERT_TRUE(up.WaitForStderr("it stays")) << up.err();
  const std::string name = "talk@" + std::to_string(up.pid());
  Command follower({"logs", "-w", name, "--follow"});
  ASSERT_TRUE(follower.WaitForStdout("it stays\n")) << follower.err();
  Command restart({"restart", "-w", name, "tokenize"});
  EXPECT_EQ(restart.Wait(), 0) << restart.err();
  ASSERT_TRUE(follower.WaitForStdout("exited with 0; it is started again")) << follower.err();
  Command down({"down", name});
  EXPECT_EQ(down.Wait(), 0) << down.err();
  EXPECT_EQ(follower.Wait(), 0) << follower.err();
  EXPECT_EQ(up.Wait(), 0) << up.err();
}

TEST_F(LogsTest, ADetachedWiringComesBackWhenItIsUpAndGoesOn) {
  Command up({"up", "-d", Wiring(), "--", "hang"});
  EXPECT_EQ(up.Wait(), 0) << up.err();
  EXPECT_NE(up.err().find("talk is up: 3 services"), std::string::npos) << up.err();
  const pid_t service = up.PidOf("tokenize");
  EXPECT_TRUE(IsAlive(service));
  // Its stdout is in its log, as nobody else would hear of it. It comes last, out of stdio's
  // buffer.
  Command follower({"logs", "--follow", "-w", "talk", "--no-names", "talker"});
  ASSERT_TRUE(follower.WaitForStdout("no newlineone\ntwo\n")) << follower.out();
  Command down({"down", "talk"});
  EXPECT_EQ(down.Wait(), 0) << down.err();
  EXPECT_FALSE(IsAlive(service));
}

TEST_F(LogsTest, AfterItsEndTheLogsAreStillThere) {
  Command up({"up", Wiring(), "--", "hang"});
  ASSERT_TRUE(up.WaitForStderr("no newline")) << up.err();
  const std::string name = "talk@" + std::to_string(up.pid());
  // The one that is up is none that has ended, but an earlier one may be.
  EXPECT_EQ(OutputOf({"down", name}), "");
  EXPECT_EQ(up.Wait(), 0);
  EXPECT_EQ(OutputOf({"logs", "-w", name, "--run", "last", "--no-names", "talker"}),
            "one\ntwo\nhang\nno newline\n");
  EXPECT_EQ(OutputOf({"logs", "-w", "talk", "--run=last", "--no-names", "-n", "1"})
                .find("talk was stopped after "),
            0u);
  EXPECT_EQ(OutputOf({"logs", "-w", name, "--run", "last", "-g", "wo", "--no-names"}), "two\n");

  Command not_up({"logs", "-w", name});
  EXPECT_EQ(not_up.Wait(), 3);
  EXPECT_NE(not_up.err().find("\n  try: jackfield logs -w talk --run last\n"), std::string::npos)
      << not_up.err();
  Command wrong({"logs", "-w", name, "--run", "last", "talkr"});
  EXPECT_EQ(wrong.Wait(), 1);
  EXPECT_EQ(wrong.err(), "jackfield: talk has no service \"talkr\"; did you mean \"talker\"?\n");
  Command none({"logs", "-w", "never-was", "--run", "last"});
  EXPECT_EQ(none.Wait(), 3);
  EXPECT_EQ(none.err(), "jackfield: no run of never-was that has ended is kept\n");
  Command which({"logs", "--run", "first"});
  EXPECT_EQ(which.Wait(), 2);
  Command both({"logs", "--run", "last", "-f"});
  EXPECT_EQ(both.Wait(), 2);
  EXPECT_EQ(OutputOf({"clean", "-q", "--logs"}).find("removed "), 0u);
  Command cleaned({"logs", "-w", name, "--run", "last"});
  EXPECT_EQ(cleaned.Wait(), 3);
}

TEST_F(LogsTest, TheWiringSaysHowMuchIsKept) {
  const std::string wiring =
      directory_.Write("flood.toml",
                       "jackfield = 1\nname = \"flood\"\nlogs = { size = \"64KiB\", files = 2 }\n"
                       "[service.flooder]\nrun = \"flooder\"\n");
  Command up({"up", "-d", wiring});
  EXPECT_EQ(up.Wait(), 0) << up.err();
  Command follower({"logs", "-w", "flood", "-f", "--no-names", "flooder"});
  ASSERT_TRUE(follower.WaitForStdout("the end\n")) << follower.err();
  const std::string kept = OutputOf({"logs", "-w", "flood", "--no-names", "flooder"});
  EXPECT_LE(kept.size(), 2u * 65'536) << "of 1 MB";
  EXPECT_GT(kept.size(), 40'000u);
  Command down({"down", "flood"});
  EXPECT_EQ(down.Wait(), 0) << down.err();
  EXPECT_EQ(follower.Wait(), 0) << follower.err();
}

// A file size limit of the supervisor stands for a full disk.
TEST_F(LogsTest, ADiskThatIsFullHoldsUpNobodyAndIsTold) {
  const std::string wiring = directory_.Write(
      "full.toml", "jackfield = 1\nname = \"full\"\n[service.flooder]\nrun = \"flooder\"\n");
  Command up({"run", "--serve", "unix:@logs-" + std::to_string(getpid()), "--", "/bin/bash", "-c",
              "ulimit -f 8; exec " + BinaryPath("jackfield") + " up " + wiring});
  ASSERT_TRUE(up.WaitForStderr("the end\n")) << up.err().substr(0, 1000);
  const std::string name = "full@" + std::to_string(up.pid());
  Command logs({"logs", "-w", name, "flooder"});
  EXPECT_EQ(logs.Wait(), 0);
  EXPECT_NE(logs.err().find(" lines are in no file: the disk did not take them\n"),
            std::string::npos)
      << logs.err();
  EXPECT_GT(logs.out().size(), 1000u);
  Command down({"down", name});
  EXPECT_EQ(down.Wait(), 0) << down.err();
  EXPECT_EQ(up.Wait(), 0);
  EXPECT_NE(up.err().find(" lines are in no log: the disk did not take them\n"), std::string::npos);
}

TEST_F(LogsTest, ADetachedWiringThatCannotStartSaysWhyAndFails) {
  const std::string wiring =
      directory_.Write("broken.toml",
                       "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"source\"\ncalls = "
                       "[\"b\"]\n[service.b]\nrun = \"broken\"\n");
  Command up({"up", "--detach", wiring});
  EXPECT_EQ(up.Wait(), 1);
  EXPECT_NE(up.err().find("exited with 1 before it was ready; all is stopped\n"), std::string::npos)
      << up.err();
  Command threads({"up", "-d", wiring, "--over", "inproc"});
  EXPECT_EQ(threads.Wait(), 1);
  EXPECT_NE(threads.err().find("the services of this wiring are threads"), std::string::npos)
      << threads.err();
}

}  // namespace
}  // namespace jackfield
