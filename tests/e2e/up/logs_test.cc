// What services write is kept for those who ask later, and a wiring may run without a terminal.
#include <signal.h>

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
