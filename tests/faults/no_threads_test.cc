// FAULTS C16: where no thread can be made (ulimit -u, pids.max: EAGAIN), what needs one is refused
// with those words and leaves nothing, and everything else works.
//
// A child forbids it to itself by a seccomp profile, since the limit does not bind root.
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
#include <string>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/seams.h"

namespace jackfield::conformance {
namespace {

bool ForbidThreads() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{std::size(program), program};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// Serves at `subject`, and sends one message there or calls.
absl::Status Talk(Node& node, const Subject& subject) {
  const bool answers = Answers(subject);
  PortOptions receives;
  if (!answers) receives.needs = ReceiveNeeds();
  const auto port = Port::Open(node, {std::string(subject.serve)}, receives);
  if (!port.ok()) return port.status();
  (*port)->Handle(1, [&](ServerCall& call) {
    if (answers) call.Reply(Bytes(call.payload())).IgnoreError();
  });
  if (absl::Status status = (*port)->WaitServing(); !status.ok()) return status;
  ChannelOptions sends;
  if (!answers) sends.needs = SendNeeds();
  const auto channel = Channel::Open(node, (*port)->addresses()[0], sends);
  if (!channel.ok()) return channel.status();
  return answers ? (*channel)->Call(1, Bytes("x")).Wait().status()
                 : (*channel)->Send(1, Bytes("x")).Wait();
}

// The name of a host is looked up on a thread; its number needs none.
std::string LookUpNames() {
  std::string wrong;
  const auto node = Node::Create({.registry = &TestRegistry()});
  if (!node.ok()) return node.status().ToString();
  const auto check = [&wrong](std::string_view who, const absl::Status& status) {
    if (status.code() != absl::StatusCode::kResourceExhausted ||
        status.message().find("ulimit -u") == status.message().npos)
      wrong += Text(who, ": ", status.ToString(), "\n");
  };
  for (const char* address : {"tcp://localhost:7", "udp://localhost:7"}) {
    check(address, Port::Open(**node, {address}).status());
    const auto channel = Channel::Open(**node, address);
    check(address, channel.ok() ? (*channel)->WaitOpen() : channel.status());
  }
  return wrong;
}

// What is wrong, line by line.
std::string TalkOverAll() {
  std::string wrong;
  const int descriptors_before = OpenDescriptors();
  for (const Subject& subject : Subjects()) {
    const Address address = TestRegistry().Parse(subject.serve).value();
    if (!MeetsByAddress(subject) || !address.shims().empty() || !Lacks(subject).empty()) continue;
    absl::Status status;
    {
      const auto node = Node::Create({.registry = &TestRegistry()});
      status = node.ok() ? Talk(**node, subject) : node.status();
    }
    // With a helper thread: the wait for a queue without a descriptor, the syncs of a log.
    const bool needs_thread = address.scheme() == "sysv" || address.scheme() == "mmap";
    const bool says_so = status.message().find("ulimit -u") != status.message().npos;
    if (needs_thread ? !says_so : !status.ok())
      wrong += Text(subject.name, ": ", status.ToString(), "\n");
    if (const int left = OpenDescriptors() - descriptors_before; left != 0)
      wrong += Text(subject.name, ": ", left, " descriptors are left\n");
  }
  return wrong + LookUpNames();
}

TEST(NoThreads, WhatNeedsOneSaysSoAndTheRestWorks) {
  char directory[] = "/tmp/jf-threads-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  setenv("XDG_RUNTIME_DIR", directory, 1);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    alarm(120);
    if (!ForbidThreads()) _exit(99);
    const std::string wrong = TalkOverAll();
    _exit(write(ends[1], wrong.data(), wrong.size()) == 0 ? 0 : 1);
  }
  close(ends[1]);
  std::string wrong;
  char bytes[4096];
  for (ssize_t got; (got = read(ends[0], bytes, sizeof bytes)) > 0;)
    wrong.append(bytes, static_cast<size_t>(got));
  close(ends[0]);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 99) GTEST_SKIP() << "no seccomp filters here";
  EXPECT_EQ(wrong, "");
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(std::filesystem::exists(Text(directory, "/jackfield"))) << "something is left";
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace jackfield::conformance
