#include "tools/supervisor/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>

#include "kernel/base/text.h"
#include "kernel/registry.h"
#include "tools/supervisor/child_start.h"

namespace jackfield {
namespace {

constexpr int kExitCannotExecute = 127;
constexpr std::string_view kOwnVariables[] = {
    "JACKFIELD_GRANTS=", "JACKFIELD_READY_FD=", "JACKFIELD_PROGRESS="};
constexpr size_t kReadyBytesMax = 1 << 20;
constexpr int64_t kHeldBackNs = 1'000'000;  // from one look to the next at a stderr that is full

// Does `variable`, "NAME=value", stand in for the one of that name?
bool Covers(std::string_view name, std::string_view variable) {
  return variable.size() > name.size() && variable[name.size()] == '=' &&
         variable.substr(0, name.size()) == name;
}

// The environment of the child: this program's, without what a supervisor above this one may have
// set, and what the wiring says.
std::vector<std::string> EnvironmentFor(const std::string& grants, const Variables& wired,
                                        int ready_fd, bool progress, std::string_view reactor) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    bool own = false;
    for (const std::string_view variable : kOwnVariables)
      own |= text.substr(0, variable.size()) == variable;
    for (const auto& [name, value] : wired) own |= Covers(name, text);
    if (!own) environment.emplace_back(text);
  }
  for (const auto& [name, value] : wired) environment.push_back(Text(name, "=", value));
  environment.push_back(Text("JACKFIELD_GRANTS=", grants));
  environment.push_back(Text("JACKFIELD_READY_FD=", ready_fd));
  if (progress)
    environment.push_back("JACKFIELD_PROGRESS=1");  // the service's stderr is shown on a terminal
  // Where io_uring is forbidden to this program it is to its services. It has said so, once.
  if (reactor == "epoll") environment.push_back("JACKFIELD_REACTOR=epoll");
  return environment;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

struct Prepared {  // made before fork(), so that the child allocates nothing
  const char* program;
  char* const* words;
  char* const* environment;
  const char* directory;     // "": inherited
  uint32_t descriptors_max;  // 0: inherited
  int stdin_fd;              // -1: inherited
  int stderr_fd;
  bool logs_stdout;
  std::vector<int> kept;
  pid_t parent;
};

[[noreturn]] void CannotBegin(const char* does, const char* what) {
  const char* why = strerrordesc_np(errno);  // a literal: safe here
  dprintf(2, "cannot %s %s: %s\n", does, what, why == nullptr ? "?" : why);
  _exit(kExitCannotExecute);
}

[[noreturn]] void BecomeService(const Prepared& prepared) {
  DieWithParent(prepared.parent, kExitCannotExecute);
  if (prepared.stdin_fd >= 0) dup2(prepared.stdin_fd, 0);
  dup2(prepared.stderr_fd, 2);
  if (prepared.logs_stdout) dup2(prepared.stderr_fd, 1);
  ForgetParent();
  for (const int fd : prepared.kept) fcntl(fd, F_SETFD, 0);
  if (prepared.descriptors_max != 0) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = prepared.descriptors_max;
    limit.rlim_max = std::min<rlim_t>(limit.rlim_max, prepared.descriptors_max);
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) CannotBegin("have so many descriptors", "nofile");
  }
  if (*prepared.directory != 0 && chdir(prepared.directory) != 0)
    CannotBegin("run in", prepared.directory);
  execve(prepared.program, prepared.words, prepared.environment);
  CannotBegin("run", prepared.program);
}

class ProcessService final : public RunningService {
 public:
  ProcessService(Node& node, size_t service, Relay relay, Watcher& watcher)
      : RunningService(service), node_(node), relay_(std::move(relay)), watcher_(watcher) {}

  ~ProcessService() override {
    if (pid_ > 0 && !reaped_) Kill();
    node_.timers().Cancel(held_back_);
    for (Wait* wait : {&ended_, &ready_, &stderr_}) node_.EndWait(wait->op);
  }

  absl::Status Start(ProcessStart start) {
    int ready[2], errors[2];
    if (pipe2(ready, O_CLOEXEC) != 0) return SysError(errno, "pipe");
    ready_.fd = OwnedFd(ready[0]);
    const OwnedFd ready_child(ready[1]);
    if (pipe2(errors, O_CLOEXEC) != 0) return SysError(errno, "pipe");
    stderr_.fd = OwnedFd(errors[0]);
    const OwnedFd stderr_child(errors[1]);
    const OwnedFd nothing(start.reads_stdin ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC));
    for (const Wait* wait : {&ready_, &stderr_}) fcntl(wait->fd.get(), F_SETFL, O_NONBLOCK);

