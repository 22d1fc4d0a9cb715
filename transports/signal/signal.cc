#include "transports/signal/signal.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/loop.h"
#include "transports/engine/about.h"
#include "transports/engine/one_link_opening.h"
#include "transports/engine/process.h"
#include "transports/engine/seamed.h"
#include "transports/engine/transport_of.h"
#include "transports/signal/pulse.h"
#include "transports/signal/pulse_reader_driver.h"
#include "transports/signal/pulse_writer_driver.h"

namespace jackfield {
namespace {

constexpr std::string_view kKeys[] = {"thread", "signal", "start"};
// glibc keeps 32 and 33 for itself (nptl(7)); the lowest of the rest are what most programs use.
constexpr int kSignalMin = 34, kSignalMax = 64, kSignalDefault = 40;

struct Settings {
  PulseTarget target;
  bool signal_given = false;
  uint64_t start_ticks = 0;  // 0: any
};

bool ParseNumber(std::string_view text, uint64_t most, uint64_t& number) {
  if (text.empty() || text.size() > 19) return false;
  number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  return number <= most;
}

absl::StatusOr<Settings> Read(const Address& address, Role role) {
  if (absl::Status status = address.CheckKeys(kKeys); !status.ok()) return status;
  const auto bad = [&](std::string_view why) {
    return absl::InvalidArgumentError(About(address, why));
  };
  constexpr uint64_t kPidMax = 1 << 22;  // proc(5), pid_max
  Settings settings;
  settings.target.signal = kSignalDefault;
  uint64_t number = 0;
  if (address.bare() && role == Role::kConnect)
    return bad("a channel needs to know which process: signal:PID, as its server reports it");
  if (!address.bare()) {
    if (!ParseNumber(address.target(), kPidMax, number) || number == 0)
      return bad("the process is named by its number: signal:4121");
    settings.target.pid = settings.target.thread = static_cast<int>(number);
  }
  if (const auto thread = address.Find("thread")) {
    if (!ParseNumber(*thread, kPidMax, number) || number == 0) return bad("thread is a number");
    settings.target.thread = static_cast<int>(number);
  }
  if (const auto signal = address.Find("signal")) {
    if (!ParseNumber(*signal, kSignalMax, number) || number < kSignalMin)
      return bad("signal is a real-time one, 34 to 64");
    settings.target.signal = static_cast<int>(number);
    settings.signal_given = true;
  }
  if (const auto start = address.Find("start")) {
    if (!ParseNumber(*start, INT64_MAX, settings.start_ticks))
      return bad("start is a number: field 22 of /proc/PID/stat");
  }
  return settings;
}

Caps CapsOf(Role role) {
  Caps caps;
  (role == Role::kConnect ? caps.send : caps.receive) = true;
  caps.ordered = caps.reliable = true;
  caps.peer_loss = role == Role::kConnect;
  caps.frame_bytes_max = Pulse::kFrameBytesMax;
  caps.depth_frames = Link::kDepthFrames;
  return caps;
}

LinkTraits TraitsOf(const Address& address, Role role) {
  LinkTraits traits;
  traits.caps = CapsOf(role);
  traits.description = address.ToString();
  return traits;
}

class SignalTransport final : public TransportOf<Settings, Read, CapsOf> {
 public:
  std::string_view scheme() const override { return "signal"; }

  absl::StatusOr<std::unique_ptr<Opening>> Start(Settings& settings, const Address& address,
                                                 Role role, Loop& loop,
                                                 LinkSink& sink) const override {
    return role == Role::kConnect ? Connect(address, settings, loop, sink)
                                  : Serve(address, settings, loop, sink);
  }

