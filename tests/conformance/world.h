// Two ends that talk over one subject, and where they are: what every conformance test begins with.
//
// Thread: the test's. The server may have another thread, or process, of its own; Drive() turns
// what is in this one.
#ifndef JACKFIELD_TESTS_CONFORMANCE_WORLD_H_
#define JACKFIELD_TESTS_CONFORMANCE_WORLD_H_

#include <sys/types.h>

#include <algorithm>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "kernel/call/channel.h"
#include "kernel/node.h"
#include "tests/conformance/service.h"
#include "tests/conformance/subjects.h"

namespace jackfield::conformance {

enum class Place { kOneNode, kTwoNodesInTurn, kTwoThreads, kTwoProcesses };

struct Param {
  Subject subject;
  Place place;
  NodeOptions::Wait wait;
};
std::string NameOf(const Param& param);
// Each subject that answers, in each place that its medium allows, over io_uring and over epoll.
std::vector<Param> EveryParam();
inline void PrintTo(const Param& param, std::ostream* out) { *out << NameOf(param); }

// For a call that a loaded machine may take its time for.
inline CallOptions Long() {
  CallOptions options;
  options.timeout = 3min;
  return options;
}

// The program of server.cc, for Place::kTwoProcesses.
void SetServerProgram(std::string path);

// The ends of a medium that is inherited: what each side is told to open.
struct PipeEnds {
  std::string serve, connect;
  int server_fds[2], client_fds[2];
};
PipeEnds MakePipes(const Address& bare);

class World {
 public:
  // Fails the test, and is not ok(), if the ends cannot meet. query: "on_full=fail", for the
  // client's address.
  World(const Param& param, const ServerSetup& setup = {}, ChannelOptions options = {},
        std::string_view query = "");
  ~World();
  World(const World&) = delete;

  bool ok() const { return channel_ != nullptr; }
  const Param& param() const { return param_; }
  Node& node() { return *node_; }
  Channel& channel() { return *channel_; }
  const Caps& caps() const { return caps_; }
  // So many bytes, or as many as a payload may have here.
  uint32_t AtMost(uint32_t bytes) const {
    return std::min(bytes, caps_.frame_bytes_max - kHeaderBytes);
  }
  std::string server_address() const { return connect_; }
  pid_t server_pid() const { return server_pid_; }  // of another process, else 0
  // Does the server get on while this thread blocks in a wait of the client's node?
  bool may_block() const { return param_.place != Place::kTwoNodesInTurn; }

  // Turns every node of this thread until `done`. False: not within the watchdog's time.
  template <class Done>
  [[nodiscard]] bool Drive(Done done) {
    const int64_t give_up_ns = clock_.NowNs() + kWatchdogNs;
    while (!done()) {
      if (clock_.NowNs() > give_up_ns) return false;
      TurnOnce();
    }
    return true;
  }
  void TurnOnce();

  // A call by callback, driven to its end; the answer's text.
  absl::StatusOr<std::string> Call(uint32_t type, std::string_view payload = "",
                                   const CallOptions& options = {}) {
    return CallOn(*channel_, type, payload, options);
  }
  // The same on another channel of the client's node.
  absl::StatusOr<std::string> CallOn(Channel& channel, uint32_t type, std::string_view payload,
                                     const CallOptions& options);
  // Runs a coroutine on the client's node to its end. False: the watchdog.
  [[nodiscard]] bool Run(Task<void> task);
  // Asks the server for its notes until there are `count`.
  std::string AwaitNotes(size_t count);

  // Require: Place::kTwoProcesses.
  void KillServer();
  bool StartServerAgain(const ServerSetup& setup);  // at the address it had
  void CheckLedger();

 private:
  static constexpr int64_t kWatchdogNs = 180'000'000'000;
  bool StartServer(const ServerSetup& setup, const std::string& serve);
  bool StartProcess(const ServerSetup& setup, const std::string& serve);
  void StartThread(const ServerSetup& setup, const std::string& serve);

  const Param param_;
  SystemClock clock_;
  Caps caps_;
  std::string connect_;
  PipeEnds pipes_{};

  std::unique_ptr<Node> node_;
  std::unique_ptr<Node> server_node_;  // kTwoNodesInTurn
  std::unique_ptr<Port> port_;         // in this thread
  std::unique_ptr<TestService> service_;
  std::unique_ptr<Channel> channel_;

  std::thread thread_;
  MailboxHandle thread_node_;
  Node* thread_node_pointer_ = nullptr;

  pid_t server_pid_ = 0;
  std::set<int> killed_;  // processes
  int server_input_ = -1;
};

class Conformance : public testing::TestWithParam<Param> {
 protected:
  void SetUp() override;
  static Caps ClaimedCaps() {
    return TestRegistry()
        .Describe(*TestRegistry().Parse(GetParam().subject.serve), Role::kServe)
        .value();
  }
  static bool ClaimsFds() { return ClaimedCaps().fds; }
  static bool ClaimsPeerLoss() { return ClaimedCaps().peer_loss; }
  static bool OneClientOnly() { return ClaimedCaps().inherited; }
};

}  // namespace jackfield::conformance

#endif  // JACKFIELD_TESTS_CONFORMANCE_WORLD_H_