    std::vector<std::string> environment =
        EnvironmentFor(start.grants, start.surroundings.environment, ready_child.get(),
                       isatty(2) == 1, node_.reactor().name());
    const std::vector<char*> words = Pointers(start.words), variables = Pointers(environment);
    Prepared prepared{start.program.c_str(),
                      words.data(),
                      variables.data(),
                      start.surroundings.directory.c_str(),
                      start.surroundings.descriptors_max,
                      nothing.get(),
                      stderr_child.get(),
                      start.logs_stdout,
                      {ready_child.get()},
                      getpid()};
    for (const OwnedFd& handed : start.handed) prepared.kept.push_back(handed.get());
    std::fflush(nullptr);
    pid_ = fork();
    if (pid_ == 0) BecomeService(prepared);
    if (pid_ < 0) {
      return SysError(
          errno,
          Text("start ", start.words[0],
               errno == EAGAIN ? " (as many processes as RLIMIT_NPROC or the control group allows)"
                               : ""));
    }
    setpgid(pid_, pid_);  // here too: whoever is first
    const int pid_fd = node_.sys().PidFd(pid_);
    if (pid_fd < 0) return SysError(-pid_fd, "pidfd_open");  // the destructor kills it
    ended_.fd = OwnedFd(pid_fd);
    for (Wait* wait : {&ended_, &ready_, &stderr_}) wait->Begin(node_);
    return absl::OkStatus();
  }

  void AskToStop() override {
    if (!reaped_)
      kill(pid_, SIGTERM);  // still a zombie at worst: the number is ours until it is reaped
  }
  void Kill() override {
    if (!reaped_) kill(-pid_, SIGKILL);
    if (!reaped_) kill(pid_, SIGKILL);
  }
  std::string where() const override { return Text("pid ", pid_); }
  int pid() const override { return pid_; }

 private:
  struct Wait {
    Wait(Op::Done done, void* user) : op(done, user) {}
    void Begin(Node& node) { node.reactor().Start(op, fd.get(), POLLIN); }
    OwnedFd fd;
    Op op;
  };

  // Reads what there is, while `room()`. False: the end, or an error.
  template <class Room, class Take>
  bool Drain(Wait& wait, Room room, Take take) {
    char bytes[4096];
    for (int i = 0; i < 64 && room(); ++i) {
      const int64_t got = node_.sys().Read(wait.fd.get(), bytes, sizeof bytes);
      if (got == -EAGAIN) return true;
      if (got <= 0) return false;
      take(std::string_view(bytes, static_cast<size_t>(got)));
    }
    return true;
  }

  // All of it, room or not: the rest of a service that has ended, which is at most a pipe's.
  void DrainStderr() {
    Drain(
        stderr_, [] { return true; }, [this](std::string_view bytes) { relay_.Take(bytes); });
  }

  void ReadStderr() {
    const bool more = Drain(
        stderr_, [this] { return relay_.HasRoom(); },
        [this](std::string_view bytes) { relay_.Take(bytes); });
    if (!more) return;
    if (relay_.HasRoom())
      stderr_.Begin(node_);
    else
      node_.timers().Arm(held_back_, node_.clock().NowNs() + kHeldBackNs);
  }

  bool DrainReady() {
    const bool more = Drain(
        ready_, [] { return true; },
        [this](std::string_view bytes) {
          if (ready_text_.size() < kReadyBytesMax) ready_text_ += bytes;
        });
    if (told_ || ready_text_.rfind("ready\n") == std::string::npos) return more;
    told_ = true;
    std::vector<Address> addresses;
    std::string_view text = ready_text_;
    constexpr std::string_view kServing = "serving ";
    for (size_t end; (end = text.find('\n')) != std::string_view::npos;
         text.remove_prefix(end + 1)) {
      if (text.substr(0, kServing.size()) != kServing) continue;
      absl::StatusOr<Address> address =
          node_.registry().Parse(text.substr(kServing.size(), end - kServing.size()));
      addresses.push_back(address.ok() ? *std::move(address) : Address());
    }
    watcher_.OnReady(service(), addresses);
    return more;
  }

  static void OnStderr(Op& op, int32_t result) {
    auto* self = static_cast<ProcessService*>(op.user);
    if (result >= 0) self->ReadStderr();
  }
  static void OnReadyBytes(Op& op, int32_t result) {
    auto* self = static_cast<ProcessService*>(op.user);
    if (result >= 0 && self->DrainReady()) self->ready_.Begin(self->node_);
  }
  static void OnEnd(Op& op, int32_t result) {
    auto* self = static_cast<ProcessService*>(op.user);
    if (result != -ECANCELED) self->End();  // if the wait failed, it looks and waits again
  }

  void End() {
    siginfo_t how{};
    if (waitid(P_PID, static_cast<id_t>(pid_), &how, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        how.si_pid != pid_)
      return ended_.Begin(node_);
    // What it started and left behind goes with it; the group's number is taken as long as it is
    // not reaped.
    kill(-pid_, SIGKILL);
    waitid(P_PID, static_cast<id_t>(pid_), &how, WEXITED);
    reaped_ = true;
    node_.timers().Cancel(held_back_);
    DrainReady();
    DrainStderr();
    relay_.End();
    Ending ending;
    (how.si_code == CLD_EXITED ? ending.exit_status : ending.signal) = how.si_status;
    watcher_.OnEnded(service(), ending);
  }

  Node& node_;
  Relay relay_;
  Watcher& watcher_;
  pid_t pid_ = -1;
  bool reaped_ = false;
  bool told_ = false;
  std::string ready_text_;
  Wait ended_{OnEnd, this}, ready_{OnReadyBytes, this}, stderr_{OnStderr, this};
  Timer held_back_{[](Timer& timer) { static_cast<ProcessService*>(timer.user)->ReadStderr(); },
                   this};
};

}  // namespace

absl::StatusOr<std::unique_ptr<RunningService>> StartProcess(Node& node, ProcessStart start,
                                                             Relay relay,
                                                             RunningService::Watcher& watcher) {
  auto service = std::make_unique<ProcessService>(node, start.service, std::move(relay), watcher);
  if (absl::Status status = service->Start(std::move(start)); !status.ok()) return status;
  return service;
}

}  // namespace jackfield
