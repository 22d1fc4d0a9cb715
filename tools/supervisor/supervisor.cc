#include "tools/supervisor/supervisor.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/node.h"
#include "tools/supervisor/handing.h"
#include "tools/supervisor/outlet.h"
#include "tools/supervisor/process.h"
#include "tools/supervisor/relay.h"
#include "tools/supervisor/running.h"
#include "tools/supervisor/signals.h"
#include "tools/supervisor/thread.h"

namespace jackfield {
namespace {

class Supervisor final : public RunningService::Watcher {
 public:
  Supervisor(const Plan& plan, Node& node, Loudness loudness)
      : plan_(plan),
        node_(node),
        loudness_(loudness),
        outlet_(Screen::OfStderr()),
        handing_(plan),
        services_(plan.services.size()) {
    for (const PlannedService& service : plan.services)
      name_width_ = std::max(name_width_, service.name.size());
  }

  const std::set<int>& processes() const { return processes_; }  // that its services were

  int Run() {
    began_ns_ = node_.clock().NowNs();
    absl::Status made = signals_.Block();
    if (made.ok()) made = handing_.MakeEnds(node_.sys());
    if (!made.ok()) failure_ = std::string(made.message());
    if (failure_) return Conclude();
    node_.reactor().Start(signal_op_, signals_.fd(), POLLIN);
    StartWhatCan();
    const bool over = node_.RunUntil([this] { return Over(); });
    node_.timers().Cancel(timer_);
    node_.EndWait(signal_op_);
    return over ? Conclude() : GiveUp();
  }

 private:
  // waiting → started → ready → ended; a service that serves nothing need not become ready.
  enum class State { kWaiting, kStarted, kReady, kEnded };
  enum class Phase { kUp, kFinishing, kInterrupted, kFailing };
  struct Supervised {
    State state = State::kWaiting;
    std::unique_ptr<RunningService> running;
    int64_t started_ns = 0;
    int64_t deadline_ns = Timers::kNever;  // until it must be ready, or must have stopped
    int64_t slow_ns = Timers::kNever;      // from then on it is slow to be ready, which is said
    Ending ending;
    bool asked_to_stop = false, killed = false, left_too_early = false, was_ready = false;
  };

  const std::string& NameOf(size_t service) const { return plan_.services[service].name; }

  // ---- Starting.

  void StartWhatCan() {
    for (size_t i = 0; i < services_.size() && phase_ == Phase::kUp; ++i) {
      const std::vector<size_t>& calls = plan_.services[i].calls;
      if (services_[i].state != State::kWaiting) continue;
      if (std::all_of(calls.begin(), calls.end(), [this](size_t call) {
            return services_[plan_.channels[call].server].was_ready;
          }))
        StartService(i);
    }
    if (!said_up_ && phase_ == Phase::kUp &&
        std::all_of(services_.begin(), services_.end(),
                    [](const Supervised& s) { return s.state != State::kWaiting; }) &&
        std::none_of(services_.begin(), services_.end(), [&](const Supervised& s) {
          return s.state == State::kStarted && !ServesNothing(s);
        })) {
      said_up_ = true;
      Say(Text(plan_.name, " is up: ", Summary(plan_), ", ",
               FormatDurationNs(node_.clock().NowNs() - began_ns_)));
    }
  }

  bool ServesNothing(const Supervised& service) const {
    return plan_.services[static_cast<size_t>(&service - services_.data())].serves.empty();
  }

  void StartService(size_t index) {
    const PlannedService& planned = plan_.services[index];
    Supervised& service = services_[index];
    std::vector<OwnedFd> handed;
    Grants grants = handing_.GrantsOf(index, handed);
    service.started_ns = node_.clock().NowNs();
    absl::StatusOr<std::unique_ptr<RunningService>> running = absl::InternalError("not started");
    if (plan_.one_process) {
      for (OwnedFd& descriptor : handed) descriptor.Release();  // the transport takes them over
      running = StartThread(node_, index, std::move(grants), planned.builtin->run, outlet_, *this);
    } else {
      ProcessStart start;
      start.service = index;
      start.words = {planned.name};
      if (planned.builtin != nullptr) {
        start.program = "/proc/self/exe";
        start.words.insert(start.words.end(), {"service", std::string(planned.builtin->name)});
      } else {
        start.program = planned.program;
      }
      start.words.insert(start.words.end(), planned.args.begin(), planned.args.end());
      start.grants = grants.ToString();
      start.handed = std::move(handed);
      start.reads_stdin = planned.called.empty() && OnlyOneIsNotCalled();
      running = StartProcess(node_, std::move(start),
                             Relay(outlet_, planned.name, name_width_, index), *this);
    }
    if (!running.ok())
      return Fail(
          Text("cannot start ", planned.name, ": ", std::string(running.status().message())));
    service.running = *std::move(running);
    if (const int pid = service.running->pid(); pid > 0) processes_.insert(pid);
    service.state = State::kStarted;
    if (!planned.serves.empty()) {
      service.slow_ns = service.started_ns + kSlowNs;
      SetDeadline(service, service.started_ns + kReadyWaitNs);
    } else
      SayState(index, "started");
  }

