#include "tools/bench/bus.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "tools/bench/medium.h"

namespace jackfield::bench {
namespace {

// Two pipes, for a medium whose ends are inherited.
struct PipePair {
  int to_server[2] = {-1, -1};
  int to_client[2] = {-1, -1};
};

void CloseAll(std::initializer_list<int> fds) {
  for (const int fd : fds) {
    if (fd >= 0) close(fd);
  }
}

SessionLimits LimitsOf(const Options& options) {
  SessionLimits limits;
  limits.outbox_frames = std::max(limits.outbox_frames, options.depth);
  return limits;
}

constexpr uint64_t kOtherDescriptors = 32;  // that a side has open besides its connections

// What the server was asked for and its transport does not report belongs to node and channel: both
// sides get it.
Address ForClient(Address actual, const Address& asked) {
  for (const auto& [key, value] : asked.params()) {
    if (!actual.Find(key)) actual = actual.With(key, value);
  }
  return actual;
}

// Ends a side in order when it is asked to (SIGTERM): its waits are interrupted, its node stops,
// and what it holds under a name goes with it. If that takes too long it is killed (SIGALRM):
// nobody may be left to do it.
class AskedToStop {
 public:
  static constexpr unsigned kSeconds = 3;

  explicit AskedToStop(Node& node) : node_(node) {
    sigset_t asks;
    sigemptyset(&asks);
    sigaddset(&asks, SIGTERM);
    sigprocmask(SIG_BLOCK, &asks, nullptr);
    fd_ = OwnedFd(signalfd(-1, &asks, SFD_CLOEXEC | SFD_NONBLOCK));
    if (fd_.ok()) node.reactor().Start(op_, fd_.get(), POLLIN);
  }
  ~AskedToStop() { node_.EndWait(op_); }
  AskedToStop(const AskedToStop&) = delete;

 private:
  static void OnAsked(Op& op, int32_t result) {
    if (result < 0) return;
    Node& node = static_cast<AskedToStop*>(op.user)->node_;
    alarm(kSeconds);
    node.Interrupt();
    node.Stop();
  }

  Node& node_;
  OwnedFd fd_;
  Op op_{OnAsked, this};
};

class Measurement {
 public:
  Measurement(const Options& options, const Address& address, const Registry& registry)
      : options_(options), address_(address), registry_(registry) {}

  absl::Status Go(Run& run, Counting counting) {
    absl::StatusOr<Caps> caps = CapsOfServed(address_, registry_);
    if (!caps.ok()) return caps.status();
    if (caps->one_thread) {
      return absl::InvalidArgumentError(Text(
          address_.ToString(), " joins nodes of one thread, so there are no two sides to measure"));
    }
    if (absl::Status status = CheckDescriptors(*caps); !status.ok()) return status;
    if (pipe2(told_, O_CLOEXEC) != 0)
      return absl::ResourceExhaustedError(Text("pipe: ", std::strerror(errno)));
    if (absl::Status status = caps->inherited ? MakePipes() : absl::OkStatus(); !status.ok()) {
      CloseEverything();
      return status;
    }
    Sides sides;
    sides.server = [this](Context& context) { return Serve(context); };
    sides.client = [this](Context& context) { return Call(context); };
    sides.close_all = [this] { CloseEverything(); };
    threads_ = caps->one_process;
    if (threads_) return RunThreads(options_, sides, run, counting);
    sides.close_other = [this](Side side) { CloseOther(side); };
    return RunProcesses(options_, sides, run, counting);
  }

 private:
  // Each connection needs a descriptor in a side at least; pipes need all four in who makes them.
  absl::Status CheckDescriptors(const Caps& caps) const {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    const uint64_t needed =
        uint64_t{options_.connections} * (caps.inherited ? 4 : 1) + kOtherDescriptors;
    if (caps.one_process || needed <= files.rlim_cur) return absl::OkStatus();
    return absl::ResourceExhaustedError(Text(
        options_.connections, " connections need ", needed, " descriptors, and RLIMIT_NOFILE is ",
        uint64_t{files.rlim_cur}, ": ulimit -n, or fewer --connections"));
  }

  absl::Status MakePipes() {
    pipes_.resize(options_.connections);
    for (PipePair& pair : pipes_) {
      if (pipe2(pair.to_server, O_CLOEXEC) != 0 || pipe2(pair.to_client, O_CLOEXEC) != 0)
        return absl::ResourceExhaustedError(Text("pipe: ", std::strerror(errno)));
    }
    return absl::OkStatus();
  }

  void CloseEverything() {
    CloseAll({told_[0], told_[1]});
    for (PipePair& pair : pipes_)
      CloseAll({pair.to_server[0], pair.to_server[1], pair.to_client[0], pair.to_client[1]});
  }
  void CloseOther(Side side) {
    const bool server = side == Side::kServer;
    CloseAll({told_[server ? 0 : 1]});
    for (PipePair& pair : pipes_) {
      if (server)
        CloseAll({pair.to_server[1], pair.to_client[0]});
      else
        CloseAll({pair.to_server[0], pair.to_client[1]});
    }
  }

