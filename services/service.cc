#include "services/service.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "services/allow/badge.h"
#include "services/control/control.h"
#include "services/notify.h"
#include "services/standard_streams.h"
#include "services/watch/watch.h"

namespace jackfield {
namespace {

constexpr const char* kUsage =
    "usage: %s [--name NAME] [--serve ADDRESS]… [--call ROLE=ADDRESS]… [--memory SIZE] [--grace "
    "2s] "
    "[--allow [METHOD=]WHO]… [-- ARGS…]\n"
    "--call again with the same ROLE makes it a role with many servers\n";
// Asked to stop, a service that has heard nothing for so long has heard all that was on its way.
constexpr int64_t kQuietNs = 100'000'000;
constexpr std::string_view kFlags[] = {"--name",   "--serve", "--call",
                                       "--memory", "--grace", "--allow"};

bool AsksForHelp(int argc, char** argv) {
  return argc == 2 && (std::string_view(argv[1]) == "--help" || std::string_view(argv[1]) == "-h");
}

absl::StatusOr<Grants> FromCommandLine(int argc, char** argv) {
  Grants grants;
  const std::string_view program = argc > 0 ? argv[0] : "";
  if (!program.empty()) grants.name = program.substr(program.rfind('/') + 1);
  int i = 1;
  for (; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--") break;
    if (std::find(std::begin(kFlags), std::end(kFlags), word) == std::end(kFlags)) {
      return absl::InvalidArgumentError(Text("cannot read \"", Escaped(word),
                                             "\"; what the service itself gets stands behind --"));
    }
    if (i + 1 >= argc) return absl::InvalidArgumentError(Text(word, " needs a value"));
    const std::string_view value = argv[++i];
    if (word == "--name") {
      grants.name = value;
    } else if (word == "--memory") {
      absl::StatusOr<uint64_t> bytes = ParseMemoryBytes(value);
      if (!bytes.ok()) return bytes.status();
      grants.memory_bytes_max = *bytes;
    } else if (word == "--serve") {
      grants.serves.emplace_back(value);
    } else if (word == "--grace") {
      absl::StatusOr<int64_t> grace_ns = ParseGraceNs(value);
      if (!grace_ns.ok()) return grace_ns.status();
      grants.grace_ns = *grace_ns;
    } else if (word == "--allow") {
      const size_t equals = value.find('=');
      const bool all = equals == value.npos;
      grants.allows.push_back({std::string(all ? allow::kEverything : value.substr(0, equals)),
                               std::string(all ? value : value.substr(equals + 1))});
    } else if (value.find('=') != std::string_view::npos) {
      const size_t equals = value.find('=');
      grants.calls.push_back({.role = std::string(value.substr(0, equals)),
                              .address = std::string(value.substr(equals + 1))});
    } else {
      return absl::InvalidArgumentError(
          Text("--call is ROLE=ADDRESS, such as --call kv=unix:@kv, not \"", Escaped(value), "\""));
    }
  }
  for (++i; i < argc; ++i) grants.args.emplace_back(argv[i]);
  return grants;
}

// The first one asks the service to stop, the second one ends its grace.
struct Signals {
  void Wait() { service.node().reactor().Start(op, fd, POLLIN); }
  static void OnSignal(Op& op, int32_t result) {
    auto* self = static_cast<Signals*>(op.user);
    if (result == -ECANCELED) return;
    if (result < 0) {
      self->deaf = SysError(-result, "wait for signals to stop");
      return self->service.RequestStop();
    }
    signalfd_siginfo info;
    while (read(self->fd, &info, sizeof info) == sizeof info) {
      if (self->service.stop_requested()) self->service.EndGrace();
      self->service.RequestStop();
    }
    self->Wait();
  }
  Service& service;
  const int fd;
  absl::Status deaf = absl::OkStatus();  // why it hears no signal to stop any more
  Op op{OnSignal, this};
};

void TellReady(int fd, const std::vector<Address>& addresses) {
  std::string text;
  for (const Address& address : addresses) text += "serving " + address.ToString() + "\n";
  text += "ready\n";
  [[maybe_unused]] const ssize_t written = write(fd, text.data(), text.size());
  close(fd);
}

}  // namespace

namespace {

// As its wiring file names it: "packer" of "packer.2".
std::string_view NameInFile(std::string_view name) {
  const size_t dot = name.find_last_not_of("0123456789");
  return dot != name.npos && dot + 1 < name.size() && name[dot] == '.' ? name.substr(0, dot) : name;
}

}  // namespace

std::vector<std::string_view> Service::roles() const {
  std::vector<std::string_view> roles;
  for (const GrantedCall& call : grants_.calls) {
    if (std::find(roles.begin(), roles.end(), call.role) == roles.end()) roles.push_back(call.role);
  }
  return roles;
}

absl::StatusOr<std::vector<const GrantedCall*>> Service::Granted(std::string_view role) {
  const std::vector<std::string_view> granted = roles();
  if (role.empty() && granted.size() == 1) role = granted[0];
  std::vector<const GrantedCall*> found;
  for (const GrantedCall& call : grants_.calls) {
    if (call.role == role) found.push_back(&call);
  }
  if (!found.empty()) return found;
  was_refused_a_grant_ = true;
  const std::string_view nearest = Nearest(role, granted);
  return absl::PermissionDeniedError(
      Text(grants_.name, " may not call \"", role, "\"",
           nearest.empty() ? "" : Text("; did it mean \"", nearest, "\"?"), "  try: calls = { ",
           role, " = \"unix:\" } under [service.", NameInFile(grants_.name),
           "] in the wiring file, or --call ", role, "=ADDRESS"));
}

absl::StatusOr<std::unique_ptr<Channel>> Service::Connect(std::string_view role,
                                                          ChannelOptions options) {
  const auto granted = Granted(role);
  if (!granted.ok()) return granted.status();
  const GrantedCall& first = *granted->front();
  if (granted->size() > 1) {
    return absl::FailedPreconditionError(
        Text("the role \"", first.role, "\" of ", grants_.name, " has ", granted->size(),
             " servers, and Service::Connect makes one channel; open a Pool of them "
             "(jackfield/pool.h): Pool<XClient>::Open(service, \"",
             first.role, "\")"));
  }
  if (options.role.empty()) options.role = first.role;
  if (options.badge.empty()) options.badge = first.badge;
  return Channel::Open(node_, first.address, std::move(options));
}

absl::StatusOr<std::vector<Service::Server>> Service::ConnectAll(std::string_view role,
                                                                 const ChannelOptions& options) {
  const auto granted = Granted(role);
  if (!granted.ok()) return granted.status();
  if (granted->size() > kServersOfRoleMax) {
    return absl::InvalidArgumentError(Text("the role \"", granted->front()->role, "\" of ",
                                           grants_.name, " has ", granted->size(),
                                           " servers; a role has at most ", kServersOfRoleMax));
  }
  std::vector<Server> servers;
  for (const GrantedCall* call : *granted) {
    ChannelOptions its_options = options;
    if (its_options.role.empty()) its_options.role = NameInRole(call->role, call->server);
    if (its_options.badge.empty()) its_options.badge = call->badge;
    absl::StatusOr<std::unique_ptr<Channel>> channel =
        Channel::Open(node_, call->address, std::move(its_options));
    if (!channel.ok()) return channel.status();
    servers.push_back({call->server.empty() ? call->address : call->server, *std::move(channel)});
  }
  return servers;
}

absl::StatusOr<std::unique_ptr<allow::AccessGate>> Service::MakeGate() const {
  std::optional<allow::Key> key;
  if (!grants_.badge_key.empty()) {
    const absl::StatusOr<allow::Key> read = allow::KeyFromHex(grants_.badge_key);
    if (!read.ok()) return read.status();
    key = *read;
  }
  return allow::AccessGate::Create(grants_.name, grants_.allows, key);
}

absl::StatusOr<std::unique_ptr<Port>> Service::Serve(PortOptions options) {
  if (grants_.serves.empty()) {
    was_refused_a_grant_ = true;
    return absl::FailedPreconditionError(Text(grants_.name,
                                              " is given no address to serve at: no service of the "
                                              "wiring calls it and it has no line serve = …, or "
                                              "--serve ADDRESS is missing"));
  }
  if (!grants_.allows.empty()) {
    auto gate = MakeGate();
    if (!gate.ok()) return gate.status();
    options.gate = gate->get();
    gates_.push_back(*std::move(gate));
  }
  absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(node_, grants_.serves, options);
  if (!port.ok()) return port;
  (*port)->Pause();
  if (absl::Status status = (*port)->WaitServing(); !status.ok()) return status;
  (*port)->Resume();
  served_ = port->get();
  Ready((*port)->addresses());
  return port;
}

void Service::Ready(const std::vector<Address>& addresses) {
  if (on_ready_) std::exchange(on_ready_, nullptr)(addresses);
}

// What of its grants may change while it runs.
struct Service::Regranting final : Granted {
  explicit Regranting(Service& of) : service(of) {}
  // Nothing where the grants name no place for it. Errors: as ControlPort::Open.
  absl::StatusOr<std::unique_ptr<ControlPort>> Open(Watch* watch) {
    if (service.grants_.control.empty()) return nullptr;
    return ControlPort::Open(service.node_, service.grants_.control, *this, watch);
  }
  const Port* ServedPort() const override { return service.served_; }
  void Regrant(std::string_view role, std::string address) override {
    for (GrantedCall& call : service.grants_.calls) {
      if (NameInRole(call.role, call.server) == role) call.address = address;
    }
  }
  Service& service;
};

absl::Status Service::Run() {
  absl::Status status;
  if (!stop_requested_) status = node_.Run();
  if (stop_requested_ && status.ok()) FinishPorts();
  return status;
}

void Service::FinishPorts() {
  List<Port, PortTag>& ports = node_.ports();
  const auto all = [&ports](bool (Port::*holds)() const) {
    for (Port* port = ports.front(); port != nullptr; port = ports.next(port)) {
      if (!(port->*holds)()) return false;
    }
    return true;
  };
  for (Port* port = ports.front(); port != nullptr; port = ports.next(port)) port->StartClose();
  // Who does not answer the goodbye, or has a stream open, may do so for ever: that nothing more is
  // heard is enough.
  int64_t heard_ns = node_.clock().NowNs();
  const int64_t deadline_ns = AfterNs(heard_ns, grace_ns());
  for (int64_t now_ns = heard_ns; now_ns < deadline_ns && !all(&Port::closed);
       now_ns = node_.clock().NowNs()) {
    if (grace_ended_ || !node_.usable()) return;
    const bool rests = all(&Port::at_rest);
    if (rests && now_ns - heard_ns >= kQuietNs) return;
    if (node_.Turn(rests ? std::min(deadline_ns, heard_ns + kQuietNs) : deadline_ns))
      heard_ns = node_.clock().NowNs();
  }
}

int RunService(Service& service, ServiceFunction run) {
  Node& node = service.node();
  const char* name = service.name().c_str();
  bool lost = false;
  node.SetGrace(nanoseconds(service.grace_ns()), [name, &lost](const std::string& sentence) {
    lost = true;
    std::fprintf(stderr, "%s: %s\n", name, sentence.c_str());
  });
  const absl::StatusOr<std::unique_ptr<Watch>> watch = Watch::Begin(node, service.name());
  if (!watch.ok())
    std::fprintf(stderr, "%s: nobody can watch it: %s\n", name,
                 std::string(watch.status().message()).c_str());
  Service::Regranting regranting(service);
  const absl::StatusOr<std::unique_ptr<ControlPort>> control =
      regranting.Open(watch.ok() ? watch->get() : nullptr);
  if (!control.ok())
    std::fprintf(stderr, "%s: nobody can look at it: %s\n", name,
                 std::string(control.status().message()).c_str());
  const absl::Status status = run(service);
  node.RunUntil([&] { return !node.lingers() || service.grace_ended(); });
  node.EndLingering();
  node.SetGrace(0s, {});
  const bool stopped = service.stop_requested() && status.code() == absl::StatusCode::kCancelled;
  if (!status.ok() && !stopped)
    std::fprintf(stderr, "%s: %s\n", name, std::string(status.message()).c_str());
  if (lost || (!status.ok() && !stopped)) return 1;
  return stopped ? kExitStopped : 0;
}

int ServiceMain(int argc, char** argv, const Registry& registry, ServiceFunction run) {
  OpenMissingStandardStreams();
  const char* text = std::getenv("JACKFIELD_GRANTS");
  if (text == nullptr && AsksForHelp(argc, argv)) {
    std::printf(kUsage, argv[0]);
    return 0;
  }
  absl::StatusOr<Grants> grants =
      text != nullptr ? Grants::Parse(text) : FromCommandLine(argc, argv);
  if (!grants.ok()) {
    std::fprintf(stderr, "%s: %s\n", argv[0], std::string(grants.status().message()).c_str());
    std::fprintf(stderr, kUsage, argv[0]);
    return 2;
  }
  if (text != nullptr && argc > 1) grants->args.assign(argv + 1, argv + argc);
  const char* ready = std::getenv("JACKFIELD_READY_FD");
  const int ready_fd = ready == nullptr ? -1 : std::atoi(ready);
  // Under `up` a service manager waits for the supervisor, not for this service.
  const char* manager = ready != nullptr ? nullptr : std::getenv("NOTIFY_SOCKET");
  const std::string notify = manager == nullptr ? "" : manager;
  unsetenv("JACKFIELD_GRANTS");  // they are this service's, not its children's
  unsetenv("JACKFIELD_READY_FD");
  unsetenv("NOTIFY_SOCKET");

  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  const int signal_fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);