  bool OnlyOneIsNotCalled() const {
    return std::count_if(plan_.services.begin(), plan_.services.end(),
                         [](const PlannedService& service) { return service.called.empty(); }) ==
               1 &&
           isatty(0) != 1;
  }

  void OnReady(size_t index, const std::vector<Address>& addresses) override {
    Supervised& service = services_[index];
    if (service.state != State::kStarted) return;
    service.state = State::kReady;
    service.deadline_ns = Timers::kNever;
    if (addresses.size() != plan_.services[index].serves.size() ||
        std::any_of(addresses.begin(), addresses.end(),
                    [](const Address& a) { return a.scheme().empty(); })) {
      return Fail(Text(NameOf(index), " (", service.running->where(), ") was asked to serve at ",
                       plan_.services[index].serves.size(), " addresses and reports ",
                       addresses.size(), "; does its program come from another version?"));
    }
    handing_.SetServed(index, addresses);
    service.was_ready = true;
    if (!addresses.empty()) SayState(index, "ready");
    StartWhatCan();
  }

  // ---- Ending.

  // A service is needed while one that calls it has not ended well.
  bool Needed(size_t index) const {
    const std::vector<size_t>& called = plan_.services[index].called;
    return std::any_of(called.begin(), called.end(), [this](size_t channel) {
      const Supervised& client = services_[plan_.channels[channel].client];
      return client.state != State::kEnded || !client.ending.clean();
    });
  }

  void OnEnded(size_t index, const Ending& ending) override {
    Supervised& service = services_[index];
    const bool was_ready = service.was_ready || plan_.services[index].serves.empty();
    service.state = State::kEnded;
    service.deadline_ns = Timers::kNever;
    service.ending = ending;
    Reap();
    if (loudness_ == Loudness::kVerbose)
      Say(Text("  ", NameOf(index), " has ended: ", ending.ToString()));
    switch (phase_) {
      case Phase::kUp:
        service.left_too_early = !ending.clean() || !was_ready || Needed(index);
        if (service.left_too_early) return StopInOrder(Phase::kFailing);
        if (std::all_of(services_.begin(), services_.end(), [this](const Supervised& s) {
              return s.state == State::kEnded ||
                     !plan_.services[static_cast<size_t>(&s - services_.data())]
                          .wanted_from_outside();
            })) {
          StopInOrder(Phase::kFinishing);
        }
        return;
      case Phase::kFinishing:
      case Phase::kInterrupted:
        // Whoever does not know what SIGTERM asks for dies of it: that is stopping, too. So is to
        // leave work undone.
        service.left_too_early =
            !(ending.clean() || (service.asked_to_stop &&
                                 (ending.signal == SIGTERM || ending.exit_status == kExitStopped)));
        return StopInOrder(phase_);
      case Phase::kFailing:
        // It was told to go, so only a signal from elsewhere is news: it may have died first, and
        // been noticed later.
        service.left_too_early = ending.signal != 0 && ending.signal != SIGTERM &&
                                 !(service.killed && ending.signal == SIGKILL);
        return StopInOrder(phase_);
    }
  }

  void AskToStop(Supervised& service) {
    if (service.state == State::kEnded || service.running == nullptr || service.asked_to_stop)
      return;
    service.asked_to_stop = true;
    service.running->AskToStop();
    SetDeadline(service, node_.clock().NowNs() + StopNs(service));
  }

  int64_t StopNs(const Supervised& service) const {
    return 2 * plan_.services[static_cast<size_t>(&service - services_.data())].grace_ns + kStopNs;
  }

  // Clients first, so that what they still have to say is heard. Called again after each end.
  void StopInOrder(Phase phase) {
    phase_ = phase;
    for (size_t i = 0; i < services_.size(); ++i) {
      const std::vector<size_t>& called = plan_.services[i].called;
      if (std::none_of(called.begin(), called.end(), [this](size_t channel) {
            const Supervised& client = services_[plan_.channels[channel].client];
            return client.running != nullptr && client.state != State::kEnded;
          })) {
        AskToStop(services_[i]);
      }
    }
  }

