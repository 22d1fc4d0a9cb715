// The limits of the system, each reached: a clear error that names it and what helps; and whose a
// queue is.
#include "transports/sysv/queue.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/sysv/sysv.h"
#include "transports/sysv/test_keys.h"

namespace {
int64_t clock_step_s = 0;
}

// The clock that anybody may set, set.
extern "C" time_t time(time_t* to) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const time_t result = now.tv_sec + clock_step_s;
  if (to != nullptr) *to = result;
  return result;
}

namespace jackfield {
namespace {

using sysv::KeyFor;

const Sys& NoSeam() {
  static const Sys sys(nullptr);
  return sys;
}

struct Letter {
  long type = 1;
  std::array<char, 1000> text{};
};
std::span<std::byte> BytesOf(Letter& letter) {
  return std::as_writable_bytes(std::span(&letter, 1));
}

// Runs `body` in a process with a System V world of its own, whose limits it may set. False: this
// system does not let us make one.
bool InOwnWorld(const std::function<void()>& body) {
  const pid_t pid = fork();
  if (pid == 0) {
    if (unshare(CLONE_NEWIPC) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWIPC) != 0) _exit(77);
    std::ofstream limit("/proc/sys/kernel/msgmni");
    limit << 32000 << std::flush;
    if (!limit) _exit(77);
    body();
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) return false;
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  return true;
}
void SetLimit(const char* name, int value) {
  std::ofstream(Text("/proc/sys/kernel/", name)) << value;
}

class NoMoreQueues final : public FaultSeam {
 public:
  Fault Decide(Site site, int) override { return {.error = site == Site::kOpen ? ENOSPC : 0}; }
};

// ---- Limits.

TEST(Queue, OneMoreThanMsgmniIsRefusedWithTheLimit) {
  NoMoreQueues seam;
  const absl::StatusOr<int> none = sysv::Own(Sys(&seam), KeyFor(0), "serve sysv:x");
  EXPECT_EQ(ReasonOf(none.status()), Reason::kResource) << none.status();
  EXPECT_NE(none.status().ToString().find("sysctl -w kernel.msgmni="), std::string::npos)
      << none.status();
  const bool made = InOwnWorld([] {
    SetLimit("msgmni", 2);
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(sysv::Own(NoSeam(), KeyFor(i), "own").ok());
    const std::string error = sysv::Own(NoSeam(), KeyFor(2), "own").status().ToString();
    EXPECT_NE(error.find("kernel.msgmni allows (2)"), std::string::npos) << error;
  });
  if (!made) GTEST_SKIP() << "the system's own refusal: no IPC namespace can be made here";
}

// What the dead have left uses up what the system may have; what is not provably dead is named.
TEST(Queue, ACreateThatIsRefusedForMsgmniFirstReclaimsWhatIsDead) {
  const bool made = InOwnWorld([] {
    SetLimit("msgmni", 3);
    for (int i = 0; i < 2; ++i) {
      const pid_t child = fork();
      if (child == 0) _exit(sysv::Own(NoSeam(), KeyFor(i), "own").ok() ? 0 : 1);
      int status = 0;
      waitpid(child, &status, 0);
      EXPECT_EQ(status, 0);
    }
    const int lives = *sysv::Own(NoSeam(), KeyFor(2), "own");
    Registry registry;
    registry.Add(MakeSysvTransport());
    const std::unique_ptr<Node> node = Node::Create({.registry = &registry}).value();
    testing::internal::CaptureStderr();
    const auto port = Port::Open(*node, {"sysv:"});
    EXPECT_TRUE(port.ok()) << port.status();
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("removed 2 that dead owners left"), std::string::npos) << said;
    EXPECT_TRUE(sysv::Look(lives).has_value());
    SetLimit("msgmni", 2);
    const auto refused = Port::Open(*node, {"sysv:"});
    EXPECT_NE(refused.status().ToString().find("sysctl -w kernel.msgmni="), std::string::npos)
        << refused.status();
    EXPECT_TRUE(sysv::Look(lives).has_value());
  });
  if (!made) GTEST_SKIP() << "no IPC namespace can be made here";
}

TEST(Queue, MessagesOverMsgmaxAreRefusedWithTheLimit) {
  const std::string error = sysv::CheckSize(1 << 30, "serve sysv:x").ToString();
  EXPECT_NE(error.find("sysctl -w kernel.msgmax=1073741824"), std::string::npos) << error;
  EXPECT_NE(error.find("?frame="), std::string::npos) << error;
  EXPECT_TRUE(sysv::CheckSize(512, "serve sysv:x").ok());
}

TEST(Queue, MessagesOverMsgmnbAreRefusedWithTheLimit) {
  const bool made = InOwnWorld([] {
    SetLimit("msgmax", 32768);
    SetLimit("msgmnb", 16384);
    Registry registry;
    registry.Add(MakeSysvTransport());
    const std::unique_ptr<Node> node = Node::Create({.registry = &registry}).value();
    const auto port = Port::Open(*node, {"sysv:?frame=20KiB"});
    EXPECT_EQ(ReasonOf(port.status()), Reason::kResource) << port.status();
    EXPECT_NE(port.status().ToString().find("sysctl -w kernel.msgmnb=20480"), std::string::npos)
        << port.status();
    EXPECT_TRUE(Port::Open(*node, {"sysv:?frame=16KiB"}).ok());
  });
  if (!made) GTEST_SKIP() << "no IPC namespace can be made here";
}

