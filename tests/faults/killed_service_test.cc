// A service that is killed under load, and starts again at its address: its clients' channels go on
// with the next instance. A call ends with an answer or with one of the outcomes, runs at most
// once, and is in doubt only if it had left. What is said of the time is for people: no limit is
// tested.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/reactor_case.h"
#include "transports/builtin.h"
#include "transports/resources.h"

namespace jackfield::conformance {
namespace {

constexpr uint32_t kCount = 1, kNote = 2, kEnd = 3;
constexpr int kInstances = 5, kCallers = 16;
constexpr uint32_t kCallsMax = 1 << 22;

// Seen by all processes.
struct Shared {
  std::array<std::atomic<uint8_t>, kCallsMax> runs;  // of the handler, by the call's number
  std::atomic<int64_t> serving_ns[kInstances];
};

Shared* NewShared() {
  void* at =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return at == MAP_FAILED ? nullptr : static_cast<Shared*>(at);
}

// One life of the service. It serves when it is given an address, and says where.
class Instance {
 public:
  Instance(int place, NodeOptions::Wait wait, Shared& shared) {
    int orders[2], words[2];
    EXPECT_EQ(pipe2(orders, O_CLOEXEC) | pipe2(words, O_CLOEXEC), 0);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      close(orders[1]), close(words[0]);
      _exit(Serve(place, wait, shared, orders[0], words[1]));
    }
    close(orders[0]), close(words[1]);
    orders_ = orders[1], words_ = words[0];
  }
  Instance(const Instance&) = delete;
  ~Instance() {
    close(orders_), close(words_);  // who was never started ends
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }
  // Returns at once; SaidAddress waits.
  void Start(std::string address) {
    address += '\n';
    EXPECT_EQ(write(orders_, address.data(), address.size()), static_cast<ssize_t>(address.size()));
  }
  std::string SaidAddress() { return Line(words_); }
  void Kill() {
    kill(pid_, SIGKILL);
    EXPECT_EQ(waitpid(std::exchange(pid_, 0), nullptr, 0) > 0, true);
  }

 private:
  static std::string Line(int fd) {
    std::string line;
    for (char c; read(fd, &c, 1) == 1 && c != '\n';) line += c;
    return line;
  }
  static int Serve(int place, NodeOptions::Wait wait, Shared& shared, int orders, int words) {
    const std::string address = Line(orders);
    if (address.empty()) return 0;
    auto node = Node::Create({.name = "counter", .registry = &TestRegistry(), .wait = wait});
    if (!node.ok()) return 1;
    auto port = Port::Open(**node, {address});
    if (!port.ok()) return 1;
    const auto count = [&shared](ServerCall& call) {
      uint32_t number = 0;
      std::memcpy(&number, call.payload().data(), std::min<size_t>(call.payload().size(), 4));
      ++shared.runs[number % kCallsMax];
      if (!call.one_way()) call.Reply(Bytes(call.payload())).IgnoreError();
    };
    (*port)->Handle(kCount, count);
    (*port)->Handle(kNote, count);
    (*port)->Handle(kEnd, [&node](ServerCall& call) {
      call.Reply(Bytes("ends")).IgnoreError();
      (*node)->Stop();
    });
    if (!(*port)->WaitServing().ok()) return 1;
    shared.serving_ns[place] = (*node)->clock().NowNs();
    const std::string said = Text((*port)->addresses()[0].ToString(), "\n");
    if (write(words, said.data(), said.size()) < 0) return 1;
    (*node)->Run().IgnoreError();
    (*port)->Close(10s);
    port->reset();
    node->reset();
    return 0;
  }

