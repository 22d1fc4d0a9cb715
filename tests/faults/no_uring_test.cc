// FAULTS C14: where io_uring is forbidden (a container's seccomp profile: EPERM) or absent
// (ENOSYS), a process says so once, on stderr, and everything goes on over epoll.
//
// A child forbids it to itself by such a profile, so that nothing is pretended.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "kernel/channel.h"
#include "kernel/node.h"
#include "kernel/port.h"
#include "tests/conformance/subjects.h"

namespace jackfield::conformance {
namespace {

// From now on this process gets `error` from io_uring_setup.
bool ForbidUring(int error) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{std::size(program), program};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// A node with a service and a client of every subject that meets by an address.
bool EverythingWorks() {
  const absl::StatusOr<std::unique_ptr<Node>> node = Node::Create({.registry = &TestRegistry()});
  if (!node.ok() || (*node)->reactor().name() != "epoll") return false;
  for (const Subject& subject : Subjects()) {
    if (!MeetsByAddress(subject)) continue;
    const absl::StatusOr<std::unique_ptr<Port>> port =
        Port::Open(**node, {std::string(subject.serve)});
    if (!port.ok()) continue;  // one that carries no calls
    (*port)->Handle(1, [](ServerCall& call) { call.Reply(Bytes("answer")).IgnoreError(); });
    if (!(*port)->WaitServing().ok()) return false;
    const absl::StatusOr<std::unique_ptr<Channel>> channel =
        Channel::Open(**node, (*port)->addresses()[0]);
    if (!channel.ok()) return false;
    const absl::StatusOr<Message> reply = (*channel)->Call(1, Bytes("question")).Wait();
    if (!reply.ok() || reply->text() != "answer") return false;
  }
  return true;
}

struct Outcome {
  int exit_status = -1;
  std::string said;  // on stderr
};

// Runs `f` in a child that has no io_uring.
Outcome WithoutUring(int error, int (*f)()) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 2);
    close(ends[0]);
    close(ends[1]);
    unsetenv("JACKFIELD_REACTOR");
    _exit(ForbidUring(error) ? f() : 99);
  }
  close(ends[1]);
  Outcome outcome;
  char bytes[1024];
  for (ssize_t got; (got = read(ends[0], bytes, sizeof bytes)) > 0;)
    outcome.said.append(bytes, static_cast<size_t>(got));
  close(ends[0]);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  outcome.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return outcome;
}

TEST(NoUring, IsSaidInOneLineAndEverythingWorks) {
  for (const int error : {EPERM, ENOSYS}) {
    const Outcome outcome = WithoutUring(error, [] {
      if (!EverythingWorks() || !EverythingWorks()) return 1;
      bool elsewhere = false;  // nor does another thread's node say it again
      std::thread([&] { elsewhere = EverythingWorks(); }).join();
      return elsewhere ? 0 : 2;
    });
    if (outcome.exit_status == 99) GTEST_SKIP() << "no seccomp filters here";
    EXPECT_EQ(outcome.exit_status, 0) << outcome.said;
    EXPECT_EQ(outcome.said,
              std::string("jackfield: io_uring: ") +
                  (error == EPERM ? "forbidden here (kernel.io_uring_disabled or a container's "
                                    "seccomp profile)"
                                  : "this kernel has none") +
                  "; epoll takes over (everything works, a little slower)\n");
  }
}

TEST(NoUring, WhoInsistsOnItIsRefusedWithTheReason) {
  const Outcome outcome = WithoutUring(EPERM, [] {
    const absl::StatusOr<std::unique_ptr<Node>> node =
        Node::Create({.registry = &TestRegistry(), .wait = NodeOptions::Wait::kUring});
    return node.ok()                                                                   ? 1
           : node.status().ToString().find("io_uring: forbidden") == std::string::npos ? 2
                                                                                       : 0;
  });
  if (outcome.exit_status == 99) GTEST_SKIP() << "no seccomp filters here";
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_EQ(outcome.said, "") << "the refusal says it";
}

TEST(NoUring, WhoAsksForEpollHearsNothing) {
  const Outcome outcome = WithoutUring(EPERM, [] {
    const absl::StatusOr<std::unique_ptr<Node>> node =
        Node::Create({.registry = &TestRegistry(), .wait = NodeOptions::Wait::kEpoll});
    return node.ok() ? 0 : 1;
  });
  if (outcome.exit_status == 99) GTEST_SKIP() << "no seccomp filters here";
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_EQ(outcome.said, "");
}

// The supervisor tells its services what it has found out, so that they need not say it again.
TEST(NoUring, UpSaysItOnceForAllItsServices) {
  const Outcome outcome = WithoutUring(EPERM, [] {
    char directory[] = "/tmp/jf-no-uring-XXXXXX";
    if (mkdtemp(directory) == nullptr) return 98;
    const std::string wiring = std::string(directory) + "/words.toml";
    std::ofstream(wiring) << "jackfield = 1\nover = \"unix:\"\n"
                             "[service.source]\nrun = \"source\"\ncalls = [\"tokenize\"]\n"
                             "[service.tokenize]\nrun = \"tokenize\"\ncalls = [\"count\"]\n"
                             "[service.count]\nrun = \"count\"\n";
    const pid_t up = fork();
    if (up == 0) {
      execl("tests/e2e/up/jackfield", "jackfield", "up", wiring.c_str(), "--", "word", nullptr);
      _exit(97);
    }
    int status = -1;
    waitpid(up, &status, 0);
    std::filesystem::remove_all(directory);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 96;
  });
  if (outcome.exit_status == 99) GTEST_SKIP() << "no seccomp filters here";
  EXPECT_EQ(outcome.exit_status, 0) << outcome.said;
  size_t count = 0;
  for (size_t at = 0; (at = outcome.said.find("epoll takes over", at)) != std::string::npos; ++at)
    ++count;
  EXPECT_EQ(count, 1u) << outcome.said;
}

}  // namespace
}  // namespace jackfield::conformance
