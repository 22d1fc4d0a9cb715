// A service: what a program of the bus is to those who start it. It is handed exactly the channels
// that its wiring grants, asks for them by role, and never sees an address.
//
//   absl::Status Greet(Service& service) {
//     absl::StatusOr<std::unique_ptr<Port>> port = service.Serve();
//     if (!port.ok()) return port.status();
//     (*port)->Handle(kGreet, [](ServerCall& call) { call.Reply(Bytes("hello")).IgnoreError(); });
//     return service.Run();                           // until it is asked to stop
//   }
//   int main(int argc, char** argv) {
//     Registry registry;
//     AddBuiltinTransports(registry);
//     return ServiceMain(argc, argv, registry, Greet);
//   }
//
// Started by `jackfield up`, the grants come in the environment (JACKFIELD_GRANTS), its arguments
// in argv as those of any program, whatever stands in front of it (env, a debugger), and readiness
// is told to JACKFIELD_READY_FD; where that is not set, to NOTIFY_SOCKET (systemd, Type=notify).
// By hand: greet --serve unix:@greeter --call log=unix:@log [--name greeter] [--memory 64MiB]
// [--grace 2s] [--allow uid:1000] [-- ARGS…].
//
// The end loses nothing in silence. Asked to stop, Run() takes no new calls and handles what has
// come; when the function has returned, one-way messages of its channels are still sent until they
// are handled. Each of the two lasts at most the grace. What is then not handled is one line on
// stderr for each channel and port, and exit status 1.
//
// Thread: the thread that runs it; RequestStop may come from any.
#ifndef JACKFIELD_SERVICES_SERVICE_H_
#define JACKFIELD_SERVICES_SERVICE_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "services/allow/access_gate.h"

namespace jackfield {

class ControlPort;
class Service;

using ServiceFunction = absl::Status (*)(Service& service);

inline constexpr int64_t kGraceNs = 2'000'000'000;         // unless the grants say otherwise
inline constexpr int64_t kGraceNsMax = 3'600'000'000'000;  // more is refused

// The message memory of a service, as a wiring or a command line says it: "64MiB".
// Errors: INVALID_ARGUMENT (no size, or less than kMemoryBytesLeast).
inline constexpr uint64_t kMemoryBytesLeast = 1 << 20;
absl::StatusOr<uint64_t> ParseMemoryBytes(std::string_view text);

// One of the servers of a role.
struct GrantedCall {
  std::string role;
  std::string address;
  std::string server = {};  // its name, where a role has several; "": its address tells it apart
  std::string badge = {};   // to be shown there (services/allow/badge.h); "": it wants none
};

// Of one role. So many fit into a survey, and into a wiring's `instances`.
inline constexpr size_t kServersOfRoleMax = 64;

// How people know that server: "packer.2" of the role packer, "packer/crane", else the role.
std::string NameInRole(std::string_view role, std::string_view server);

// What a service may reach and where it serves. Lines "name N", "serve ADDRESS", "call ROLE
// ADDRESS", "limit memory SIZE", "grace DURATION", "control ADDRESS". A role with many servers has
// a line for each, with its name if it has one: "call ROLE=SERVER ADDRESS"; "badge BADGE" belongs
// to the call in front of it. Who may call: "allow WHAT WHO" (services/allow/access_gate.h), and
// "key HEX", by which badges are known.
struct Grants {
  static absl::StatusOr<Grants> Parse(
      std::string_view text);    // Errors: INVALID_ARGUMENT, with the line
  std::string ToString() const;  // all but the arguments, which a process gets in argv

  std::string name = "service";
  std::vector<std::string> serves;
  std::vector<GrantedCall> calls;
  std::vector<std::string> args;
  std::vector<allow::Rule> allows;  // empty: whoever can reach it may call
  std::string badge_key;            // as allow::ToHex writes it; "": no badge counts
  std::string control;  // where it tells who started it what it is doing (services/control); or ""
  uint64_t memory_bytes_max = 0;  // NodeOptions.memory_bytes_max; 0: not limited here
  int64_t grace_ns = kGraceNs;  // 0..kGraceNsMax; 0: what is not handled at once is lost, and told
};

// "2s" as a grace. Errors: INVALID_ARGUMENT.
absl::StatusOr<int64_t> ParseGraceNs(std::string_view text);

class Service {
 public:
  // on_ready: told once, with the addresses it serves at, when it is ready.
  Service(Node& node, Grants grants, std::function<void(const std::vector<Address>&)> on_ready)
      : node_(node), grants_(std::move(grants)), on_ready_(std::move(on_ready)) {}

