// The conformance suite's service as a process of its own: server ADDRESS uring|epoll key=value…
// Prints "serving ADDRESS" and runs until its standard input ends.
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/service.h"
#include "tests/conformance/subjects.h"

int main(int argc, char** argv) {
  using namespace jackfield;
  using namespace jackfield::conformance;
  if (argc < 3) return 2;
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that dies leaves nothing behind
  const NodeOptions::Wait wait =
      std::string_view(argv[2]) == "uring" ? NodeOptions::Wait::kUring : NodeOptions::Wait::kEpoll;
  absl::StatusOr<std::unique_ptr<Node>> node =
      Node::Create({.name = "server", .registry = &TestRegistry(), .wait = wait});
  if (!node.ok()) return 3;
  const ServerSetup setup = ServerSetup::FromArgs({argv + 3, static_cast<size_t>(argc - 3)});
  absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(**node, {argv[1]}, setup.ToPortOptions());
  if (!port.ok() || !(*port)->WaitServing().ok()) return 4;
  TestService service(**port, setup);
  std::printf("serving %s\n", (*port)->addresses()[0].ToString().c_str());
  std::fflush(stdout);

  Op stop([](Op& op, int32_t) { static_cast<Node*>(op.user)->Stop(); }, node->get());
  (*node)->reactor().Start(stop, 0, POLLIN);
  if (!(*node)->Run().ok()) return 5;
  if (const absl::Status broken = (*port)->CheckInvariants(); !broken.ok()) {
    std::fprintf(stderr, "%s\n", std::string(broken.message()).c_str());
    return 6;
  }
  port->reset();
  return 0;
}
