// What the bus holds in the system, as a user sees it and cleans it up.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "tests/e2e/up/command.h"
#include "transports/builtin.h"

namespace jackfield {
namespace {

class ResourcesTest : public testing::Test {
 protected:
  // Where it may be had, with message queues of its own: whoever cleans up, or serves, at the same
  // time removes what is dead here.
  static void SetUpTestSuite() { static_cast<void>(unshare(CLONE_NEWIPC)); }
  ResourcesTest() {
    setenv("XDG_RUNTIME_DIR", directory_.path().c_str(), 1);
    runtime_ = directory_.path() + "/jackfield";
    mkdir(runtime_.c_str(), 0700);
    living_ = runtime_ + "/fifo-999998-1";
    dead_ = runtime_ + "/fifo-999999-1";
    mkfifo(living_.c_str(), 0600);
    mkfifo(dead_.c_str(), 0600);
    fd_ = open(living_.c_str(), O_RDWR | O_CLOEXEC);
    flock(fd_, LOCK_EX);
  }
  ~ResourcesTest() override { close(fd_); }
  static std::string Run(const std::vector<std::string>& words) {
    Command command(words);
    EXPECT_EQ(command.Wait(), 0) << command.err();
    return command.out();
  }
  static bool IsListed(pid_t pid) {
    return Run({"ls", "-r", "-o", "json"}).find(Text("\"pid\":", pid, ",")) != std::string::npos;
  }
  // Until what it left is removed: the dead one's io_uring may hold its lock a little longer.
  static std::string CleanAfter(pid_t dead) {
    std::string said;
    while (IsListed(dead)) said += Run({"clean"});
    return said;
  }