  static void Kill(Supervised& service) {
    if (service.running == nullptr || service.state == State::kEnded) return;
    service.killed = true;
    service.deadline_ns = Timers::kNever;
    service.running->Kill();
  }

  void Fail(std::string sentence) {
    if (!failure_) failure_ = std::move(sentence);
    StopInOrder(Phase::kFailing);
  }

  void SetDeadline(Supervised& service, int64_t deadline_ns) {
    service.deadline_ns = deadline_ns;
    const int64_t due_ns = std::min(deadline_ns, service.slow_ns);
    if (!timer_.armed() || timer_.due_ns() > due_ns) node_.timers().Arm(timer_, due_ns);
  }

  void OnTimer() {
    const int64_t now_ns = node_.clock().NowNs();
    int64_t next_ns = Timers::kNever;
    for (size_t i = 0; i < services_.size(); ++i) {
      Supervised& service = services_[i];
      if (service.slow_ns <= now_ns) {
        service.slow_ns = Timers::kNever;
        if (service.state == State::kStarted && phase_ == Phase::kUp) SayThatItIsSlow(i);
      }
      if (service.deadline_ns > now_ns) {
        next_ns = std::min({next_ns, service.deadline_ns, service.slow_ns});
      } else if (phase_ == Phase::kUp) {
        Fail(Text(NameOf(i), " (", service.running->where(), ") is not ready after ",
                  FormatDurationNs(kReadyWaitNs),
                  "; a service says so by Service::Serve, or by writing to JACKFIELD_READY_FD"));
        return OnTimer();
      } else {
        if (!failure_ && phase_ != Phase::kFailing)
          failure_ = Text(NameOf(i), " (", service.running->where(), ") did not stop within ",
                          FormatDurationNs(StopNs(service)), " and was killed");
        Kill(service);
      }
    }
    if (next_ns != Timers::kNever) node_.timers().Arm(timer_, next_ns);
  }

  void OnSignal(int32_t result) {
    if (result < 0) {  // deaf to the next one: it had better stop now
      Say(std::string(SysError(-result, "wait for signals").message()));
      if (phase_ == Phase::kUp) StopInOrder(Phase::kInterrupted);
      return;
    }
    const Signals::Heard heard = signals_.Take();
    if (heard.child) Reap();
    for (int i = 0; i < heard.stops; ++i) {
      if (interrupted_++ > 0) {
        for (Supervised& service : services_) Kill(service);
      } else {
        Say(Text("stopping ", plan_.name, "; once more to kill it"));
        if (phase_ == Phase::kUp) StopInOrder(Phase::kInterrupted);
      }
    }
    node_.reactor().Start(signal_op_, signals_.fd(), POLLIN);
  }

  // Whoever its services started and left behind, where that falls to us.
  void Reap() {
    ReapOrphans([this](pid_t pid) {
      return std::any_of(services_.begin(), services_.end(), [pid](const Supervised& service) {
        return service.running != nullptr && service.state != State::kEnded &&
               service.running->pid() == pid;
      });
    });
  }

  // It hears of nothing any more: what it has started ends with it.
  int GiveUp() {
    for (Supervised& service : services_) {
      if (service.running != nullptr) service.running->AskToStop();
    }
    return Complain(kExitFailed, std::string(node_.Usable().message()));
  }

  bool Over() const {
    return phase_ != Phase::kUp &&
           std::all_of(services_.begin(), services_.end(), [](const Supervised& s) {
             return s.running == nullptr || s.state == State::kEnded;
           });
  }

  // ---- What is said.

  // Of those that left too early, the one that drew the others along: killed rather than exited,
  // called rather than calling.
  const Supervised* Culprit() const {
    const Supervised* culprit = nullptr;
    for (const Supervised& service : services_) {  // providers first
      if (service.left_too_early &&
          (culprit == nullptr || (service.ending.signal != 0 && culprit->ending.signal == 0)))
        culprit = &service;
    }
    return culprit;
  }

