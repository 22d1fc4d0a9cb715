// FAULTS C1, C3, C12, C14, E1, E2, E6, E7: each system call that a service and its client make,
// over every transport, fails once with what its manual page documents. Each send and call ends in
// an outcome that is true, what has not failed goes on working (also for the next client), nothing
// is closed twice and no descriptor is left.
//
// A child counts the calls first; then there is a child for each of them (trapped_calls.h). Those
// that repeat a kind of call many times are sampled; EVERY_CALL=1 in the environment makes all.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/reactor_case.h"
#include "tests/faults/seams.h"
#include "tests/faults/trapped_calls.h"

namespace jackfield::conformance {
namespace {

constexpr uint32_t kEcho = 1;
constexpr int64_t kGiveUpNs = 20'000'000'000;

// What a child found wrong; empty if nothing.
class Scenario {
 public:
  explicit Scenario(const ReactorCase& param)
      : param_(param),
        answers_(Answers(param.subject)),
        bytes_max_(TestRegistry()
                       .Describe(TestRegistry().Parse(param.subject.serve).value(), Role::kServe)
                       .value()
                       .frame_bytes_max -
                   kHeaderBytes),
        descriptors_before_(OpenDescriptors()) {}
  std::string Run();

 private:
  bool Drive(const std::function<bool()>& until) {
    return node_->RunUntil(until, SystemClock().NowNs() + kGiveUpNs);
  }
  std::string Serve();
  std::string Talk(std::span<const size_t> sizes, int64_t timeout_us, bool must_succeed);