 private:
  absl::StatusOr<std::unique_ptr<Opening>> Connect(const Address& address, const Settings& settings,
                                                   Loop& loop, LinkSink& sink) const {
    const std::string what = Text("connect ", address.ToString());
    OwnedFd pid_fd(loop.sys().PidFd(settings.target.pid));
    if (!pid_fd.ok()) return NobodyThere(what);
    const ProcessName process = ProcessWithPid(settings.target.pid);
    if (process.start_ticks == 0) return NobodyThere(what);
    if (settings.start_ticks != 0 && process.start_ticks != settings.start_ticks) {
      return MakeStatus(Outcome::kRefused, Reason::kUnreachable,
                        Text(what, ": that process has ended, and another one that began at ",
                             process.start_ticks, " has its number now"));
    }
    // Signal 0 is the question alone. A process that does not expect the pulse would die of it.
    const int64_t may = ThroughSeam(loop.sys(), Site::kConnect, -1, [&] {
      return syscall(SYS_tgkill, settings.target.pid, settings.target.thread, 0);
    });
    if (may == -ESRCH) return NobodyThere(what);
    if (may < 0)
      return SysError(static_cast<int>(-may),
                      Text(what, " (only a process of the same user can be sent pulses)"));
    if (!IsBlockedThere(settings.target)) {
      return MakeStatus(
          Outcome::kRefused, Reason::kUnreachable,
          Text(what, ": that thread does not wait for signal ", settings.target.signal,
               ", which would end the process; use the "
               "address that its server reports"));
    }
    return MakeOneLinkOpening(
        loop, sink, address, Role::kConnect,
        std::make_unique<PulseWriterDriver>(loop, settings.target, std::move(pid_fd),
                                            next_channel_.fetch_add(1) % Pulse::kChannels),
        TraitsOf(address, Role::kConnect));
  }

  static absl::Status NobodyThere(std::string_view what) {
    return MakeStatus(Outcome::kRefused, Reason::kUnreachable,
                      Text(what, ": there is no such process or thread; is the service running?"));
  }

  // By SigBlk of /proc/PID/task/TID/status, proc(5).
  static bool IsBlockedThere(const PulseTarget& target) {
    const std::string path = Text("/proc/", target.pid, "/task/", target.thread, "/status");
    const std::unique_ptr<FILE, int (*)(FILE*)> status(fopen(path.c_str(), "re"), fclose);
    if (status == nullptr) return false;
    char line[256];
    while (fgets(line, sizeof line, status.get()) != nullptr) {
      unsigned long long mask = 0;
      if (std::sscanf(line, "SigBlk: %llx", &mask) == 1)
        return (mask >> (target.signal - 1) & 1) != 0;
    }
    return false;
  }

  absl::StatusOr<std::unique_ptr<Opening>> Serve(const Address& address, const Settings& settings,
                                                 Loop& loop, LinkSink& sink) const {
    const std::string what = Text("serve ", address.ToString());
    const ProcessName self = ThisProcess();
    if (!address.bare() && settings.target.pid != self.pid)
      return absl::InvalidArgumentError(
          Text(what, ": a server is its own process, ", self.pid, "; leave the number out"));
    const int signal = Claim(settings);
    if (signal == 0) {
      return absl::AlreadyExistsError(
          settings.signal_given
              ? Text(what, ": signal ", settings.target.signal,
                     " is in use in this process; leave ?signal= out to get a free one")
              : Text(what, ": every real-time signal of this process is in use"));
    }
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, signal);
    pthread_sigmask(SIG_BLOCK, &mask, nullptr);
    const auto made = static_cast<int>(ThroughSeam(loop.sys(), Site::kEventFd, -1, [&] {
      return signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    }));
    if (made < 0) {
      Release(signal);
      return SysError(-made, Text("signalfd to ", what));
    }
    OwnedFd fd(made);
    // What was sent to one that served here before is not ours.
    signalfd_siginfo old;
    while (read(fd.get(), &old, sizeof old) > 0) {
    }
    const Address actual = address.WithTarget(Text(self.pid))
                               .With("thread", Text(gettid()))
                               .With("signal", Text(signal))
                               .With("start", Text(self.start_ticks));
    return MakeOneLinkOpening(loop, sink, actual, Role::kServe,
                              std::make_unique<PulseReaderDriver>(
                                  loop, std::move(fd), [this, signal] { Release(signal); }),
                              TraitsOf(actual, Role::kServe));
  }

  // A signal that nobody in this process uses, as far as can be told; 0 if there is none.
  int Claim(const Settings& settings) const {
    const int first = settings.target.signal;
    const int last = settings.signal_given ? first : kSignalMax;
    for (int signal = first; signal <= last; ++signal) {
      struct sigaction action {};
      if (sigaction(signal, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) continue;
      const uint64_t bit = uint64_t{1} << (signal - 1);
      if ((used_.fetch_or(bit) & bit) == 0) return signal;
    }
    return 0;
  }
  void Release(int signal) const { used_.fetch_and(~(uint64_t{1} << (signal - 1))); }

  mutable std::atomic<uint64_t> used_{0};          // signals of this process, a bit each
  mutable std::atomic<uint32_t> next_channel_{0};  // a number to draw; publishes nothing
};

}  // namespace

std::unique_ptr<Transport> MakeSignalTransport() { return std::make_unique<SignalTransport>(); }

}  // namespace jackfield