  std::string Describe(const Supervised& service) const {
    const auto index = static_cast<size_t>(&service - services_.data());
    std::string text = Text(NameOf(index), " (", service.running->where(), ") ");
    text += service.ending.ToString();
    if (phase_ != Phase::kFailing) return Text(text, " while stopping");
    if (!service.was_ready && !plan_.services[index].serves.empty())
      return Text(text, " before it was ready; all is stopped");
    if (!service.ending.clean()) return Text(text, "; all is stopped");
    for (const size_t channel : plan_.services[index].called) {
      const size_t client = plan_.channels[channel].client;
      if (services_[client].ending.clean() && services_[client].state == State::kEnded &&
          !services_[client].asked_to_stop)
        continue;
      return Text(text, " while ", NameOf(client), " still needed it; all is stopped");
    }
    return text;
  }

  int Conclude() {
    const int exit_status = SayHowItEnded();
    outlet_.Flush(interrupted_ > 0 ? Outlet::kStalledNs : kLastWordsNs,
                  [this] { return signals_.Take().stops > 0; });
    return exit_status;
  }

  int SayHowItEnded() {
    if (!failure_) {
      if (const Supervised* culprit = Culprit(); culprit != nullptr && interrupted_ < 2)
        failure_ = Describe(*culprit);
    }
    if (failure_) outlet_.Write(Text("jackfield: ", *failure_, "\n"), Outlet::Whose::kOwn);
    const std::string took = FormatDurationNs(node_.clock().NowNs() - began_ns_);
    if (interrupted_ > 0) {
      Say(Text(plan_.name, " was stopped after ", took));
      return failure_ ? kExitFailed : kExitInterrupted;
    }
    if (failure_ || phase_ == Phase::kFailing) return kExitFailed;
    Say(Text(plan_.name, " has finished: ", took));
    return kExitOk;
  }

  void Say(std::string_view text) {
    if (loudness_ != Loudness::kQuiet) outlet_.Write(Text(text, "\n"), Outlet::Whose::kOwn);
  }

  void SayThatItIsSlow(size_t index) {
    std::string waiting;
    for (const size_t channel : plan_.services[index].called) {
      const Supervised& client = services_[plan_.channels[channel].client];
      if (client.state == State::kWaiting)
        waiting += Text(waiting.empty() ? "; not started without it: " : ", ",
                        NameOf(plan_.channels[channel].client));
    }
    Say(Text("  ", NameOf(index), " (", services_[index].running->where(), ") is not ready after ",
             FormatDurationNs(kSlowNs), ", and is waited for up to ",
             FormatDurationNs(kReadyWaitNs), waiting));
  }

  void SayState(size_t index, std::string_view state) {
    const Supervised& service = services_[index];
    std::string line =
        Text("  ", NameOf(index), std::string(name_width_ - NameOf(index).size() + 2, ' '), state,
             std::string(9 - state.size(), ' '));
    line += Text(FormatDurationNs(node_.clock().NowNs() - service.started_ns), "  ");
    for (const Address& address : handing_.served(index)) line += Text(address.ToString(), "  ");
    line += service.running->where();
    for (size_t i = 0; i < plan_.services[index].calls.size(); ++i) {
      line += Text(i == 0 ? "  calls " : " ",
                   NameOf(plan_.channels[plan_.services[index].calls[i]].server));
    }
    for (const OutsideCall& call : plan_.services[index].outside)
      line += Text("  calls ", call.role, " at ", call.address.ToString());
    Say(line);
  }

  const Plan& plan_;
  Node& node_;
  const Loudness loudness_;
  Outlet outlet_;  // outlives the services
  Handing handing_;
  std::vector<Supervised> services_;  // as in the plan
  std::set<int> processes_;
  size_t name_width_ = 0;
  int64_t began_ns_ = 0;
  Phase phase_ = Phase::kUp;
  bool said_up_ = false;
  int interrupted_ = 0;
  std::optional<std::string> failure_;
  Signals signals_;
  Op signal_op_{[](Op& op, int32_t result) {
                  if (result != -ECANCELED) static_cast<Supervisor*>(op.user)->OnSignal(result);
                },
                this};
  Timer timer_{[](Timer& timer) { static_cast<Supervisor*>(timer.user)->OnTimer(); }, this};
};

}  // namespace

PlanEnd RunPlan(const Plan& plan, const Registry& registry, Loudness loudness) {
  absl::StatusOr<std::unique_ptr<Node>> node =
      Node::Create({.name = "jackfield", .registry = &registry, .spin_ns = 0});
  if (!node.ok()) return {Complain(kExitFailed, std::string(node.status().message())), {}};
  Supervisor supervisor(plan, **node, loudness);
  const int exit_status = supervisor.Run();
  return {exit_status, supervisor.processes()};
}

}  // namespace jackfield
