#include "tests/conformance/world.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <future>
#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "transports/builtin.h"

namespace jackfield::conformance {
namespace {

std::string g_server_program;  // NOLINT: set once by main()

// The answer of a call that the test waits for; kept apart from the stack, which a watchdog may
// leave.
struct Told {
  bool done = false;
  absl::StatusOr<std::string> text = std::string();
};

}  // namespace

void SetServerProgram(std::string path) { g_server_program = std::move(path); }

std::string NameOf(const Param& param) {
  constexpr std::string_view kPlaces[] = {"OneNode", "TwoNodesInTurn", "TwoThreads",
                                          "TwoProcesses"};
  return Text(param.subject.name, "_", kPlaces[static_cast<size_t>(param.place)], "_",
              param.wait == NodeOptions::Wait::kUring ? "uring" : "epoll");
}

std::vector<Param> EveryParam() {
  std::vector<Param> params;
  for (const Subject& subject : Subjects()) {
    if (!Answers(subject)) continue;
    const absl::StatusOr<Address> address = TestRegistry().Parse(subject.serve);
    const Caps caps = TestRegistry().Describe(*address, Role::kServe).value();
    for (const Place place :
         {Place::kOneNode, Place::kTwoNodesInTurn, Place::kTwoThreads, Place::kTwoProcesses}) {
      if (place == Place::kTwoProcesses && caps.one_process) continue;
      if (place == Place::kTwoThreads && caps.one_thread) continue;
      for (const NodeOptions::Wait wait : {NodeOptions::Wait::kUring, NodeOptions::Wait::kEpoll}) {
        params.push_back({subject, place, wait});
      }
    }
  }
  return params;
}

PipeEnds MakePipes(const Address& bare) {
  int to_server[2], to_client[2];
  EXPECT_EQ(pipe2(to_server, O_CLOEXEC), 0);
  EXPECT_EQ(pipe2(to_client, O_CLOEXEC), 0);
  PipeEnds ends{"", "", {to_server[0], to_client[1]}, {to_client[0], to_server[1]}};
  ends.serve = bare.WithTarget(Text("fd=", to_server[0], ",", to_client[1])).ToString();
  ends.connect = bare.WithTarget(Text("fd=", to_client[0], ",", to_server[1])).ToString();
  return ends;
}

void Conformance::SetUp() {
  if (const std::string lacks = Lacks(GetParam().subject); !lacks.empty()) GTEST_SKIP() << lacks;
  // A machine that forbids io_uring proves the epoll half only.
  if (GetParam().wait != NodeOptions::Wait::kUring) return;
  const absl::StatusOr<std::unique_ptr<Node>> node =
      Node::Create({.registry = &TestRegistry(), .wait = NodeOptions::Wait::kUring});
  if (!node.ok()) GTEST_SKIP() << node.status();
}

World::World(const Param& param, const ServerSetup& setup, ChannelOptions options,
             std::string_view query)
    : param_(param) {
  const absl::StatusOr<Address> bare = TestRegistry().Parse(param.subject.serve);
  if (!bare.ok()) {
    ADD_FAILURE() << bare.status();
    return;
  }
  caps_ = TestRegistry().Describe(*bare, Role::kServe).value();
  absl::StatusOr<std::unique_ptr<Node>> node =
      Node::Create({.name = "client", .registry = &TestRegistry(), .wait = param.wait});
  if (!node.ok()) {
    ADD_FAILURE() << node.status();
    return;
  }
  node_ = *std::move(node);
  std::string serve = Raw(param.subject.serve);
  if (caps_.inherited) {
    pipes_ = MakePipes(*bare);
    serve = Raw(pipes_.serve);
    connect_ = pipes_.connect;
  }
  if (!StartServer(setup, serve)) return;
  connect_ = Raw(connect_);
  std::string address = connect_;
  if (!query.empty()) address += Text("&", query);
  absl::StatusOr<std::unique_ptr<Channel>> channel =
      Channel::Open(*node_, address, std::move(options));
  if (!channel.ok()) {
    ADD_FAILURE() << address << ": " << channel.status();
    return;
  }
  if (!Drive([&] { return (*channel)->open() || !(*channel)->ended_why().ok(); }) ||
      !(*channel)->open()) {
    ADD_FAILURE() << address << " does not open: " << (*channel)->ended_why();
    return;
  }
  channel_ = *std::move(channel);
}

bool World::StartServer(const ServerSetup& setup, const std::string& serve) {
  if (param_.place == Place::kTwoProcesses) return StartProcess(setup, serve);
  if (param_.place == Place::kTwoThreads) {
    StartThread(setup, serve);
    return true;
  }
  Node* node = node_.get();
  if (param_.place == Place::kTwoNodesInTurn) {
    server_node_ =
        Node::Create({.name = "server", .registry = &TestRegistry(), .wait = param_.wait}).value();
    node = server_node_.get();
  }
  absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(*node, {serve}, setup.ToPortOptions());
  if (!port.ok() || !(*port)->WaitServing().ok()) {
    ADD_FAILURE() << serve << ": " << port.status();
    return false;
  }
  port_ = *std::move(port);
  service_ = std::make_unique<TestService>(*port_, setup);
  if (connect_.empty()) connect_ = port_->addresses()[0].ToString();
  return true;
}

void World::StartThread(const ServerSetup& setup, const std::string& serve) {
  std::promise<std::string> address;
  std::future<std::string> serving = address.get_future();
  thread_ = std::thread([this, setup, serve, &address] {
    std::unique_ptr<Node> node =
        Node::Create({.name = "server", .registry = &TestRegistry(), .wait = param_.wait}).value();
    std::unique_ptr<Port> port = Port::Open(*node, {serve}, setup.ToPortOptions()).value();
    auto service = std::make_unique<TestService>(*port, setup);
    EXPECT_TRUE(port->WaitServing().ok());
    thread_node_ = node->handle();
    thread_node_pointer_ = node.get();
    address.set_value(port->addresses()[0].ToString());
    EXPECT_TRUE(node->Run().ok());
    EXPECT_EQ(port->CheckInvariants(), absl::OkStatus());
    port.reset();
    service.reset();
    node.reset();
  });
  const std::string actual = serving.get();
  if (connect_.empty()) connect_ = actual;
}

bool World::StartProcess(const ServerSetup& setup, const std::string& serve) {
  int input[2], output[2];
  EXPECT_EQ(pipe2(input, O_CLOEXEC), 0);
  EXPECT_EQ(pipe2(output, O_CLOEXEC), 0);
  std::vector<std::string> words = {g_server_program, serve,
                                    param_.wait == NodeOptions::Wait::kUring ? "uring" : "epoll"};
  for (std::string& word : setup.ToArgs()) words.push_back(std::move(word));
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  server_pid_ = fork();
  if (server_pid_ == 0) {
    dup2(input[0], 0);
    dup2(output[1], 1);
    if (caps_.inherited) {
      for (const int fd : pipes_.server_fds) fcntl(fd, F_SETFD, 0);
    }
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(input[0]);
  close(output[1]);
  server_input_ = input[1];
  if (caps_.inherited) {
    for (const int fd : pipes_.server_fds) close(fd);
  }
  std::string line;
  char c;
  while (read(output[0], &c, 1) == 1 && c != '\n') line += c;
  close(output[0]);
  constexpr std::string_view kServing = "serving ";
  if (line.substr(0, kServing.size()) != kServing) {
    ADD_FAILURE() << g_server_program << " did not start: " << line;
    return false;
  }
  if (connect_.empty()) connect_ = line.substr(kServing.size());
  return true;
}

World::~World() {
  if (channel_ != nullptr) {
    CheckLedger();
    EXPECT_EQ(channel_->CheckInvariants(), absl::OkStatus());
  }
  if (port_ != nullptr) {
    EXPECT_EQ(port_->CheckInvariants(), absl::OkStatus());
  }
  channel_.reset();
  port_.reset();
  service_.reset();
  server_node_.reset();
  node_.reset();
  if (thread_.joinable()) {
    thread_node_.Run([this] { thread_node_pointer_->Stop(); });
    thread_.join();
  }
  if (server_pid_ > 0) {
    close(server_input_);  // asks it to end
    int status = 0;
    EXPECT_EQ(waitpid(server_pid_, &status, 0), server_pid_);
    EXPECT_EQ(status, 0) << "the server's own end: a broken rule, a sanitizer's report, or a crash";
  }
  constexpr int64_t kRunSecondsMax = 3600;
  RemoveWhatTheyLeft(BuiltinResources(), killed_, kRunSecondsMax);
}

void World::TurnOnce() {
  const bool elsewhere = param_.place == Place::kTwoThreads || param_.place == Place::kTwoProcesses;
  if (server_node_ != nullptr) {
    node_->Turn(Node::kDoNotSleep);
    server_node_->Turn(Node::kDoNotSleep);
  } else {
    node_->Turn(clock_.NowNs() + (elsewhere ? 10'000'000 : 1'000'000));
  }
}

absl::StatusOr<std::string> World::CallOn(Channel& channel, uint32_t type, std::string_view payload,
                                          const CallOptions& options) {
  auto answer = std::make_shared<Told>();
  const absl::Status started =
      channel.CallAsync(type, Bytes(payload), options, [answer](Answer& reply) {
        if (reply.ok())
          answer->text = std::string(reply->text());
        else
          answer->text = reply.status();
        answer->done = true;
      });
  if (!started.ok()) return started;
  if (!Drive([&] { return answer->done; }))
    return absl::InternalError("the watchdog: the call has no end");
  return answer->text;
}

bool World::Run(Task<void> task) {
  auto done = std::make_shared<bool>(false);
  node_->Spawn([](Node&, Task<void> inner, std::shared_ptr<bool> ended) -> Task<void> {
    co_await inner;
    *ended = true;
  }(*node_, std::move(task), done));
  return Drive([&] { return *done; });
}

std::string World::AwaitNotes(size_t count) {
  std::string notes;
  const int64_t give_up_ns = clock_.NowNs() + kWatchdogNs;
  do {
    absl::StatusOr<std::string> answer = Call(kNotes);
    if (answer.ok())
      notes = *std::move(answer);
    else if (ReasonOf(answer.status()) == Reason::kBackPressure)
      TurnOnce();  // the link is draining
    else
      return answer.status().ToString();
  } while (static_cast<size_t>(std::count(notes.begin(), notes.end(), ' ')) < count &&
           clock_.NowNs() < give_up_ns);
  return notes;
}

void World::KillServer() {
  kill(server_pid_, SIGKILL);
  killed_.insert(server_pid_);
  EXPECT_EQ(waitpid(std::exchange(server_pid_, 0), nullptr, 0) > 0, true);
  close(server_input_);
}

bool World::StartServerAgain(const ServerSetup& setup) { return StartProcess(setup, connect_); }

void World::CheckLedger() {
  const Ledger ledger = channel_->ledger();
  EXPECT_LE(ledger.delivered + ledger.failed + ledger.in_doubt, ledger.sent);
  EXPECT_LE(ledger.handled, ledger.received);
  EXPECT_EQ(ledger.queued(), ledger.sent - ledger.delivered - ledger.failed - ledger.in_doubt);
}

}  // namespace jackfield::conformance
