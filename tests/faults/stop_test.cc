// A service hears the signal to stop, whatever it is busy with and whatever its reactor meets: its
// process ends with the status that ServiceMain promises.
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "gtest/gtest.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "services/service.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/forbidden_calls.h"

namespace jackfield::conformance {
namespace {

constexpr uint32_t kNote = 1;

// What befalls the service when it serves.
int forbidden_with = 0;  // an errno
bool without_epoll = false;

absl::Status Serve(Service& service) {
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve();
  if (!port.ok()) return port.status();
  (*port)->Handle(kNote, [](ServerCall&) {});
  if (forbidden_with != 0) {
    if (!without_epoll && !Forbid(forbidden_with, {SYS_io_uring_enter})) _exit(99);
    if (without_epoll && !Forbid(forbidden_with, {SYS_io_uring_enter, SYS_epoll_create1}))
      _exit(99);
  }
  return service.Run();
}

class StopTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    forbidden_with = 0;
    without_epoll = false;
    setenv("JACKFIELD_REACTOR", GetParam(), 1);
  }
  void TearDown() override {
    unsetenv("JACKFIELD_REACTOR");
    if (server_ > 0) kill(server_, SIGKILL);
    if (client_ > 0) kill(client_, SIGKILL);
    if (client_ > 0) waitpid(client_, nullptr, 0);
  }
  // Until it serves at address_.
  void StartServer() {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    server_ = fork();
    if (server_ == 0) {
      setenv("JACKFIELD_READY_FD", std::to_string(ready[1]).c_str(), 1);
      char name[] = "service", flag[] = "--serve", address[] = "unix:";
      char* argv[] = {name, flag, address, nullptr};
      _exit(ServiceMain(3, argv, TestRegistry(), Serve));
    }
    close(ready[1]);
    char text[512];
    std::string said;
    for (ssize_t got;
         said.find("ready") == std::string::npos && (got = read(ready[0], text, sizeof text)) > 0;)
      said.append(text, static_cast<size_t>(got));
    close(ready[0]);
    ASSERT_EQ(said.find("serving "), 0u) << said;
    address_ = said.substr(8, said.find('\n') - 8);
  }
  // A process that sends as fast as it can; when this returns it has begun.
  void StartFlood() {
    int begun[2];
    ASSERT_EQ(pipe(begun), 0);
    client_ = fork();
    if (client_ == 0) {
      const auto node = Node::Create({.registry = &TestRegistry()});
      if (!node.ok()) _exit(1);
      const auto channel = Channel::Open(**node, address_);
      if (!channel.ok() || !(*channel)->WaitOpen().ok()) _exit(2);
      for (int i = 0; (*channel)->Send(kNote, Bytes("note")).Wait().ok(); ++i) {
        if (i == 10'000 && write(begun[1], "b", 1) != 1) _exit(3);
      }
      _exit(0);
    }
    close(begun[1]);
    char byte;
    EXPECT_EQ(read(begun[0], &byte, 1), 1);
    close(begun[0]);
  }
  // How the server ended, after `signal`; 0: without one.
  int StatusAfter(int signal) {
    if (signal != 0) kill(server_, signal);
    int status = -1;
    EXPECT_EQ(waitpid(server_, &status, 0), server_);
    server_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  pid_t server_ = -1, client_ = -1;
  std::string address_;
};

TEST_P(StopTest, EndsAServiceThatSleeps) {
  for (const int signal : {SIGTERM, SIGINT}) {
    StartServer();
    EXPECT_EQ(StatusAfter(signal), 0);
  }
}

TEST_P(StopTest, EndsAServiceUnderAFloodOfMessages) {
  StartServer();
  StartFlood();
  EXPECT_EQ(StatusAfter(SIGTERM), 0);
}

TEST_P(StopTest, EndsAServiceWhoseRingIsNotEnteredAnyMore) {
  for (const int error : {EPERM, ENOMEM, EAGAIN}) {
    forbidden_with = error;
    StartServer();
    StartFlood();
    const int status = StatusAfter(SIGTERM);
    if (status == 99) GTEST_SKIP() << "no seccomp filters here";
    EXPECT_EQ(status, 0) << strerrorname_np(error);
    waitpid(std::exchange(client_, -1), nullptr, 0);
  }
}

// Before any signal: it could not hear one.
TEST_P(StopTest, AServiceThatCannotWaitForAnythingEndsByItself) {
  if (GetParam() == std::string_view("epoll")) GTEST_SKIP() << "epoll is there already";
  forbidden_with = EPERM;
  without_epoll = true;
  StartServer();
  const int status = StatusAfter(0);
  if (status == 99) GTEST_SKIP() << "no seccomp filters here";
  EXPECT_EQ(status, 1);
}

INSTANTIATE_TEST_SUITE_P(Over, StopTest, testing::Values("any", "epoll"));

}  // namespace
}  // namespace jackfield::conformance