  const TemporaryDirectory directory_;
  std::string runtime_, living_, dead_;
  int fd_ = -1;
};

// Serves there, until it is killed.
pid_t ServeInChild(const std::string& address) {
  int ready[2];
  EXPECT_EQ(pipe(ready), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    Registry registry;
    AddBuiltinTransports(registry);
    const std::unique_ptr<Node> node = Node::Create({.registry = &registry}).value();
    const auto port = Port::Open(*node, {address});
    if (!port.ok() || !(*port)->WaitServing().ok() || write(ready[1], "x", 1) != 1) _exit(1);
    node->Run().IgnoreError();
  }
  close(ready[1]);
  char c;
  EXPECT_EQ(read(ready[0], &c, 1), 1) << address;
  close(ready[0]);
  return pid;
}

bool Has(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

TEST_F(ResourcesTest, TheListTellsTheLivingFromTheDead) {
  const std::string json = Run({"ls", "--resources", "-o", "json"});
  EXPECT_TRUE(Has(json, "\"place\":\"" + living_ +
                            "\",\"owner\":\"lives\",\"pid\":" + std::to_string(getpid())))
      << json;
  EXPECT_TRUE(Has(json, "\"place\":\"" + dead_ + "\",\"owner\":\"dead\",\"pid\":999999")) << json;
  const std::string table = Run({"ls", "-r"});
  EXPECT_TRUE(Has(table, "FIFO")) << table;
  EXPECT_TRUE(Has(table, "999999, dead")) << table;
}

TEST_F(ResourcesTest, CleanRemovesTheDeadAndSaysSoAndADryRunOnlySaysSo) {
  EXPECT_TRUE(Has(Run({"clean", "--dry-run"}), "would remove FIFO " + dead_));
  EXPECT_EQ(access(dead_.c_str(), F_OK), 0);
  EXPECT_TRUE(Has(Run({"clean"}), "removed FIFO " + dead_ + " (999999, dead)\n"));
  EXPECT_NE(access(dead_.c_str(), F_OK), 0);
  EXPECT_EQ(access(living_.c_str(), F_OK), 0);
  EXPECT_FALSE(Has(Run({"clean"}), directory_.path())) << "there is nothing left to remove";
}

// A service of the program, killed: each kind of name that it may leave.
TEST_F(ResourcesTest, WhatAKilledServerLeftIsListedAndCleanedOverEachMediumThatLeavesAName) {
  const std::string own = Text("test.", getpid());
  for (const std::string& address :
       {Text("unix:", directory_.path(), "/u.sock"),
        Text("shm:?path=", directory_.path(), "/s.sock"),
        Text("unix:", directory_.path(), "/d.sock?type=dgram"), Text("mq:/", own, "?depth=2"),
        Text("sysv:", own), Text("fifo:", directory_.path(), "/f")}) {
    const pid_t server = ServeInChild(address);
    const std::string lives = Text(",\"owner\":\"lives\",\"pid\":", server, ",");
    EXPECT_TRUE(Has(Run({"ls", "-r", "-o", "json"}), lives)) << address;
    EXPECT_FALSE(Has(Run({"clean"}), Text("(", server, ", dead)"))) << address;
    EXPECT_TRUE(Has(Run({"ls", "-r", "-o", "json"}), lives)) << address;
    kill(server, SIGKILL);
    waitpid(server, nullptr, 0);
    EXPECT_TRUE(Has(CleanAfter(server), Text(" (", server, ", dead)\n"))) << address;
  }
}

TEST_F(ResourcesTest, AStartFirstRemovesWhatTheDeadHoldAndSaysSo) {
  const std::string wiring =
      directory_.Write("talk.toml", "jackfield = 1\n[service.talker]\nrun = \"talker\"\n");
  const std::string said =
      "jackfield: removed 1 thing that dead owners had left behind, as jackfield clean does\n";
  for (const std::vector<std::string>& start :
       {std::vector<std::string>{"up", wiring}, {"bench", "--over=unix:", "--seconds", "0.01"}}) {
    Run({"clean"});
    mkfifo(dead_.c_str(), 0600);
    Command first(start);
    EXPECT_EQ(first.Wait(), 0) << first.err();
    EXPECT_TRUE(Has(first.err(), said)) << first.err();
    EXPECT_NE(access(dead_.c_str(), F_OK), 0);
    EXPECT_EQ(access(living_.c_str(), F_OK), 0);
    Command second(start);
    EXPECT_EQ(second.Wait(), 0);
    EXPECT_FALSE(Has(second.err(), "removed")) << "nothing to say when there is nothing";
  }
}

// Supervisors that are killed with their services, over and over: the user's limit is not used up.
TEST_F(ResourcesTest, KilledSupervisorsDoNotUseUpTheQueuesOfAUser) {
  const std::string wiring = directory_.Write(
      "pair.toml",
      "jackfield = 1\n[service.source]\nrun = \"source\"\ncalls = { tokenize = { service = "
      "\"sitter\", over = \"mq:\" } }\n[service.sitter]\nrun = \"sitter\"\n");
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  for (int round = 0; round < 8; ++round) {  // of seven queues a user has the memory
    Command command({"up", wiring, "--", "hang"});
    ASSERT_TRUE(command.WaitForStderr("it stays")) << round << ": " << command.err();
    const pid_t pids[] = {command.PidOf("source"), command.PidOf("sitter")};
    command.Signal(SIGKILL);
    EXPECT_EQ(command.Wait(), -SIGKILL);
    for (const pid_t pid : pids) waitpid(pid, nullptr, 0);
  }
  Run({"clean"});
}

// A service of its own is killed, and a stranger in the same runtime directory too.
TEST_F(ResourcesTest, UpRemovesWhatItsOwnServicesLeftAndNothingOfAnybodyElses) {
  const std::string wiring = directory_.Write(
      "pair.toml",
      Text("jackfield = 1\n[service.source]\nrun = \"source\"\ncalls = { tokenize = { service = "
           "\"sitter\", over = \"fifo:",
           directory_.path(), "/own\" } }\n[service.sitter]\nrun = \"sitter\"\n"));
  Command command({"up", wiring, "--", "hang"});
  ASSERT_TRUE(command.WaitForStderr("is up")) << command.err();
  EXPECT_EQ(access((directory_.path() + "/own").c_str(), F_OK), 0);
  const pid_t stranger = ServeInChild(Text("fifo:", directory_.path(), "/strange"));
  kill(stranger, SIGKILL);
  waitpid(stranger, nullptr, 0);
  kill(command.PidOf("sitter"), SIGKILL);
  EXPECT_EQ(command.Wait(), 1) << command.err();
  EXPECT_NE(access((directory_.path() + "/own").c_str(), F_OK), 0) << command.err();
  EXPECT_EQ(access((directory_.path() + "/strange").c_str(), F_OK), 0);
  EXPECT_TRUE(Has(CleanAfter(stranger), Text(" (", stranger, ", dead)\n")));
  EXPECT_NE(access((directory_.path() + "/strange").c_str(), F_OK), 0);
}

// The processes of a program's two sides, once both hold something: children of `parent`.
std::vector<pid_t> SidesOf(pid_t parent) {
  const std::string path = Text("/proc/", parent, "/task/", parent, "/children");
  std::vector<pid_t> sides;
  std::ifstream children(path);
  for (pid_t pid; children >> pid;) sides.push_back(pid);
  return sides;
}

constexpr const char* kNamedMedia[] = {"mq:?depth=2", "sysv:", "fifo:"};

// ^C of a benchmark is the ordinary way to end one.
TEST_F(ResourcesTest, ABenchmarkThatIsAskedToStopLeavesNothing) {
  for (const char* over : kNamedMedia) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
      Command command({"bench", "--over", over, "--seconds", "3600"});
      std::vector<pid_t> sides;
      while ((sides = SidesOf(command.pid())).size() < 2 || !IsListed(sides[0])) {
      }
      command.Signal(number);
      EXPECT_EQ(command.Wait(), 130) << over << ": " << command.err();
      EXPECT_TRUE(Has(command.err(), "jackfield: bench: interrupted while ")) << command.err();
      for (const pid_t side : sides) {
        EXPECT_FALSE(IsAlive(side)) << over;
        EXPECT_FALSE(IsListed(side)) << over;
      }
    }
  }
}

// Nobody is left to ask its sides but the system.
TEST_F(ResourcesTest, ABenchmarkThatIsKilledLeavesNothing) {
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  for (const char* over : kNamedMedia) {
    Command command({"bench", "--over", over, "--seconds", "3600"});
    std::vector<pid_t> sides;
    while ((sides = SidesOf(command.pid())).size() < 2 || !IsListed(sides[0])) {
    }
    command.Signal(SIGKILL);
    EXPECT_EQ(command.Wait(), -SIGKILL);
    for (const pid_t side : sides) {
      EXPECT_EQ(waitpid(side, nullptr, 0), side);
      EXPECT_FALSE(IsListed(side)) << over;
    }
  }
}

// More connections than this user may have queues: what the server holds goes, too. The limit is
// lowered for this test alone: queues of other tests count in it, and theirs must find room.
TEST_F(ResourcesTest, ABenchmarkThatFailsLeavesNothing) {
  const auto lines = [] {
    const std::string listed = Run({"ls", "-r", "-o", "json"});
    return std::count(listed.begin(), listed.end(), '\n');
  };
  Run({"clean"});
  const auto before = lines();
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_MSGQUEUE, &limit), 0);
  const rlimit few{std::min<rlim_t>(limit.rlim_cur, 300'000), limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_MSGQUEUE, &few), 0);
  Command command({"bench", "--over=mq:", "--mode=fanin", "--connections=64", "--seconds=0.05"});
  ASSERT_EQ(setrlimit(RLIMIT_MSGQUEUE, &limit), 0);
  EXPECT_EQ(command.Wait(), 1) << command.err();
  EXPECT_EQ(lines(), before);
}

TEST_F(ResourcesTest, ListingNothingInParticularIsAWrongCommand) {
  Command command({"ls"});
  EXPECT_EQ(command.Wait(), 2);
  EXPECT_EQ(command.err(),
            "jackfield: ls: say what to list, the methods of a service or resources\n"
            "  try: jackfield ls unix:@greeter\n  try: jackfield ls --resources\n");
}

}  // namespace
}  // namespace jackfield