TEST(Queue, AFullOneTakesNoMoreAndLosesNothing) {
  const int id = *sysv::Own(NoSeam(), KeyFor(1), "own");
  Letter letter;
  int sent = 0;
  for (;; ++sent) {
    std::memcpy(letter.text.data(), &sent, sizeof sent);
    const int result = sysv::Send(NoSeam(), id, BytesOf(letter));
    if (result == -EAGAIN) break;
    ASSERT_EQ(result, 0);
  }
  EXPECT_GT(sent, 1);
  for (int want = 0; want < sent; ++want) {
    ASSERT_EQ(sysv::Receive(NoSeam(), id, BytesOf(letter)), 1000);
    int got;
    std::memcpy(&got, letter.text.data(), sizeof got);
    EXPECT_EQ(got, want);
  }
  EXPECT_EQ(sysv::Receive(NoSeam(), id, BytesOf(letter)), -EAGAIN);
  sysv::Remove(id);
}

// ---- Whose it is.

TEST(Queue, ALivingOwnersQueueIsNotTakenOver) {
  const int id = *sysv::Own(NoSeam(), KeyFor(2), "own");
  const absl::Status second = sysv::Own(NoSeam(), KeyFor(2), "own").status();
  EXPECT_EQ(second.code(), absl::StatusCode::kAlreadyExists) << second;
  EXPECT_NE(second.ToString().find(std::to_string(getpid())), std::string::npos) << second;
  EXPECT_EQ(sysv::Look(id)->owner, sysv::Owner::kLives);
  sysv::Remove(id);
  EXPECT_FALSE(sysv::Look(id).has_value());
}

// Made by another program: with the usual permissions, and a message that only it understands.
TEST(Queue, AForeignOneOnOurKeyIsNeitherUsedNorRemoved) {
  const key_t key = KeyFor(3);
  const int id = msgget(key, IPC_CREAT | IPC_EXCL | 0600);
  ASSERT_GE(id, 0);
  Letter letter;
  ASSERT_EQ(msgsnd(id, &letter, 8, 0), 0);
  const absl::Status own = sysv::Own(NoSeam(), key, "serve").status();
  EXPECT_EQ(own.code(), absl::StatusCode::kAlreadyExists) << own;
  EXPECT_NE(own.ToString().find("ipcs -q"), std::string::npos) << own;
  const absl::Status use = sysv::Use(NoSeam(), key, "connect").status();
  EXPECT_EQ(use.code(), absl::StatusCode::kFailedPrecondition) << use;
  EXPECT_FALSE(sysv::IsTrusted(id));
  EXPECT_FALSE(sysv::Look(id).has_value());
  msqid_ds there{};
  ASSERT_EQ(msgctl(id, IPC_STAT, &there), 0);
  EXPECT_EQ(there.msg_qnum, 1u) << "nobody has read it";
  msgctl(id, IPC_RMID, nullptr);
}

TEST(Queue, WhatADeadOwnerLeftIsReplacedAndItsMessagesAreGone) {
  const key_t key = KeyFor(4);
  Letter letter;
  const pid_t child = fork();
  if (child == 0) {
    const absl::StatusOr<int> id = sysv::Own(NoSeam(), key, "own");
    _exit(id.ok() && sysv::Send(NoSeam(), *id, BytesOf(letter)) == 0 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  const int left = msgget(key, 0);
  ASSERT_GE(left, 0);
  EXPECT_EQ(sysv::Look(left)->owner, sysv::Owner::kDead);
  EXPECT_EQ(sysv::Look(left)->owner_pid, child);
  EXPECT_EQ(sysv::Use(NoSeam(), key, "connect").status().code(), absl::StatusCode::kUnavailable)
      << "nobody is there to be talked to";
  const absl::StatusOr<int> next = sysv::Own(NoSeam(), key, "own");
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_NE(*next, left);
  EXPECT_EQ(sysv::Receive(NoSeam(), *next, BytesOf(letter)), -EAGAIN);
  sysv::Remove(*next);
}

// FAULTS G8. An owner at rest has read nothing since; a second server took its queue for a dead
// one's, and removed it.
TEST(Queue, TheLivingStayItsOwnersHoweverTheClockIsSet) {
  const key_t key = KeyFor(6);
  const int id = *sysv::Own(NoSeam(), key, "own");
  msqid_ds there{};
  ASSERT_EQ(msgctl(id, IPC_STAT, &there), 0);
  if (there.msg_perm.gid == there.msg_perm.cgid) {
    sysv::Remove(id);
    GTEST_SKIP() << "a user namespace of one group: only the clocks tell here";
  }
  for (const int64_t step_s : {3600, -3600, 10 * 365 * 86400}) {
    clock_step_s = step_s;
    EXPECT_EQ(sysv::Look(id)->owner, sysv::Owner::kLives) << step_s;
    EXPECT_TRUE(sysv::Use(NoSeam(), key, "connect").ok()) << step_s;
    EXPECT_EQ(sysv::Own(NoSeam(), key, "own").status().code(), absl::StatusCode::kAlreadyExists)
        << step_s;
  }
  clock_step_s = 0;
  sysv::Remove(id);
}

TEST(Queue, OneThatIsRemovedIsSaidToBeGone) {
  const int id = *sysv::Own(NoSeam(), KeyFor(5), "own");
  sysv::Remove(id);
  Letter letter;
  EXPECT_EQ(sysv::Send(NoSeam(), id, BytesOf(letter)), -EIDRM);
  EXPECT_EQ(sysv::Receive(NoSeam(), id, BytesOf(letter)), -EIDRM);
  EXPECT_EQ(sysv::Use(NoSeam(), KeyFor(5), "connect").status().code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace jackfield
