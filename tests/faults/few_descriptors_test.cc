// FAULTS C2: a service and its client with as few descriptors as RLIMIT_NOFILE leaves them, from
// none to more than they need, over every transport: each is refused with the limit's name, or
// works; nothing is left, and a service that lives takes the next client when there are descriptors
// again.
#include <fcntl.h>
#include <sys/resource.h>

#include <string>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/reactor_case.h"
#include "tests/faults/seams.h"

namespace jackfield::conformance {
namespace {

constexpr uint32_t kEcho = 1;
constexpr int64_t kGiveUpNs = 30'000'000'000;
constexpr rlim_t kDescriptorsMax = 61;  // with three to begin with, 64

class FewDescriptors : public testing::TestWithParam<ReactorCase> {
 protected:
  void SetUp() override {
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    if (const std::string lacks = Lacks(GetParam().subject); !lacks.empty()) GTEST_SKIP() << lacks;
    if (!MakeNode().ok()) GTEST_SKIP() << "no io_uring here";
  }
  void TearDown() override { Restore(); }
  void Restore() const { setrlimit(RLIMIT_NOFILE, &before_); }
  // Those that are open, and so many more.
  void Leave(rlim_t more) const {
    const OwnedFd next(open("/dev/null", O_RDONLY | O_CLOEXEC));
    const rlimit few{static_cast<rlim_t>(next.get()) + more, before_.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  }
  static absl::StatusOr<std::unique_ptr<Node>> MakeNode() {
    return Node::Create({.registry = &TestRegistry(), .wait = GetParam().wait});
  }
  static absl::StatusOr<std::unique_ptr<Port>> Serve(Node& node, uint32_t& received) {
    PortOptions options;
    if (!Answers(GetParam().subject)) options.needs = ReceiveNeeds();
    auto port = Port::Open(node, {std::string(GetParam().subject.serve)}, options);
    if (!port.ok()) return port;
    (*port)->Handle(kEcho, [&received](ServerCall& call) {
      ++received;
      if (Answers(GetParam().subject)) call.Reply(Bytes(call.payload())).IgnoreError();
    });
    const absl::Status status = (*port)->WaitServing();
    if (!status.ok()) return status;
    return port;
  }
  // One message, and an answer to it if there are any.
  static absl::Status Talk(Node& node, const Port& port, int64_t timeout_us) {
    const bool answers = Answers(GetParam().subject);
    ChannelOptions options;
    options.connect_timeout = std::chrono::microseconds(timeout_us);
    options.session.hello = std::chrono::microseconds(timeout_us);
    options.timeout = std::chrono::microseconds(timeout_us);
    if (!answers) options.needs = SendNeeds();
    const auto channel = Channel::Open(node, port.addresses()[0], options);
    if (!channel.ok()) return channel.status();
    if (absl::Status open = (*channel)->WaitOpen(); !open.ok()) return open;
    if (!answers) {
      const absl::Status sent = (*channel)->Send(kEcho, Bytes("note")).Wait();
      (*channel)->Close(std::chrono::microseconds(timeout_us));
      return sent;
    }
    return (*channel)->Call(kEcho, Bytes("call")).Wait().status();
  }
  static void ExpectNamesTheLimit(const absl::Status& status, std::string_view what) {
    EXPECT_NE(status.ToString().find("RLIMIT_NOFILE"), std::string::npos) << what << ": " << status;
  }

  rlimit before_{};
};

TEST_P(FewDescriptors, AServiceStartsOrSaysWhatItLacks) {
  bool served = false;
  for (rlim_t more = 0; more < kDescriptorsMax && !served; ++more) {
    const int open_before = OpenDescriptors();
    Leave(more);
    {
      const auto node = MakeNode();
      uint32_t received = 0;
      if (!node.ok()) {
        ExpectNamesTheLimit(node.status(), Text("a node of ", more));
      } else if (const auto port = Serve(**node, received); port.ok()) {
        served = true;
      } else {
        ExpectNamesTheLimit(port.status(), Text("a service of ", more));
      }
    }
    Restore();
    EXPECT_EQ(OpenDescriptors(), open_before) << more;
  }
  EXPECT_TRUE(served);
}

TEST_P(FewDescriptors, AClientConnectsOrSaysWhatItLacksAndTheServiceLives) {
  const auto node = MakeNode();
  ASSERT_TRUE(node.ok());
  uint32_t received = 0;
  const auto port = Serve(**node, received);
  ASSERT_TRUE(port.ok()) << port.status();
  const auto at_rest = [&] {
    return (*port)->clients() <= (Answers(GetParam().subject) ? 0u : 1u);
  };
  ASSERT_TRUE(Talk(**node, **port, 30'000'000).ok());
  (*node)->RunUntil(at_rest, SystemClock().NowNs() + kGiveUpNs);
  const int open_before = OpenDescriptors();
  bool talked = false;
  for (rlim_t more = 0; more < kDescriptorsMax && !talked; ++more) {
    Leave(more);
    // Which of the two lacks them is not said by a client whose service has none.
    const absl::Status status = Talk(**node, **port, 200'000);
    Restore();
    talked = status.ok();
    EXPECT_FALSE(status.message().empty() && !talked);
    EXPECT_TRUE((*port)->failure().ok()) << more << ": " << (*port)->failure();
    const absl::Status next = Talk(**node, **port, 30'000'000);
    EXPECT_TRUE(next.ok()) << more << ": " << next << "; before that: " << status;
    EXPECT_TRUE((*node)->RunUntil([&] { return OpenDescriptors() <= open_before; },
                                  SystemClock().NowNs() + kGiveUpNs))
        << more << ": " << OpenDescriptors() - open_before << " are left";
    if (HasFailure()) return;
  }
  EXPECT_TRUE(talked);
}

std::vector<ReactorCase> Params() {
  std::vector<ReactorCase> params;
  for (const Subject& subject : Subjects()) {
    const Address address = TestRegistry().Parse(subject.serve).value();
    if (!MeetsByAddress(subject) || subject.name.find("chaos") != subject.name.npos) continue;
    if (!address.shims().empty() && address.scheme() != "udp") continue;
    AddOverEachReactor(subject, params);
  }
  return params;
}

INSTANTIATE_TEST_SUITE_P(All, FewDescriptors, testing::ValuesIn(Params()), NameOfCase);

}  // namespace
}  // namespace jackfield::conformance
