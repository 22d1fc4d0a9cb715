// While both ends of shm: are awake, messages make no system call: a server and a client run as
// processes of their own under ptrace, which stops them at every system call, and those made while
// the client works are counted.
//
// strace -f -c jackfield bench --over shm:?spin=always shows the same (docs/benchmarks.md).
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <map>
#include <new>
#include <span>
#include <string>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"

namespace jackfield::conformance {
namespace {

constexpr int kCalls = 5000, kNotes = 50'000;
enum Method : uint32_t { kEcho = 1, kNote, kNotesTaken };

// What the processes share with the one that counts.
struct Shared {
  std::atomic<uint32_t> working{0};  // the client: what is done now counts
  std::atomic<uint32_t> over{0};     // the client to the server
};

Shared& NewShared() {
  void* const at =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return *new (at) Shared;
}

pid_t ForkTraced(const std::function<int()>& body) {
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(99);
  ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  raise(SIGSTOP);
  _exit(body());
}

struct Counted {
  std::map<uint64_t, uint64_t> calls;  // by the system call's number
  int worst_exit = 0;                  // of the processes
  std::string text() const {
    std::string list;
    for (const auto& [number, count] : calls)
      list += Text("system call ", number, ": ", count, " times; ");
    return list;
  }
};

uint64_t SumOf(const std::map<uint64_t, uint64_t>& calls) {
  uint64_t sum = 0;
  for (const auto& [number, count] : calls) sum += count;
  return sum;
}

// Runs all of them until they end.
Counted CountWhile(const std::atomic<uint32_t>& working,
                   const std::vector<std::function<int()>>& bodies) {
  for (const std::function<int()>& body : bodies) ForkTraced(body);
  Counted counted;
  std::map<pid_t, bool> known;  // has its options
  for (size_t left = bodies.size(); left > 0;) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0) break;
    if (!WIFSTOPPED(status)) {
      const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
      counted.worst_exit = std::max(counted.worst_exit, code);
      --left;
      continue;
    }
    int pass_on = 0;
    if (!known[pid]) {
      known[pid] = true;
      ptrace(PTRACE_SETOPTIONS, pid, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    } else if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
      __ptrace_syscall_info info{};
      const bool told = ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) > 0;
      if (told && info.op == PTRACE_SYSCALL_INFO_ENTRY && working.load() != 0)
        ++counted.calls[info.entry.nr];
    } else {
      pass_on = WSTOPSIG(status);
    }
    ptrace(PTRACE_SYSCALL, pid, nullptr, pass_on);
  }
  return counted;
}

std::unique_ptr<Node> MakeNode(NodeOptions::Wait wait) {
  absl::StatusOr<std::unique_ptr<Node>> node =
      Node::Create({.registry = &TestRegistry(), .wait = wait});
  return node.ok() ? *std::move(node) : nullptr;
}

int Serve(const std::string& address, NodeOptions::Wait wait, Shared& shared) {
  const std::unique_ptr<Node> node = MakeNode(wait);
  if (node == nullptr) return 3;
  const auto port = Port::Open(*node, {address});
  if (!port.ok()) return 4;
  uint32_t notes = 0;
  (*port)->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
  (*port)->Handle(kNote, [&](ServerCall&) { ++notes; });
  (*port)->Handle(kNotesTaken, [&](ServerCall& call) {
    call.Reply(Bytes(std::as_bytes(std::span(&notes, 1)))).IgnoreError();
  });
  node->RunUntil([&] { return shared.over.load() != 0; });
  return 0;
}

int Work(const std::string& address, NodeOptions::Wait wait, Shared& shared) {
  const std::unique_ptr<Node> node = MakeNode(wait);
  if (node == nullptr) return 5;
  const auto channel = Channel::Open(*node, address);
  int fault = channel.ok() && (*channel)->WaitOpen().ok() ? 0 : 6;
  const auto call = [&] {
    if (fault == 0 && !(*channel)->Call(kEcho, Bytes("hello")).Wait().ok()) fault = 7;
  };
  for (int i = 0; i < 100; ++i) call();  // memory that is touched first now is not later
  shared.working.store(1);
  for (int i = 0; i < kCalls; ++i) call();
  for (int i = 0; i < kNotes && fault == 0; ++i)
    fault = (*channel)->Send(kNote, Bytes("hello")).Wait().ok() ? 0 : 8;
  if (fault == 0) {
    const absl::StatusOr<Message> taken = (*channel)->Call(kNotesTaken, Bytes()).Wait();
    if (!taken.ok()) fault = 9;
  }
  shared.working.store(0);
  shared.over.store(1);
  return fault;
}

class SystemCalls : public testing::TestWithParam<NodeOptions::Wait> {};

TEST_P(SystemCalls, ShmMakesNoneForAMessageWhileBothEndsAreAwake) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer makes system calls of its own";
#endif
  const NodeOptions::Wait wait = GetParam();
  if (MakeNode(wait) == nullptr) GTEST_SKIP() << "no io_uring here";
  Shared& shared = NewShared();
  const std::string address = Text("shm:system-calls-", getpid(), "?spin=always");
  const Counted counted = CountWhile(shared.working, {[&] { return Serve(address, wait, shared); },
                                                      [&] { return Work(address, wait, shared); }});
  ASSERT_EQ(counted.worst_exit, 0);
  // None belongs to a message. What is left belongs to time: a node that spins over epoll asks it
  // now and then (io_uring's completions are seen in memory), and one that has no CPU to spin on
  // sleeps and is rung.
  std::map<uint64_t, uint64_t> others = counted.calls;
  if (wait == NodeOptions::Wait::kEpoll) others.erase(SYS_epoll_wait);
  // How often it sleeps is the machine's affair: a few times, or on one CPU some thousand. A sleep
  // is at most six calls, with the ring that ends it, and it is never one a message.
  constexpr uint64_t kCallsOfASleepMax = 6, kSleepsThatWereNone = 8;
  const uint64_t sleeps = others[SYS_io_uring_enter] + others[SYS_epoll_pwait2];
  EXPECT_LE(SumOf(others), kCallsOfASleepMax * (sleeps + kSleepsThatWereNone)) << counted.text();
  EXPECT_LT(sleeps * 10, uint64_t{kCalls + kNotes}) << counted.text();
  std::printf("%d calls and %d messages: %s\n", kCalls, kNotes,
              counted.calls.empty() ? "no system call" : counted.text().c_str());
  munmap(&shared, sizeof shared);
}

INSTANTIATE_TEST_SUITE_P(All, SystemCalls,
                         testing::Values(NodeOptions::Wait::kUring, NodeOptions::Wait::kEpoll),
                         [](const testing::TestParamInfo<NodeOptions::Wait>& info) {
                           return info.param == NodeOptions::Wait::kUring ? "uring" : "epoll";
                         });

}  // namespace
}  // namespace jackfield::conformance
