#include "tools/supervisor/signals.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

// A child that has ended and was not waited for.
pid_t EndedChild() {
  const pid_t pid = fork();
  if (pid == 0) _exit(0);
  siginfo_t ended{};
  EXPECT_EQ(waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT), 0);
  return pid;
}

bool IsReaped(pid_t pid) { return waitpid(pid, nullptr, WNOHANG) == -1 && errno == ECHILD; }

TEST(ReapOrphansTest, WhoLosesItsParentAndEndsIsReaped) {
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);  // as PID 1 is
  int told[2];
  ASSERT_EQ(pipe(told), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    const pid_t orphan = fork();
    if (orphan == 0) _exit(0);
    _exit(write(told[1], &orphan, sizeof orphan) == sizeof orphan ? 0 : 1);
  }
  pid_t orphan = 0;
  ASSERT_EQ(read(told[0], &orphan, sizeof orphan), static_cast<ssize_t>(sizeof orphan));
  ASSERT_EQ(waitpid(parent, nullptr, 0), parent);  // from here on the orphan is ours
  siginfo_t ended{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(orphan), &ended, WEXITED | WNOWAIT), 0);
  ReapOrphans([](pid_t) { return false; });
  EXPECT_TRUE(IsReaped(orphan));
}

TEST(ReapOrphansTest, AServiceIsLeftToWhoWatchesIt) {
  const pid_t service = EndedChild();
  ReapOrphans([service](pid_t pid) { return pid == service; });
  EXPECT_EQ(waitpid(service, nullptr, 0), service);
  const pid_t other = EndedChild();
  ReapOrphans([service](pid_t pid) { return pid == service; });
  EXPECT_TRUE(IsReaped(other)) << "once it is gone, the others are seen";
}

TEST(SignalsTest, HearsWhatAsksToStopAndThatAChildHasEnded) {
  signal(SIGCHLD, SIG_IGN);  // as who started us may have left it
  Signals signals;
  ASSERT_TRUE(signals.Block().ok());
  EXPECT_EQ(signals.Take().stops, 0);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) raise(number);
  EndedChild();
  const Signals::Heard heard = signals.Take();
  EXPECT_EQ(heard.stops, 3);
  EXPECT_TRUE(heard.child);
  ReapOrphans([](pid_t) { return false; });
}

}  // namespace
}  // namespace jackfield
