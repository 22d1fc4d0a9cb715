// FAULTS C14: where io_uring is forbidden (a container's seccomp profile: EPERM) or absent
// (ENOSYS), a process says so once, on stderr, and everything goes on over epoll; also where it can
// be set up and not be entered, from the beginning or later.
//
// A child forbids it to itself by such a profile, so that nothing is pretended.
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/forbidden_calls.h"

namespace jackfield::conformance {
namespace {

// A node with a service and a client of every subject that meets by an address.
class Everything {
 public:
  explicit Everything(std::string_view reactor) {
    absl::StatusOr<std::unique_ptr<Node>> node = Node::Create({.registry = &TestRegistry()});
    if (!node.ok() || (*node)->reactor().name() != reactor) return;
    node_ = *std::move(node);
    for (const Subject& subject : Subjects()) {
      if (!MeetsByAddress(subject)) continue;
      absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(*node_, {std::string(subject.serve)});
      if (!port.ok()) continue;  // one that carries no calls
      (*port)->Handle(1, [](ServerCall& call) { call.Reply(Bytes("answer")).IgnoreError(); });
      if (!(*port)->WaitServing().ok()) return;
      absl::StatusOr<std::unique_ptr<Channel>> channel =
          Channel::Open(*node_, (*port)->addresses()[0]);
      if (!channel.ok()) return;
      ports_.push_back(*std::move(port));
      channels_.push_back(*std::move(channel));
    }
    made_ = true;
  }
  bool Works() const {
    for (const auto& channel : channels_) {
      const absl::StatusOr<Message> reply = channel->Call(1, Bytes("question")).Wait();
      if (!reply.ok() || reply->text() != "answer") return false;
    }
    return made_;
  }
  // Sleeps, with every link at rest, until another thread's word comes.
  void Rest() const {
    bool woken = false;
    std::thread([&woken, handle = node_->handle()] {
      usleep(20'000);  // for the sleep to be likely: any time is right
      handle.Run([&woken] { woken = true; });
    }).detach();
    node_->RunUntil([&woken] { return woken; });
  }
  Node& node() const { return *node_; }
  bool made() const { return made_; }

 private:
  std::unique_ptr<Node> node_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::vector<std::unique_ptr<Channel>> channels_;
  bool made_ = false;
};

bool EverythingWorks() { return Everything("epoll").Works(); }

struct Outcome {
  int exit_status = -1;
  std::string said;  // on stderr
};

// Runs `f` in a child.
Outcome InChild(const std::function<int()>& f) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 2);
    close(ends[0]);
    close(ends[1]);
    unsetenv("JACKFIELD_REACTOR");
    alarm(300);
    _exit(f());
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

// Runs `f` in a child that has no io_uring.
Outcome WithoutUring(int error, int (*f)()) {
  return InChild([=] { return Forbid(error, {SYS_io_uring_setup}) ? f() : 99; });
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

constexpr int kRefusals[] = {EPERM, ENOMEM, EAGAIN, EBUSY, EINVAL, EBADF};

TEST(NoUring, ThatCanBeSetUpAndNotEnteredIsNotUsed) {
  for (const int error : kRefusals) {
    const Outcome outcome = InChild([error] {
      if (!Forbid(error, {SYS_io_uring_enter})) return 99;
      return EverythingWorks() ? 0 : 1;
    });
    if (outcome.exit_status == 99) GTEST_SKIP() << "no seccomp filters here";
    EXPECT_EQ(outcome.exit_status, 0) << strerrorname_np(error) << ": " << outcome.said;
    EXPECT_NE(outcome.said.find("; epoll takes over"), std::string::npos) << outcome.said;
  }
}

// Whoever waits for a link, a bell or another thread at that moment goes on waiting over epoll.
TEST(NoUring, ThatIsNotEnteredAnyMoreIsReplacedAndNothingIsLost) {
  for (const int error : kRefusals) {
    const Outcome outcome = InChild([error] {
      const Everything everything("io_uring");
      if (!everything.made() || !everything.Works()) return 98;
      everything.Rest();
      if (!Forbid(error, {SYS_io_uring_enter})) return 99;
      if (!everything.Works()) return 1;
      everything.Rest();
      if (!everything.Works() || everything.node().reactor().name() != "epoll") return 2;
      return everything.node().Usable().ok() ? 0 : 3;
    });
    if (outcome.exit_status >= 98) GTEST_SKIP() << "no io_uring, or no seccomp filters here";
    EXPECT_EQ(outcome.exit_status, 0) << strerrorname_np(error) << ": " << outcome.said;
    EXPECT_EQ(outcome.said.find("jackfield: io_uring_enter: "), 0u) << outcome.said;
    EXPECT_NE(outcome.said.find("; epoll takes over (everything works, a little slower)\n"),
              std::string::npos)
        << outcome.said;
  }
}

// Somebody closes the descriptors that are not his.
TEST(NoUring, AnEpollThatIsClosedIsReplacedAndNothingIsLost) {
  const Outcome outcome = InChild([] {
    setenv("JACKFIELD_REACTOR", "epoll", 1);
    const Everything everything("epoll");
    if (!everything.Works()) return 1;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code error;
      if (std::filesystem::read_symlink(entry, error) == "anon_inode:[eventpoll]")
        close(std::atoi(entry.path().filename().c_str()));
    }
    everything.Rest();
    return everything.Works() ? 0 : 2;
  });
  EXPECT_EQ(outcome.exit_status, 0) << outcome.said;
  EXPECT_EQ(outcome.said,
            "jackfield: epoll_wait: Bad file descriptor (EBADF); epoll takes over (everything "
            "works, a little slower)\n");
}

// Old profiles refuse what they do not know by EPERM.
TEST(NoUring, AnEpollWhoseNewCallIsForbiddenSleepsByTheOldOne) {
  const Outcome outcome = InChild([] {
    setenv("JACKFIELD_REACTOR", "epoll", 1);
    if (!Forbid(EPERM, {SYS_epoll_pwait2})) return 99;
    const Everything everything("epoll");
    if (!everything.Works()) return 1;
    everything.Rest();
    // Turns that have nothing to do sleep: few are enough for a tenth of a second.
    int turns = 0;
    everything.node().RunUntil([&turns] { return ++turns > 100'000; },
                               SystemClock().NowNs() + 100'000'000);
    return turns < 50'000 ? 0 : 2;
  });
  if (outcome.exit_status == 99) GTEST_SKIP() << "no seccomp filters here";
  EXPECT_EQ(outcome.exit_status, 0) << outcome.said;
}

TEST(NoUring, WithoutEpollEitherTheNodeEndsWithASentence) {
  for (const int error : {EPERM, ENOMEM}) {
    const Outcome outcome = InChild([error] {
      auto everything = std::make_unique<Everything>("io_uring");
      if (!everything->made() || !everything->Works()) return 98;
      if (!Forbid(error, {SYS_io_uring_enter, SYS_epoll_create1})) return 99;
      const absl::Status ran = everything->node().Run();
      if (ReasonOf(ran) != Reason::kResource || OutcomeOf(ran) != jackfield::Outcome::kFailed)
        return 1;
      if (ran.message().find("cannot wait for anything any more: epoll_create1") ==
          ran.message().npos)
        return 2;
      // Whoever goes on is told the same, and is held up by nothing.
      if (everything->Works() || everything->node().Turn() || everything->node().Usable() != ran)
        return 3;
      everything.reset();
      return 0;
    });
    if (outcome.exit_status >= 98) GTEST_SKIP() << "no io_uring, or no seccomp filters here";
    EXPECT_EQ(outcome.exit_status, 0) << outcome.said;
  }
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