  absl::Status Serve(Context& context) {
    absl::StatusOr<std::unique_ptr<Node>> node = MakeNode(context, "bench-server");
    if (!node.ok()) return node.status();
    std::optional<AskedToStop> asked;  // goes before the node
    if (!threads_) asked.emplace(**node);
    std::vector<std::string> serves;
    for (const PipePair& pair : pipes_)
      serves.push_back(InheritedAddress(pair.to_server[0], pair.to_client[1]).ToString());
    if (serves.empty()) serves.push_back(address_.ToString());
    absl::Status fault;
    PortOptions port_options;
    port_options.session = LimitsOf(options_);
    // All connect at once, before any of them is heard.
    port_options.sessions_max = std::max(port_options.sessions_max, options_.connections + 1);
    port_options.silent_max = options_.connections;
    absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(**node, serves, port_options);
    if (!port.ok()) return port.status();
    ServeMeasured(**node, **port, options_, fault);
    if (absl::Status status = (*port)->WaitServing(); !status.ok()) return status;
    const std::string line = Text((*port)->addresses()[0].ToString(), "\n");
    if (write(told_[1], line.data(), line.size()) != static_cast<ssize_t>(line.size()))
      return absl::AbortedError("the client has gone");
    const absl::Status ran = (*node)->Run();
    return fault.ok() ? ran : fault;
  }

  absl::Status Call(Context& context) {
    absl::StatusOr<Address> served = ReadServed();
    if (!served.ok()) return served.status();
    absl::StatusOr<std::unique_ptr<Node>> node = MakeNode(context, "bench-client");
    if (!node.ok()) return node.status();
    std::optional<AskedToStop> asked;  // goes before the node
    if (!threads_) asked.emplace(**node);
    ChannelOptions channel_options;
    channel_options.calls_max = std::max(1u, options_.depth);
    channel_options.session = LimitsOf(options_);
    channel_options.timeout = 10s;
    std::vector<std::unique_ptr<Channel>> channels;
    for (uint32_t i = 0; i < options_.connections; ++i) {
      const Address address =
          pipes_.empty() ? *served
                         : InheritedAddress(pipes_[i].to_client[0], pipes_[i].to_server[1]);
      absl::StatusOr<std::unique_ptr<Channel>> channel =
          Channel::Open(**node, address, channel_options);
      if (!channel.ok()) return channel.status();
      channels.push_back(*std::move(channel));
    }
    for (const auto& channel : channels) {
      if (absl::Status status = channel->WaitOpen(); !status.ok()) return status;
    }
    absl::Status status = options_.mode == Mode::kLatency ? MeasureLatency(context, *channels[0])
                          : options_.mode == Mode::kThroughput
                              ? MeasureThroughput(context, *channels[0])
                              : MeasureFanin(context, **node, channels);
    if (!status.ok()) return status;
    status = CheckLedgers(channels);
    // If the server goes before its answer comes, that is as well.
    channels[0]->Call(kStop, Bytes()).Wait().status().IgnoreError();
    return status;
  }

  // Nothing that was sent may be unaccounted for.
  static absl::Status CheckLedgers(const std::vector<std::unique_ptr<Channel>>& channels) {
    for (const auto& channel : channels) {
      const Ledger ledger = channel->ledger();
      if (ledger.failed == 0 && ledger.dropped == 0 && ledger.late == 0) continue;
      return absl::DataLossError(Text("of ", ledger.sent, " messages ", ledger.failed, " failed, ",
                                      ledger.dropped, " were dropped, and ", ledger.late,
                                      " answers came late"));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<Node>> MakeNode(Context& context, std::string_view name) const {
    context.PinThread();
    NodeOptions node;
    node.name = std::string(name);
    node.registry = &registry_;
    return Node::Create(node);
  }

  absl::StatusOr<Address> ReadServed() const {
    std::string line;
    for (char c; line.size() < 4096; line += c) {
      if (read(told_[0], &c, 1) != 1) return absl::UnavailableError("the server did not come up");
      if (c == '\n') break;
    }
    absl::StatusOr<Address> actual = registry_.Parse(line);
    if (!actual.ok()) return actual.status();
    return ForClient(*std::move(actual), address_);
  }

  Address InheritedAddress(int read_fd, int write_fd) const {
    return address_.WithTarget(Text("fd=", read_fd, ",", write_fd));
  }

  const Options& options_;
  const Address& address_;
  const Registry& registry_;
  bool threads_ = false;    // which hold nothing that has a name
  int told_[2] = {-1, -1};  // a pipe by which the server tells where it serves
  std::vector<PipePair> pipes_;
};

}  // namespace

absl::Status MeasureBus(const Options& options, const Address& address, const Registry& registry,
                        Run& run, Counting counting) {
  return Measurement(options, address, registry).Go(run, counting);
}

}  // namespace jackfield::bench
