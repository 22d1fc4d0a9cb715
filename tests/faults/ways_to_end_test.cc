// FAULTS A19: a client ends without a word while its call is being served: by exit, abort, a fault,
// or by becoming another program. Over every transport between processes its handler is cancelled
// and its seat is free, as after SIGKILL, and the next client is served.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"

namespace jackfield::conformance {
namespace {

constexpr uint32_t kHeld = 1, kEcho = 2;
constexpr int64_t kGiveUpNs = 60'000'000'000;

struct Way {
  const char* name;
  void (*end)();
};
constexpr Way kWays[] = {
    {"exit", [] { _exit(0); }},
    {"abort", [] { abort(); }},
    {"fault", [] { raise(SIGSEGV); }},
    {"another program", [] { execlp("sleep", "sleep", "1000", nullptr); }},
};

class WaysToEnd : public testing::TestWithParam<Subject> {
 protected:
  void SetUp() override {
    if (const std::string lacks = Lacks(GetParam()); !lacks.empty()) GTEST_SKIP() << lacks;
  }
  static std::unique_ptr<Channel> Connect(Node& node, const Address& address) {
    ChannelOptions options;
    options.timeout = options.connect_timeout = 60s;
    absl::StatusOr<std::unique_ptr<Channel>> channel = Channel::Open(node, address, options);
    return channel.ok() ? *std::move(channel) : nullptr;
  }
};

TEST_P(WaysToEnd, EachCancelsItsHandlersAndFreesItsSeat) {
  const std::string scheme(TestRegistry().Parse(GetParam().serve).value().scheme());
#ifdef __SANITIZE_THREAD__
  if (scheme == "sysv")
    GTEST_SKIP() << "ThreadSanitizer ends a child that starts the threads of its queues";
#endif
  for (const Way& way : kWays) {
    // A queue has no descriptor that ends with a program, only a process that is watched, and that
    // lives on: a limit (tests/faults/README.md).
    if (way.name == std::string_view("another program") && (scheme == "mq" || scheme == "sysv"))
      continue;
    const std::unique_ptr<Node> node = Node::Create({.registry = &TestRegistry()}).value();
    const std::unique_ptr<Port> port = Port::Open(*node, {std::string(GetParam().serve)}).value();
    int held = 0, cancelled = 0;
    port->Handle(kHeld, [&](ServerCall& call) {
      call.Hold();
      ++held;
      call.OnCancel([&] {
        ++cancelled;
        call.Fail(absl::CancelledError("it has gone")).IgnoreError();
      });
    });
    port->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
    ASSERT_TRUE(port->WaitServing().ok());
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      signal(SIGSEGV, SIG_DFL);
      signal(SIGABRT, SIG_DFL);
      close(ends[1]);
      const std::unique_ptr<Node> own = Node::Create({.registry = &TestRegistry()}).value();
      const std::unique_ptr<Channel> channel = Connect(*own, port->addresses()[0]);
      channel->CallAsync(kHeld, Bytes("x"), {}, [](Answer&) {}).IgnoreError();
      // Until it is told to end.
      pollfd told{ends[0], POLLIN, 0};
      while (poll(&told, 1, 0) == 0) own->Turn(SystemClock().NowNs() + 1'000'000);
      way.end();
      _exit(98);
    }
    close(ends[0]);
    const auto until = [&](auto condition) {
      return node->RunUntil(condition, SystemClock().NowNs() + kGiveUpNs);
    };
    EXPECT_TRUE(until([&] { return held == 1; })) << way.name;
    close(ends[1]);
    EXPECT_TRUE(until([&] { return cancelled == 1; })) << way.name << ": its handler runs on";
    EXPECT_TRUE(until([&] { return port->clients() == 0; })) << way.name << ": its seat is taken";
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const std::unique_ptr<Channel> next = Connect(*node, port->addresses()[0]);
    ASSERT_NE(next, nullptr);
    const absl::StatusOr<Message> reply = next->Call(kEcho, Bytes("well")).Wait();
    EXPECT_TRUE(reply.ok()) << way.name << ": " << reply.status();
  }
}

std::vector<Subject> Between() {
  std::vector<Subject> subjects;
  for (const Subject& subject : Subjects()) {
    const Address address = TestRegistry().Parse(subject.serve).value();
    const bool chaos = subject.name.find("chaos") != subject.name.npos;
    if (!MeetsByAddress(subject) || !Answers(subject) || chaos) continue;
    if (address.scheme() == "inproc" || address.scheme() == "sim") continue;
    if (!address.shims().empty()) continue;
    subjects.push_back(subject);
  }
  return subjects;
}

INSTANTIATE_TEST_SUITE_P(Over, WaysToEnd, testing::ValuesIn(Between()),
                         [](const testing::TestParamInfo<Subject>& info) {
                           return std::string(info.param.name);
                         });

}  // namespace
}  // namespace jackfield::conformance
