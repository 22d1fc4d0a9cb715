// An owner that cannot be seen from here is unknown, never dead: each way in which one may not be
// seen is made, and from there each living process is asked for.
#include "transports/engine/owner.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cstdlib>
#include <string>

#include "gtest/gtest.h"
#include "kernel/base/owned_fd.h"
#include "transports/engine/namespaces.h"

namespace jackfield {
namespace {

// Not their values: 0 is what a process says that has come to its end.
enum Seen : int { kDead = 10, kLives = 11, kUnknown = 12 };
Seen Ask(const ProcessName& name) {
  switch (OwnerOf(name)) {
    case Owner::kLives:
      return kLives;
    case Owner::kDead:
      return kDead;
    case Owner::kUnknown:
      return kUnknown;
  }
  return kUnknown;
}

// A child that waits to be killed.
struct Child {
  Child() : pid(fork()) {
    if (pid == 0) {
      pause();
      _exit(0);
    }
  }
  void Kill() const { kill(pid, SIGKILL); }
  void Bury() const { waitpid(pid, nullptr, 0); }
  ProcessName Name() const { return {pid, LookAtProcess(pid).start_ticks, PidNamespace()}; }
  const pid_t pid;
};

TEST(Owner, WhoLivesLivesAndWhoHasDiedIsDeadBuriedOrNot) {
  EXPECT_EQ(OwnerOf(ThisProcess()), Owner::kLives);
  const Child child;
  const ProcessName name = child.Name();
  EXPECT_EQ(OwnerOf(name), Owner::kLives);
  child.Kill();
  siginfo_t died;
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child.pid), &died, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(OwnerOf(name), Owner::kDead) << "a zombie";
  child.Bury();
  EXPECT_EQ(OwnerOf(name), Owner::kDead);
}

TEST(Owner, ALaterProcessOfTheSameNumberIsNotTheOwner) {
  ProcessName name = ThisProcess();
  name.start_ticks -= 1;
  EXPECT_EQ(OwnerOf(name), Owner::kDead);
}

TEST(Owner, WhatANameDoesNotTellMakesItUnknown) {
  EXPECT_EQ(OwnerOf({}), Owner::kUnknown);
  ProcessName nowhere = ThisProcess(), anytime = ThisProcess();
  nowhere.where = 0;
  anytime.start_ticks = 0;
  EXPECT_EQ(OwnerOf(nowhere), Owner::kUnknown);
  EXPECT_EQ(OwnerOf(anytime), Owner::kUnknown);
}

// The main thread may have ended while others serve on: the process then looks like a zombie.
TEST(Owner, AProcessWhoseMainThreadHasEndedLives) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    pthread_t thread;
    pthread_create(
        &thread, nullptr,
        [](void*) -> void* {
          pause();
          return nullptr;
        },
        nullptr);
    if (write(ends[1], "x", 1) != 1) _exit(1);
    syscall(SYS_exit, 0);  // of this thread alone
  }
  char c;
  ASSERT_EQ(read(ends[0], &c, 1), 1);
  close(ends[0]);
  close(ends[1]);
  const ProcessName name{child, LookAtProcess(child).start_ticks, PidNamespace()};
  const std::string stat = "/proc/" + std::to_string(child) + "/stat";
  for (char state = '?'; state != 'Z';) {
    const OwnedFd fd(open(stat.c_str(), O_RDONLY | O_CLOEXEC));
    char text[512] = {};
    ASSERT_GT(read(fd.get(), text, sizeof text - 1), 0);
    state = std::string(text)[std::string(text).rfind(')') + 2];
  }
  EXPECT_EQ(OwnerOf(name), Owner::kLives);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(OwnerOf(name), Owner::kDead);
}

// There the number is nobody's, or a stranger's.
TEST(Owner, FromAnotherPidNamespaceIsUnknown) {
  const ProcessName self = ThisProcess();
  ProcessName first = self;
  first.pid = 1;  // there: who asks
  for (const ProcessName& name : {self, first}) {
    const int seen = RunElsewhere(CLONE_NEWPID, Proc::kOwn, [&] { return Ask(name); });
    if (seen == kNoNamespaces) GTEST_SKIP() << kNoNamespacesWords;
    EXPECT_EQ(seen, kUnknown);
  }
}