  const ReactorCase param_;
  const bool answers_;
  const size_t bytes_max_;
  const int descriptors_before_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Port> port_;
  absl::Status link_ended_;
  std::vector<std::string> notes_;
};

std::string Scenario::Talk(std::span<const size_t> sizes, int64_t timeout_us, bool must_succeed) {
  ChannelOptions options;
  options.connect_timeout = std::chrono::microseconds(timeout_us);
  options.session.hello = std::chrono::microseconds(timeout_us);
  if (!answers_) options.needs = SendNeeds();
  const auto channel = Channel::Open(*node_, port_->addresses()[0], options);
  if (!channel.ok())
    return must_succeed ? Text("the next client: ", channel.status().ToString(), "\n") : "";
  std::string wrong;
  for (const size_t bytes : sizes) {
    const std::string payload(bytes, static_cast<char>('a' + bytes % 26));
    CallOptions within;
    within.timeout = std::chrono::microseconds(timeout_us);
    if (!answers_) {
      const uint64_t before = (*channel)->ledger().delivered;
      const absl::Status sent = (*channel)->Send(kEcho, Bytes(payload), within).Wait();
      if (!sent.ok() && must_succeed) wrong += Text("the next sender: ", sent.ToString(), "\n");
      if (!sent.ok() && sent.message().empty()) wrong += "a refusal without a word\n";
      Drive(
          [&] { return (*channel)->ledger().delivered > before || !(*channel)->ended_why().ok(); });
      if (sent.ok() && (*channel)->ledger().delivered > before && !Drive([&] {
            return (!notes_.empty() && notes_.back() == payload) || !link_ended_.ok() ||
                   !port_->failure().ok() || port_->ledger().lost > 0;
          }))
        wrong += Text("a note of ", bytes, " bytes was taken and did not come\n");
      continue;
    }
    bool done = false;
    absl::StatusOr<Message> got;
    const absl::Status started =
        (*channel)->CallAsync(kEcho, Bytes(payload), within, [&](Answer& reply) {
          done = true;
          if (!reply.ok() && reply.status().message().empty()) wrong += "an end without a word\n";
          if (!reply.ok() && must_succeed)
            wrong += Text("the next client: ", reply.status().ToString(), "\n");
          if (reply.ok() && reply->text() != payload) wrong += "another answer\n";
        });
    if (!started.ok() && must_succeed) wrong += Text("the next client: ", started.ToString(), "\n");
    if (started.ok() && !Drive([&] { return done; })) {
      wrong += Text("a call of ", bytes, " bytes has no end\n");
      (*channel)->Close(0s);
    }
  }
  const Ledger& ledger = (*channel)->ledger();
  if (ledger.delivered + ledger.failed + ledger.in_doubt > ledger.sent)
    wrong += "the ledger does not add up\n";
  (*channel)->Close(std::chrono::microseconds(timeout_us));
  return wrong;
}

std::string Scenario::Serve() {
  absl::StatusOr<std::unique_ptr<Node>> node =
      Node::Create({.registry = &TestRegistry(), .wait = param_.wait});
  if (!node.ok()) return node.status().message().empty() ? "refused without a word\n" : "";
  node_ = *std::move(node);
  PortOptions options;
  if (!answers_) options.needs = ReceiveNeeds();
  absl::StatusOr<std::unique_ptr<Port>> port =
      Port::Open(*node_, {std::string(param_.subject.serve)}, options);
  if (!port.ok()) return port.status().message().empty() ? "refused without a word\n" : "";
  port_ = *std::move(port);
  port_->Handle(kEcho, [this](ServerCall& call) {
    if (answers_)
      call.Reply(Bytes(call.payload())).IgnoreError();
    else
      notes_.emplace_back(call.message().text());
  });
  port_->OnClientGone([this](const std::string&, const absl::Status& why) { link_ended_ = why; });
  if (!Drive([&] { return port_->serving() || !port_->failure().ok(); }))
    return "it neither serves nor says why not\n";
  if (!port_->serving()) return port_->failure().message().empty() ? "failed without a word\n" : "";
  const std::vector<size_t> sizes =
      answers_ ? std::vector<size_t>{0, 5000, 100'000}
               : std::vector<size_t>{0, 4, std::min<size_t>(bytes_max_, 100'000)};
  std::string wrong = Talk(sizes, 400'000, /*must_succeed=*/false);
  StopFailing();
  // It says that all is well: then it is.
  if (port_->serving() && port_->failure().ok() && (answers_ || link_ended_.ok())) {
    const size_t small[] = {3};
    wrong += Talk(small, 5'000'000, /*must_succeed=*/true);
  }
  return wrong;
}

std::string Scenario::Run() {
  std::string wrong = Serve();
  StopFailing();
  port_.reset();
  node_.reset();
  if (const int after = OpenDescriptors(); after != descriptors_before_)
    wrong += Text(after - descriptors_before_, " descriptors are left\n");
  if (ClosedTwice()) wrong += "a descriptor was closed twice\n";
  return wrong;
}

class CallSweep : public testing::TestWithParam<ReactorCase> {
 protected:
  void SetUp() override {
    if (!CanTrapCalls()) GTEST_SKIP() << "system calls cannot be trapped here";
    if (const std::string lacks = Lacks(GetParam().subject); !lacks.empty()) GTEST_SKIP() << lacks;
    char name[] = "/tmp/jf-calls-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
    setenv("XDG_RUNTIME_DIR", name, 1);
  }
  void TearDown() override {
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }
  // What the child said, or how it ended.
  static std::string InChild(const FailedCall& call) {
    int ends[2];
    if (pipe(ends) != 0) return "pipe";
    FailCall(call);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      dup2(ends[1], 2);
      alarm(60);
      Scenario scenario(GetParam());
      if (!TrapCalls()) _exit(99);
      const std::string wrong = scenario.Run();
      const ssize_t wrote = write(ends[1], wrong.data(), wrong.size());
      _exit(wrong.empty() && wrote == 0 ? 0 : 1);
    }
    close(ends[1]);
    std::string said;
    char bytes[4096];
    for (ssize_t got; (got = read(ends[0], bytes, sizeof bytes)) > 0;)
      said.append(bytes, static_cast<size_t>(got));
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) return Text(said, "killed by signal ", WTERMSIG(status), "\n");
    if (WEXITSTATUS(status) == 99) return "no seccomp";
    return WEXITSTATUS(status) == 0 ? std::string() : said;
  }

  std::string directory_;
};

TEST_P(CallSweep, OneFailureOfEachEndsInAnOutcomeAndTheRestGoesOn) {
  const std::string plain = InChild({});
  if (plain == "no seccomp") GTEST_SKIP() << plain;
  ASSERT_EQ(plain, "") << "without a failure";
  const std::vector<int> calls(TrappedCalls().begin(), TrappedCalls().end());
  const bool all = getenv("EVERY_CALL") != nullptr;
  std::map<int, int> seen;
  for (const int call : calls) {
    const int nth = ++seen[call];
    if (!all && nth > 6 && nth % 16 != 0) continue;
    const std::span<const int> errors = ErrorsOfCall(call);
    for (size_t i = 0; i < errors.size(); ++i) {
      if (!all && i != static_cast<size_t>(nth) % errors.size()) continue;
      const std::string wrong = InChild({.syscall = call, .nth = nth, .error = errors[i]});
      EXPECT_EQ(wrong, "") << NameOfCall(call) << " number " << nth << " fails with "
                           << strerrorname_np(errors[i]);
    }
  }
}

std::vector<ReactorCase> Params() {
  std::vector<ReactorCase> params;
  for (const Subject& subject : Subjects()) {
    const Address address = TestRegistry().Parse(subject.serve).value();
    if (!MeetsByAddress(subject)) continue;
    const bool plain_udp =
        address.scheme() == "udp" && subject.name.find("chaos") == subject.name.npos;
    if (!address.shims().empty() && !plain_udp) continue;
    AddOverEachReactor(subject, params);
  }
  return params;
}

INSTANTIATE_TEST_SUITE_P(All, CallSweep, testing::ValuesIn(Params()), NameOfCase);

}  // namespace
}  // namespace jackfield::conformance