  pid_t pid_ = 0;
  int orders_ = -1, words_ = -1;
};

class KilledServiceTest : public testing::TestWithParam<ReactorCase> {
 protected:
  // Of its own: process numbers, and so names, repeat in the sandboxes of other tests.
  static void SetUpTestSuite() {
    ASSERT_NE(mkdtemp(directory_), nullptr);
    setenv("XDG_RUNTIME_DIR", directory_, 1);
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(directory_); }
  static inline char directory_[] = "/tmp/jf-killed-XXXXXX";
  // What an instance leaves that was killed and had no successor: the test has failed then.
  ~KilledServiceTest() override { RemoveWhatTheyLeft(BuiltinResources(), killed_, 3600); }
  std::set<int> killed_;
};

struct Counts {
  int answered = 0, refused = 0, failed = 0, in_doubt = 0, other = 0;
};

Task<void> CallOnAndOn(Channel& channel, uint32_t& next, const bool& stop, Counts& counts,
                       std::vector<uint32_t>& answered, int& live, int64_t& answered_ns) {
  ++live;
  while (!stop && next < kCallsMax / 2) {
    const uint32_t number = next++;
    const std::string text(reinterpret_cast<const char*>(&number), sizeof(number));
    const absl::StatusOr<Message> reply =
        co_await channel.Call(kCount, Bytes(text), {.timeout = 60s});
    if (reply.ok()) {
      EXPECT_EQ(reply->text(), text);
      ++counts.answered;
      answered.push_back(number);
      if (answered_ns == 0) answered_ns = channel.node().clock().NowNs();
      continue;
    }
    switch (OutcomeOf(reply.status())) {
      case Outcome::kRefused:
        ++counts.refused;
        ADD_FAILURE() << "it had a minute to be sent: " << reply.status();
        break;
      case Outcome::kFailed:
        ++counts.failed;
        EXPECT_EQ(ReasonOf(reply.status()), Reason::kPeerDied) << reply.status();
        break;
      case Outcome::kInDoubt:
        ++counts.in_doubt;
        EXPECT_EQ(ReasonOf(reply.status()), Reason::kPeerDied) << reply.status();
        break;
      default:
        ++counts.other;
        ADD_FAILURE() << reply.status();
    }
  }
  --live;
}

TEST_P(KilledServiceTest, ItsClientsGoOnWithTheNextInstance) {
  if (const std::string lacks = Lacks(GetParam().subject); !lacks.empty()) GTEST_SKIP() << lacks;
  std::unique_ptr<Shared, void (*)(Shared*)> shared(NewShared(),
                                                    [](Shared* s) { munmap(s, sizeof(Shared)); });
  ASSERT_NE(shared, nullptr);
  std::vector<std::unique_ptr<Instance>> instances;  // forked while there is nothing to inherit
  for (int i = 0; i < kInstances; ++i)
    instances.push_back(std::make_unique<Instance>(i, GetParam().wait, *shared));
  instances[0]->Start(std::string(GetParam().subject.serve));
  const std::string address = instances[0]->SaidAddress();
  ASSERT_FALSE(address.empty());

  auto node = Node::Create({.registry = &TestRegistry(), .wait = GetParam().wait}).value();
  auto channel = Channel::Open(*node, address).value();
  uint32_t next = 0, next_note = kCallsMax / 2;
  bool stop = false;
  Counts counts;
  std::vector<uint32_t> answered;
  int live = 0;
  int64_t answered_ns = 0;
  std::string times;
  for (int i = 0; i < kCallers; ++i)
    node->Spawn(CallOnAndOn(*channel, next, stop, counts, answered, live, answered_ns));
  const int64_t give_up_ns = node->clock().NowNs() + 120'000'000'000;
  for (int i = 0; i < kInstances; ++i) {
    ASSERT_TRUE(node->RunUntil([&] { return answered_ns != 0; }, give_up_ns))
        << "instance " << i << ": " << channel->Describe();
    if (i > 0) times += Text(" ", (answered_ns - shared->serving_ns[i].load()) / 1000);
    const int before = counts.answered;
    ASSERT_TRUE(node->RunUntil([&] { return counts.answered > before + 300; }, give_up_ns));
    for (int note = 0; note < 20; ++note, ++next_note) {
      const std::string text(reinterpret_cast<const char*>(&next_note), sizeof(next_note));
      Bytes payload(text);
      channel->TrySend(kNote, payload).IgnoreError();
    }
    if (i + 1 == kInstances) break;
    killed_.insert(instances[static_cast<size_t>(i)]->pid());
    instances[static_cast<size_t>(i)]->Kill();
    ASSERT_TRUE(node->RunUntil([&] { return !channel->open(); }, give_up_ns)) << "it is noticed";
    answered_ns = 0;
    instances[static_cast<size_t>(i) + 1]->Start(address);
  }
  stop = true;
  ASSERT_TRUE(node->RunUntil([&] { return live == 0; }, give_up_ns));
  EXPECT_TRUE(channel->Call(kEnd, Bytes("")).Wait().ok());
  const Ledger ledger = channel->ledger();
  EXPECT_EQ(ledger.sent, ledger.queued() + ledger.delivered + ledger.failed + ledger.in_doubt);
  const Receipt receipt = channel->Close(30s);
  EXPECT_EQ(receipt.undelivered, 0u);
  std::printf("%s: %d answered, %d in doubt, %d failed; first answer after it served, us:%s\n",
              std::string(GetParam().subject.name).c_str(), counts.answered, counts.in_doubt,
              counts.failed, times.c_str());
  // What was under way at each kill, and no more.
  EXPECT_LE(counts.in_doubt, kCallers * (kInstances - 1));
  for (uint32_t number = 0; number < next_note; ++number)
    ASSERT_LE(shared->runs[number].load(), 1) << "number " << number << " ran twice";
  for (const uint32_t number : answered) ASSERT_EQ(shared->runs[number].load(), 1) << number;
}

std::vector<ReactorCase> Cases() {
  std::vector<ReactorCase> cases;
  for (const Subject& subject : Subjects()) {
    const auto caps = TestRegistry().Describe(*TestRegistry().Parse(subject.serve), Role::kServe);
    if (caps->reply && MeetsByAddress(subject) && !caps->one_process)
      AddOverEachReactor(subject, cases);
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Media, KilledServiceTest, testing::ValuesIn(Cases()), NameOfCase);

}  // namespace
}  // namespace jackfield::conformance