// A container that has its host's /proc: what that shows of "this" number is another process.
TEST(Owner, WithTheProcOfAnotherPidNamespaceIsUnknown) {
  const ProcessName self = ThisProcess();
  const int seen = RunElsewhere(CLONE_NEWPID, Proc::kOutside, [&] {
    if (ThisProcess().where != 0) return 1;
    ProcessName here{getpid(), ProcessWithPid(getpid()).start_ticks, self.where};
    return Ask(self) == kUnknown && Ask(here) == kUnknown ? 0 : 2;
  });
  if (seen == kNoNamespaces) GTEST_SKIP() << kNoNamespacesWords;
  EXPECT_EQ(seen, 0);
}

TEST(Owner, WithoutProcIsUnknown) {
  const ProcessName self = ThisProcess();
  const int seen = RunElsewhere(0, Proc::kNone, [&] { return Ask(self); });
  if (seen == kNoNamespaces) GTEST_SKIP() << kNoNamespacesWords;
  EXPECT_EQ(seen, kUnknown);
}

TEST(Owner, HiddenFromThisUserIsUnknown) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may become another user";
  const ProcessName self = ThisProcess();
  const int seen = RunElsewhere(0, Proc::kOwn, [&]() -> int {
    if (mount("proc", "/proc", "proc", MS_REMOUNT, "hidepid=2") != 0) return kNoNamespaces;
    if (setgid(12345) != 0 || setuid(12345) != 0) return kNoNamespaces;
    return Ask(self);
  });
  if (seen == kNoNamespaces) GTEST_SKIP() << kNoNamespacesWords;
  EXPECT_EQ(seen, kUnknown);
}

// There every process began a thousand seconds later.
TEST(Owner, FromAnotherTimeNamespaceIsTheSame) {
  const ProcessName self = ThisProcess();
  ProcessName earlier = self;
  earlier.start_ticks -= 1;
  const int seen = RunElsewhere(CLONE_NEWTIME, Proc::kOwn, [&] {
    if (ProcessWithPid(self.pid).start_ticks == self.start_ticks) return 1;
    return Ask(self) == kLives && Ask(earlier) == kDead ? 0 : 2;
  });
  if (seen == kNoNamespaces) GTEST_SKIP() << kNoNamespacesWords;
  EXPECT_EQ(seen, 0);
}

// Its own times it cannot tell: what is shown are its children's.
TEST(Owner, OfAProcessThatHasATimeNamespaceForItsChildrenIsUnknown) {
  const ProcessName self = ThisProcess();
  const int seen = RunElsewhere(0, Proc::kOwn, [&]() -> int {
    if (unshare(CLONE_NEWTIME) != 0) return kNoNamespaces;
    return ThisProcess().start_ticks == 0 ? Ask(self) : 1;
  });
  if (seen == kNoNamespaces) GTEST_SKIP() << kNoNamespacesWords;
  EXPECT_EQ(seen, kUnknown);
}

TEST(Owner, ByTheLockOnAFileLivesWhoHoldsIt) {
  char path[] = "/tmp/jf-owner-XXXXXX";
  const OwnedFd held(mkstemp(path));
  const OwnedFd asks(open(path, O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(flock(held.get(), LOCK_EX), 0);
  EXPECT_EQ(OwnerByLock(asks.get()), Owner::kLives);
  ASSERT_EQ(flock(held.get(), LOCK_UN), 0);
  EXPECT_EQ(OwnerByLock(asks.get()), Owner::kDead);
  EXPECT_EQ(flock(held.get(), LOCK_EX | LOCK_NB), -1) << "nobody takes it meanwhile";
  unlink(path);
  EXPECT_EQ(OwnerByLock(-1), Owner::kUnknown);
}

}  // namespace
}  // namespace jackfield
