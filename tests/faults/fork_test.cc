// A forked child has a copy of everything, and may do what it likes with it: what it sends by its
// parent's node is refused, what it destroys stays its parent's, and nobody else notices.
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/reactor_case.h"

namespace jackfield::conformance {
namespace {

constexpr uint32_t kEcho = 1;

std::vector<ReactorCase> EveryParam() {
  std::vector<ReactorCase> params;
  for (const Subject& subject : Subjects()) {
    if (!Answers(subject) || !MeetsByAddress(subject)) continue;
    AddOverEachReactor(subject, params);
  }
  return params;
}

// A service, and a client of its own.
struct Ends {
  std::unique_ptr<Node> node;
  std::unique_ptr<Port> port;
  std::unique_ptr<Channel> channel;

  explicit Ends(const ReactorCase& param) {
    absl::StatusOr<std::unique_ptr<Node>> made =
        Node::Create({.registry = &TestRegistry(), .wait = param.wait});
    if (!made.ok()) return;
    node = *std::move(made);
    auto opened = Port::Open(*node, {Raw(param.subject.serve)});
    if (!opened.ok()) return;
    port = *std::move(opened);
    port->Handle(kEcho,
                 [](ServerCall& call) { call.Reply(Bytes(call.message().text())).IgnoreError(); });
    if (port->WaitServing().ok()) channel = Connect();
  }
  std::unique_ptr<Channel> Connect() const {
    auto opened = Channel::Open(*node, Raw(port->addresses()[0].ToString()));
    return opened.ok() ? *std::move(opened) : nullptr;
  }
  static absl::Status Ask(Channel& channel) {
    CallOptions options;
    options.timeout = 60s;
    const absl::StatusOr<Message> reply = channel.Call(kEcho, Bytes("hello"), options).Wait();
    if (!reply.ok()) return reply.status();
    return reply->text() == "hello" ? absl::OkStatus() : absl::InternalError("another answer");
  }
};

class ForkTest : public testing::TestWithParam<ReactorCase> {
 protected:
  void SetUp() override {
    if (const std::string lacks = Lacks(GetParam().subject); !lacks.empty()) GTEST_SKIP() << lacks;
    ends_ = std::make_unique<Ends>(GetParam());
    if (ends_->node == nullptr) GTEST_SKIP() << "no io_uring here";
    ASSERT_NE(ends_->channel, nullptr);
    ASSERT_TRUE(Ends::Ask(*ends_->channel).ok());
  }
  // What the child's `body` returns.
  static int InChild(const std::function<int()>& body) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);
      _exit(body());
    }
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  void ExpectUndisturbed() {
    EXPECT_TRUE(Ends::Ask(*ends_->channel).ok()) << Ends::Ask(*ends_->channel);
    const std::unique_ptr<Channel> another = ends_->Connect();
    ASSERT_NE(another, nullptr);
    EXPECT_TRUE(Ends::Ask(*another).ok()) << "a new client: " << Ends::Ask(*another);
    EXPECT_EQ(ends_->port->ledger().lost + ends_->port->ledger().stale, 0u);
  }

  std::unique_ptr<Ends> ends_;
};

TEST_P(ForkTest, WhatAChildSendsByItsParentsNodeIsRefused) {
  EXPECT_EQ(InChild([&] {
              const absl::Status called = Ends::Ask(*ends_->channel);
              if (ReasonOf(called) != Reason::kMisuse || OutcomeOf(called) != Outcome::kRefused)
                return 1;
              if (called.message().find("fork") == called.message().npos) return 2;
              if (ReasonOf(ends_->channel->Send(kEcho, Bytes("x")).Wait()) != Reason::kMisuse)
                return 3;
              if (ends_->node->Turn()) return 4;
              if (ends_->node->RunUntil([] { return false; })) return 5;
              ends_->node->Run().IgnoreError();
              return 0;
            }),
            0);
  ExpectUndisturbed();
}

TEST_P(ForkTest, WhatAChildDestroysStaysItsParents) {
  EXPECT_EQ(InChild([&] {
              ends_->channel->Close(1s);
              ends_->channel.reset();
              ends_->port->Close(1s);
              ends_.reset();
              return 0;
            }),
            0);
  ExpectUndisturbed();
}

TEST_P(ForkTest, AChildWithANodeOfItsOwnWorksAndItsEndIsItsOwn) {
#ifdef __SANITIZE_THREAD__
  if (std::string_view(GetParam().subject.serve).find("sysv:") != std::string_view::npos)
    GTEST_SKIP() << "ThreadSanitizer ends a child that starts the threads of its queues";
#endif
  EXPECT_EQ(InChild([&] {
              ends_.reset();
              const Ends own(GetParam());
              return own.channel != nullptr && Ends::Ask(*own.channel).ok() ? 0 : 1;
            }),
            0);
  ExpectUndisturbed();
}

INSTANTIATE_TEST_SUITE_P(Over, ForkTest, testing::ValuesIn(EveryParam()), NameOfCase);

}  // namespace
}  // namespace jackfield::conformance
