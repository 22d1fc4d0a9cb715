// Who is stuck, on whom, since when: what `jackfield ps` tells of a wiring that does not get on.
#include <signal.h>

#include <string>

#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

class StuckTest : public ::testing::Test {
 protected:
  std::string Wiring(const std::string& server) {
    return directory_.Write("stuck.toml",
                            "jackfield = 1\nover = \"unix:\"\n[service.asker]\nrun = "
                            "\"asker\"\ncalls = { count = { service = \"server\" } "
                            "}\n[service.server]\nrun = \"" +
                                server + "\"\n");
  }
  static std::string Ps(const Command& up) {
    return OutputOf({"ps", "stuck@" + std::to_string(up.pid())});
  }
  // Asks until the table says `text`. A call is listed when it has been under way for 1 s.
  static std::string PsUntil(const Command& up, const std::string& text) {
    return OutputUntil({"ps", "stuck@" + std::to_string(up.pid())}, text);
  }
  TemporaryDirectory directory_;
};

TEST_F(StuckTest, AStoppedServiceIsNamedWithWhoWaitsForIt) {
  Command up({"up", Wiring("count")});
  ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
  EXPECT_EQ(Ps(up).find("WAITS"), std::string::npos) << "all is well";
  const pid_t pid = up.PidOf("server");
  kill(pid, SIGSTOP);
  const std::string table = PsUntil(up, "WAITS");
  const std::string why = "is stopped by a signal; try: kill -CONT " + std::to_string(pid) + "\n";
  EXPECT_NE(table.find("  " + why), std::string::npos) << "its own line\n" << table;
  const size_t waits = table.find("WAITS");
  ASSERT_NE(waits, std::string::npos) << table;
  EXPECT_NE(table.find("\nasker  server  type 1  ", waits), std::string::npos) << table;
  EXPECT_NE(table.find("  server " + why, waits), std::string::npos) << table;
  kill(pid, SIGCONT);
  up.Signal(SIGINT);
  EXPECT_EQ(up.Wait(), 130) << up.err();
}

TEST_F(StuckTest, AHandlerThatDoesNotComeBackIsTold) {
  Command up({"up", Wiring("sleeper")});
  ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
  const std::string table = PsUntil(up, "WAITS");
  EXPECT_NE(table.find("does not answer: a handler or its main function does not come back\n"),
            std::string::npos)
      << table;
  EXPECT_NE(table.find("\nasker  server  type 1  "), std::string::npos) << table;
  up.Signal(SIGINT);
  ASSERT_TRUE(up.WaitForStderr("once more to kill it")) << up.err();
  up.Signal(SIGINT);
  EXPECT_EQ(up.Wait(), 130) << up.err();
}

TEST_F(StuckTest, ACallThatIsHeldIsToldByBothEnds) {
  Command up({"up", Wiring("holder")});
  ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
  const std::string table = PsUntil(up, "server has had type 1 under way for ");
  EXPECT_NE(table.find("  has had type 1 under way for "), std::string::npos) << table;
  EXPECT_NE(table.find("\nasker  server  type 1  "), std::string::npos) << table;
  up.Signal(SIGINT);
  EXPECT_EQ(up.Wait(), 130) << up.err();
}

}  // namespace
}  // namespace jackfield