  const std::string name = grants->name;
  const bool granted = !grants->serves.empty() || !grants->calls.empty();
  const auto fail = [&name](const absl::Status& status) {
    std::fprintf(stderr, "%s: %s\n", name.c_str(), std::string(status.message()).c_str());
    return 1;
  };
  if (signal_fd < 0) return fail(SysError(errno, "signalfd"));
  absl::StatusOr<std::unique_ptr<Node>> node = Node::Create(
      {.name = name, .registry = &registry, .memory_bytes_max = grants->memory_bytes_max});
  if (!node.ok()) return fail(node.status());
  Service service(**node, *std::move(grants), [&](const std::vector<Address>& addresses) {
    if (ready_fd >= 0) TellReady(ready_fd, addresses);
    if (notify.empty()) return;
    if (const absl::Status told = NotifyManager(notify, "READY=1"); !told.ok()) fail(told);
  });
  Signals signals{service, signal_fd};
  signals.Wait();
  int exit_status = RunService(service, run);
  if (exit_status == 0 && !signals.deaf.ok()) exit_status = fail(signals.deaf);
  (*node)->EndWait(signals.op);
  node->reset();
  close(signal_fd);
  // By hand it is the command that grants.
  return exit_status == 1 && text == nullptr && !granted && service.was_refused_a_grant()
             ? 2
             : exit_status;
}

}  // namespace jackfield