  // A channel to whoever the wiring put into that role; an empty role means the only one.
  // Errors: PERMISSION_DENIED (not granted; says which entry is missing), FAILED_PRECONDITION (the
  // role has many servers; says what they are for), and those of Channel::Open.
  absl::StatusOr<std::unique_ptr<Channel>> Connect(std::string_view role,
                                                   ChannelOptions options = {});

  // A channel to each server of a role, in the order of the wiring; for jackfield/pool.h. The roles
  // of the channels are NameInRole. Errors: as Connect, but that a role may have many servers: up
  // to kServersOfRoleMax (INVALID_ARGUMENT).
  struct Server {
    std::string name;  // in the wiring; its address where nobody has given it a name
    std::unique_ptr<Channel> channel;
  };
  absl::StatusOr<std::vector<Server>> ConnectAll(std::string_view role,
                                                 const ChannelOptions& options = {});
  // The roles that it was granted, each once, in the order of the wiring.
  std::vector<std::string_view> roles() const;

  // A port at every address that the wiring gave; it waits until they are served, then tells that
  // the service is ready. Where the wiring says who may call, that holds (options.gate is set).
  // Errors: FAILED_PRECONDITION (the wiring gave none), and those of Port::Open and
  // allow::AccessGate::Create.
  absl::StatusOr<std::unique_ptr<Port>> Serve(PortOptions options = {});

  // For a service that serves nothing: ready as soon as it says so. Serve() calls it.
  void Ready(const std::vector<Address>& addresses = {});

  // Drives the node until RequestStop, which SIGTERM and SIGINT do too; then closes the node's
  // ports (Port::StartClose) and handles what has come to them. OK.
  absl::Status Run();
  // Thread: the node's; elsewhere: node().handle().Run([&] { service.RequestStop(); }).
  void RequestStop() {
    stop_requested_ = true;
    node_.Interrupt();
    node_.Stop();
  }
  bool stop_requested() const { return stop_requested_; }
  // Ends what still goes on in its grace: the second SIGTERM or SIGINT. Thread: as RequestStop.
  void EndGrace() { grace_ended_ = true; }
  bool grace_ended() const { return grace_ended_; }
  int64_t grace_ns() const { return grants_.grace_ns; }

  // Has it asked for a channel or a place that it was not granted?
  bool was_refused_a_grant() const { return was_refused_a_grant_; }

  Node& node() const { return node_; }
  const std::string& name() const { return grants_.name; }
  const std::vector<std::string>& args() const { return grants_.args; }

 private:
  friend int RunService(Service& service, ServiceFunction run);
  struct Regranting;  // services/control
  void FinishPorts();
  absl::StatusOr<std::unique_ptr<allow::AccessGate>> MakeGate() const;
  // Those that fill a role. Errors: PERMISSION_DENIED.
  absl::StatusOr<std::vector<const GrantedCall*>> Granted(std::string_view role);

  Node& node_;
  Grants grants_;
  std::vector<std::unique_ptr<allow::AccessGate>> gates_;  // of its ports, which may live on
  const Port* served_ = nullptr;                           // by Serve; it may have gone
  std::function<void(const std::vector<Address>&)> on_ready_;
  bool stop_requested_ = false, grace_ended_ = false, was_refused_a_grant_ = false;
};

// It was asked to stop and its function returned CANCELLED: its work is not complete, and it has
// not failed.
inline constexpr int kExitStopped = 130;

// Runs the function of a service and sees to its end. Returns its exit status: 0; 1 it failed, or
// messages were lost, with a line on stderr for each; kExitStopped. Blocks: for the grace after its
// function has returned.
int RunService(Service& service, ServiceFunction run);

// The main() of a service program. Returns its exit status: as RunService; 2 usage, which by hand
// is also to grant it nothing.
int ServiceMain(int argc, char** argv, const Registry& registry, ServiceFunction run);

}  // namespace jackfield

#endif  // JACKFIELD_SERVICES_SERVICE_H_
