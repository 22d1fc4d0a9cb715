// What a medium that cannot answer owes: what is sent is received, in order and unchanged where it
// claims so, by a reader in this thread and from a writer in another process; what it cannot do is
// refused. (The rest of the suite needs answers.)
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/service.h"
#include "tests/conformance/subjects.h"

namespace jackfield::conformance {
namespace {

struct OneWayParam {
  Subject subject;
  NodeOptions::Wait wait;
};
std::string NameOf(const OneWayParam& param) {
  return Text(param.subject.name, param.wait == NodeOptions::Wait::kUring ? "_uring" : "_epoll");
}
void PrintTo(const OneWayParam& param, std::ostream* out) { *out << NameOf(param); }

class OneWay : public testing::TestWithParam<OneWayParam> {
 protected:
  void SetUp() override {
    if (const std::string lacks = Lacks(GetParam().subject); !lacks.empty()) GTEST_SKIP() << lacks;
    absl::StatusOr<std::unique_ptr<Node>> node = MakeNode();
    if (!node.ok()) GTEST_SKIP() << node.status();
    node_ = *std::move(node);
    PortOptions options;
    options.needs = ReceiveNeeds();
    absl::StatusOr<std::unique_ptr<Port>> port =
        Port::Open(*node_, {Raw(GetParam().subject.serve)}, options);
    ASSERT_TRUE(port.ok()) << port.status();
    port_ = *std::move(port);
    port_->Handle(kNote, [this](ServerCall& call) {
      const uint32_t number = NumberOf(call.payload());
      notes_.push_back(IsPattern(number, call.payload()) ? number : UINT32_MAX);
    });
    ASSERT_TRUE(port_->WaitServing().ok()) << port_->failure();
    address_ = Raw(port_->addresses()[0].Without("raw").ToString());
  }
  static absl::StatusOr<std::unique_ptr<Node>> MakeNode() {
    return Node::Create({.registry = &TestRegistry(), .wait = GetParam().wait});
  }
  static absl::StatusOr<std::unique_ptr<Channel>> Connect(Node& node, const std::string& address) {
    ChannelOptions options;
    options.needs = SendNeeds();
    return Channel::Open(node, address, std::move(options));
  }
  // Of every size up to 1,503 bytes, or up to what a payload may have here.
  absl::Status SendNotes(Channel& channel, uint32_t count) const {
    const size_t sizes = std::min<size_t>(1500, PayloadBytesMax() - 3);
    for (uint32_t i = 0; i < count; ++i) {
      const std::string note = Pattern(i, 4 + i % sizes);
      if (absl::Status sent = channel.Send(kNote, Bytes(note)).Wait(); !sent.ok()) return sent;
    }
    return absl::OkStatus();
  }
  size_t PayloadBytesMax() const {
    const Address address = TestRegistry().Parse(address_).value().Without("raw");
    return TestRegistry().Describe(address, Role::kConnect).value().frame_bytes_max - kHeaderBytes;
  }
  void ExpectNotes(uint32_t count) {
    EXPECT_TRUE(node_->RunUntil([&] { return notes_.size() >= count; },
                                SystemClock().NowNs() + 60'000'000'000));
    std::vector<uint32_t> want(count);
    for (uint32_t i = 0; i < count; ++i) want[i] = i;
    EXPECT_EQ(notes_, want);
    EXPECT_EQ(port_->ledger().lost, 0u);
  }

  std::unique_ptr<Node> node_;
  std::unique_ptr<Port> port_;
  std::string address_;
  std::vector<uint32_t> notes_;
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(OneWay);

TEST_P(OneWay, MessagesArriveInOrderUnchangedUnderLoad) {
  constexpr uint32_t kCount = 3000;
  const auto channel = Connect(*node_, address_);
  ASSERT_TRUE(channel.ok()) << channel.status();
  ASSERT_TRUE(SendNotes(**channel, kCount).ok());
  ExpectNotes(kCount);
  EXPECT_EQ((*channel)->Close(60s).delivered, kCount);
}

TEST_P(OneWay, MessagesOfAnotherProcessArriveAlsoAfterItsEnd) {
  constexpr uint32_t kCount = 1000;
  const pid_t child = fork();
  if (child == 0) {
    const std::unique_ptr<Node> node = MakeNode().value();
    const std::unique_ptr<Channel> channel = Connect(*node, address_).value();
    const bool sent = SendNotes(*channel, kCount).ok();
    _exit(sent && channel->Close(60s).delivered == kCount ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  ExpectNotes(kCount);
}

TEST_P(OneWay, TheLargestMessageArrivesAndOneByteMoreIsRefused) {
  const auto channel = Connect(*node_, address_);
  ASSERT_TRUE(channel.ok()) << channel.status();
  ASSERT_TRUE((*channel)->WaitOpen().ok());
  const size_t most = PayloadBytesMax();
  const std::string note = Pattern(0, most);
  ASSERT_TRUE((*channel)->Send(kNote, Bytes(note)).Wait().ok());
  ExpectNotes(1);
  const std::string more(most + 1, 'x');
  EXPECT_EQ(ReasonOf((*channel)->Send(kNote, Bytes(more)).Wait()), Reason::kTooLarge);
}

TEST_P(OneWay, ACallAndEveryNeedThatIsLackingAreRefused) {
  const absl::Status call = Channel::Open(*node_, address_).status();
  EXPECT_EQ(call.code(), absl::StatusCode::kFailedPrecondition) << call;
  EXPECT_NE(call.ToString().find("reply"), std::string::npos) << call;
  const Address address = TestRegistry().Parse(address_).value().Without("raw");
  const Caps caps = TestRegistry().Describe(address, Role::kConnect).value();
  for (const CapsField& field : CapsFields()) {
    if (caps.*field.field) continue;
    ChannelOptions options;
    options.needs = Caps{};
    options.needs.*field.field = true;
    const absl::Status status = Channel::Open(*node_, address_, std::move(options)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << field.name;
    EXPECT_NE(status.ToString().find(field.name), std::string::npos) << status;
  }
}

std::vector<OneWayParam> Params() {
  std::vector<OneWayParam> params;
  for (const Subject& subject : Subjects()) {
    if (Answers(subject)) continue;
    for (const NodeOptions::Wait wait : {NodeOptions::Wait::kUring, NodeOptions::Wait::kEpoll})
      params.push_back({subject, wait});
  }
  return params;
}

INSTANTIATE_TEST_SUITE_P(All, OneWay, testing::ValuesIn(Params()),
                         [](const auto& info) { return NameOf(info.param); });

}  // namespace
}  // namespace jackfield::conformance
