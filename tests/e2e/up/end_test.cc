// Nothing that was sent one way is lost in silence when a wiring ends, whoever ends first and over
// whatever medium: what was taken is handled, or a line says what was not and the status is 1.
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

constexpr std::string_view kNotes = R"(jackfield = 1
name = "notes"
over = "unix:"
[service.notes]
run = "notes"
calls = ["log"]
[service.log]
run = "log"
)";

// The number behind the last `word` of `text`; -1: there is none.
int64_t NumberBehind(const std::string& text, const std::string& word) {
  const size_t at = text.rfind(word);
  return at == std::string::npos ? -1 : std::stoll(text.substr(at + word.size()));
}

class EndTest : public ::testing::TestWithParam<std::string> {
 protected:
  std::vector<std::string> Up(const std::string& how, const std::string& log = "goes",
                              const std::string& grace = "2s") {
    return {"up",     directory_.Write("notes.toml", kNotes),
            "--over", GetParam(),
            "--set",  "service.log.run=log " + log,
            "--set",  "service.notes.grace=" + grace,
            "--",     how};
  }
  // Its process, once it stands still.
  static pid_t WaitUntilLogStops(const Command& command) {
    const pid_t pid = command.PidOf("log");
    EXPECT_GT(pid, 0) << command.err();
    for (;;) {
      std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
      std::string number, name, state;
      if (!(stat >> number >> name >> state) || state == "T") return pid;
      usleep(1000);
    }
  }
  static void ExpectAllHandled(const Command& command) {
    const int64_t sent = NumberBehind(command.err(), "sent ");
    EXPECT_GT(sent, 0) << command.err();
    EXPECT_EQ(NumberBehind(command.out(), "handled "), sent) << command.err();
    EXPECT_EQ(command.err().find("not handled"), std::string::npos) << command.err();
  }
  TemporaryDirectory directory_;
};

TEST_P(EndTest, WhatASenderThatEndsAtOnceHasSentIsHandled) {
  Command command(Up("once"));
  EXPECT_EQ(command.Wait(), 0) << command.err();
  ExpectAllHandled(command);
}

TEST_P(EndTest, WhatWasSentWhenAllIsStoppedIsHandledAndThatIsNoFailure) {
  Command command(Up("on"));
  ASSERT_TRUE(command.WaitForStderr("it goes on")) << command.err();
  command.Signal(SIGINT);
  EXPECT_EQ(command.Wait(), 130) << command.err();
  ExpectAllHandled(command);
  EXPECT_EQ(command.err().find("exited with"), std::string::npos) << command.err();
}

TEST_P(EndTest, AReceiverThatIsStoppedForAWhileHandlesThemLater) {
  if (GetParam() == "inproc:") GTEST_SKIP() << "a thread cannot be stopped";
  Command command(Up("hang", "stops"));
  ASSERT_TRUE(command.WaitForStderr("sent ")) << command.err();
  const pid_t log = WaitUntilLogStops(command);
  command.Signal(SIGINT);
  ASSERT_TRUE(command.WaitForStderr("once more to kill it")) << command.err();
  kill(log, SIGCONT);
  EXPECT_EQ(command.Wait(), 130) << command.err();
  ExpectAllHandled(command);
}

// It stops while it handles the first one, and for longer than the grace.
TEST_P(EndTest, WhatIsNotHandledWithinTheGraceIsSaidAndTheStatusIs1) {
  if (GetParam() == "inproc:") GTEST_SKIP() << "a thread cannot be stopped";
  Command command(Up("hang", "stops", "300ms"));
  ASSERT_TRUE(command.WaitForStderr("sent ")) << command.err();
  const pid_t log = WaitUntilLogStops(command);
  command.Signal(SIGINT);
  ASSERT_TRUE(command.WaitForStderr("messages to log were not handled: ")) << command.err();
  kill(log, SIGCONT);
  EXPECT_EQ(command.Wait(), 1) << command.err();
  const int64_t sent = NumberBehind(command.err(), "sent ");
  EXPECT_NE(command.err().find("notes | notes: "), std::string::npos) << command.err();
  EXPECT_NE(command.err().find("exited with 1 while stopping\n"), std::string::npos)
      << command.err();
  const int64_t unhandled = NumberBehind(command.err(), "| notes: ");
  EXPECT_GT(unhandled, 0) << command.err();
  EXPECT_GE(NumberBehind(command.out(), "handled ") + unhandled, sent) << command.err();
}

INSTANTIATE_TEST_SUITE_P(Media, EndTest,
                         testing::Values("unix:", "unix:?type=seqpacket", "unix:?type=dgram", "tcp",
                                         "shm:", "pipe:", "fifo:", "mq:", "sysv:", "udp",
                                         "chaos+unix:?seed=1&delay=0us..200us", "inproc:"));

}  // namespace
}  // namespace jackfield
