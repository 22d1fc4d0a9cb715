// Where the system answers that it has no locks (flock: EOPNOTSUPP, as some file systems do, or
// ENOLCK), nobody is said to serve there: the error is the system's, and nothing is left.
#include <mqueue.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/forbidden_calls.h"

namespace jackfield::conformance {
namespace {

class NoLocksTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    char name[] = "/tmp/jf-no-locks-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string directory_;
};

TEST_P(NoLocksTest, TheErrorIsTheSystemsAndNobodyIsSaidToServeThere) {
  const std::string queue = Text("/jf-no-locks-", getpid());
  const std::string scheme = GetParam();
  const std::string address = scheme == "mq" ? "mq:" + queue
                              : scheme == "unix_dgram"
                                  ? Text("unix:", directory_, "/place?type=dgram")
                                  : Text(scheme, ":", directory_, "/place");
  const bool sends = scheme == "mmap" || scheme == "file";  // its writer takes the lock
  for (const int error : {EOPNOTSUPP, ENOLCK}) {
    const pid_t child = fork();
    if (child == 0) {
      const auto node = Node::Create({.registry = &TestRegistry()});
      if (!node.ok()) _exit(98);
      if (!Forbid(error, {SYS_flock})) _exit(99);
      absl::Status why;
      if (sends) {
        ChannelOptions options;
        options.needs = SendNeeds();
        options.connect_timeout = 1us;
        const auto channel = Channel::Open(**node, address, std::move(options));
        why = channel.ok() ? (*channel)->WaitOpen() : channel.status();
      } else {
        const auto port = Port::Open(**node, {address});
        why = port.ok() ? (*port)->WaitServing() : port.status();
      }
      const std::string text = why.ToString();
      std::fprintf(stderr, "%s\n", text.c_str());
      const bool said = text.find(strerrorname_np(error)) != text.npos;
      const bool accuses = text.find("another") != text.npos;
      _exit(why.ok() ? 1 : !said ? 2 : accuses ? 3 : 0);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) >= 98) GTEST_SKIP() << "no seccomp filters here";
    EXPECT_EQ(WEXITSTATUS(status), 0) << "1: it serves, 2: not the error, 3: somebody is accused";
    if (!sends) {
      for (const auto& left : std::filesystem::directory_iterator(directory_))
        EXPECT_EQ(left.path().filename().string().find("lock"), std::string::npos) << left.path();
    }
  }
  EXPECT_NE(mq_unlink(queue.c_str()), 0) << "a queue is left";
}

INSTANTIATE_TEST_SUITE_P(Over, NoLocksTest,
                         testing::Values("unix", "unix_dgram", "fifo", "mq", "mmap", "file"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace jackfield::conformance
