#include "services/service.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "kernel/text.h"
#include "services/standard_streams.h"

namespace jackfield {
namespace {

constexpr const char* kUsage =
    "usage: %s [--name NAME] [--serve ADDRESS]… [--call ROLE=ADDRESS]… [-- ARGS…]\n";

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
    if (word != "--name" && word != "--serve" && word != "--call") {
      return absl::InvalidArgumentError(Text("cannot read \"", Escaped(word),
                                             "\"; what the service itself gets stands behind --"));
    }
    if (i + 1 >= argc) return absl::InvalidArgumentError(Text(word, " needs a value"));
    const std::string_view value = argv[++i];
    if (word == "--name") {
      grants.name = value;
    } else if (word == "--serve") {
      grants.serves.emplace_back(value);
    } else if (value.find('=') != std::string_view::npos) {
      const size_t equals = value.find('=');
      grants.calls.emplace_back(value.substr(0, equals), value.substr(equals + 1));
    } else {
      return absl::InvalidArgumentError(
          Text("--call is ROLE=ADDRESS, such as --call kv=unix:@kv, not \"", Escaped(value), "\""));
    }
  }
  for (++i; i < argc; ++i) grants.args.emplace_back(argv[i]);
  return grants;
}

void TellReady(int fd, const std::vector<Address>& addresses) {
  std::string text;
  for (const Address& address : addresses) text += "serving " + address.ToString() + "\n";
  text += "ready\n";
  [[maybe_unused]] const ssize_t written = write(fd, text.data(), text.size());
  close(fd);
}

}  // namespace

absl::StatusOr<Grants> Grants::Parse(std::string_view text) {
  Grants grants;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    const size_t space = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, space);
    const std::string_view value = line.substr(std::min(space + 1, line.size()));
    const size_t second = value.find(' ');
    if (word == "name")
      grants.name = value;
    else if (word == "serve")
      grants.serves.emplace_back(value);
    else if (word == "arg")
      grants.args.emplace_back(value);
    else if (word == "call" && second != std::string_view::npos)
      grants.calls.emplace_back(value.substr(0, second), value.substr(second + 1));
    else
      return absl::InvalidArgumentError(Text("cannot read the grant \"", Escaped(line), "\""));
  }
  return grants;
}

std::string Grants::ToString() const {
  std::string text = Text("name ", name, "\n");
  for (const std::string& address : serves) text += Text("serve ", address, "\n");
  for (const auto& [role, address] : calls) text += Text("call ", role, " ", address, "\n");
  for (const std::string& arg : args) text += Text("arg ", arg, "\n");
  return text;
}

absl::StatusOr<std::unique_ptr<Channel>> Service::Connect(std::string_view role,
                                                          ChannelOptions options) {
  std::vector<std::string_view> granted;
  for (const auto& [name, address] : grants_.calls) {
    if (name == role || (role.empty() && grants_.calls.size() == 1))
      return Channel::Open(node_, address, std::move(options));
    granted.push_back(name);
  }
  const std::string_view nearest = Nearest(role, granted);
  return absl::PermissionDeniedError(
      Text(grants_.name, " may not call \"", role, "\"",
           nearest.empty() ? "" : Text("; did it mean \"", nearest, "\"?"), "  try: calls = { ",
           role, " = \"unix:\" } under [service.", grants_.name, "] in the wiring file, or --call ",
           role, "=ADDRESS"));
}

absl::StatusOr<std::unique_ptr<Port>> Service::Serve(PortOptions options) {
  if (grants_.serves.empty()) {
    return absl::FailedPreconditionError(Text(grants_.name,
                                              " is given no address to serve at: no service of the "
                                              "wiring calls it, or --serve ADDRESS is missing"));
  }
  absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(node_, grants_.serves, options);
  if (!port.ok()) return port;
  (*port)->Pause();
  if (absl::Status status = (*port)->WaitServing(); !status.ok()) return status;
  (*port)->Resume();
  Ready((*port)->addresses());
  return port;
}

void Service::Ready(const std::vector<Address>& addresses) {
  if (on_ready_) std::exchange(on_ready_, nullptr)(addresses);
}

absl::Status Service::Run() { return stop_requested_ ? absl::OkStatus() : node_.Run(); }

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
  const char* ready = std::getenv("JACKFIELD_READY_FD");
  const int ready_fd = ready == nullptr ? -1 : std::atoi(ready);
  unsetenv("JACKFIELD_GRANTS");  // they are this service's, not its children's
  unsetenv("JACKFIELD_READY_FD");

  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  const int signal_fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);

  const std::string name = grants->name;
  const auto fail = [&name](const absl::Status& status) {
    std::fprintf(stderr, "%s: %s\n", name.c_str(), std::string(status.message()).c_str());
    return 1;
  };
  if (signal_fd < 0) return fail(SysError(errno, "signalfd"));
  absl::StatusOr<std::unique_ptr<Node>> node = Node::Create({.name = name, .registry = &registry});
  if (!node.ok()) return fail(node.status());
  Service service(**node, *std::move(grants), [ready_fd](const std::vector<Address>& addresses) {
    if (ready_fd >= 0) TellReady(ready_fd, addresses);
  });
  struct Stopper {
    Service& service;
    absl::Status deaf;  // why it hears no signal to stop any more
  } stopper{service, absl::OkStatus()};
  Op stop(
      [](Op& op, int32_t result) {
        if (result == -ECANCELED) return;
        auto* stopper = static_cast<Stopper*>(op.user);
        if (result < 0) stopper->deaf = SysError(-result, "wait for signals to stop");
        stopper->service.RequestStop();
      },
      &stopper);
  (*node)->reactor().Start(stop, signal_fd, POLLIN);
  absl::Status status = run(service);
  if (status.ok()) status = stopper.deaf;
  (*node)->EndWait(stop);
  node->reset();
  close(signal_fd);
  return status.ok() ? 0 : fail(status);
}

}  // namespace jackfield
