#include "tools/supervisor/supervisor.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/node.h"
#include "tools/supervisor/control.h"
#include "tools/supervisor/handing.h"
#include "tools/supervisor/launch.h"
#include "tools/supervisor/look.h"
#include "tools/supervisor/outlet.h"
#include "tools/supervisor/reach.h"
#include "tools/supervisor/running.h"
#include "tools/supervisor/signals.h"
#include "tools/supervisor/supervised.h"
#include "tools/supervisor/telling.h"
#include "tools/wiring/restartable.h"

namespace jackfield {
namespace {

class Supervisor final : public RunningService::Watcher, private Commands {
 public:
  Supervisor(const Plan& plan, Node& node, RunOptions options)
      : plan_(plan),
        node_(node),
        outlet_(Screen::OfStderr()),
        log_(node),
        handing_(plan),
        on_up_(std::move(options.on_up)),
        reach_(node, plan.services.size()),
        launch_(plan, node, handing_, reach_, outlet_, log_, options.logs_stdout),
        telling_(plan, handing_, services_, outlet_, log_, options.loudness, launch_.name_width()) {
    for (const PlannedService& service : plan.services) services_.emplace_back(service.restart);
  }

  const std::set<int>& processes() const { return processes_; }  // that its services were

  int Run() {
    began_ns_ = Now();
    for (Supervised& service : services_) service.since_ns = began_ns_;
    absl::Status made = signals_.Block();
    if (made.ok()) made = handing_.MakeEnds(node_.sys());
    if (!made.ok()) failure_ = std::string(made.message());
    if (failure_) return Conclude();
    node_.reactor().Start(signal_op_, signals_.fd(), POLLIN);
    if (const absl::Status reached = control_.Serve(node_, plan_.name); !reached.ok())
      telling_.Say(
          Text("  other commands cannot reach this wiring: ", std::string(reached.message())));
    for (const std::string& note : plan_.notes) telling_.Say(Text("  ", note));
    StartWhatCan();
    const bool over = node_.RunUntil([this] { return Over(); });
    node_.timers().Cancel(timer_);
    node_.EndWait(signal_op_);
    return over ? Conclude() : GiveUp();
  }

 private:
  using State = ServiceState;
  // kStopping: by another command.
  enum class Phase { kUp, kFinishing, kStopping, kInterrupted, kFailing };

  int64_t Now() const { return node_.clock().NowNs(); }
  const std::string& NameOf(size_t service) const { return plan_.services[service].name; }
  bool ServesNothing(size_t service) const { return plan_.services[service].serves.empty(); }

  void Become(Supervised& service, State state) {
    service.state = state;
    service.since_ns = Now();
    service.deadline_ns = Timers::kNever;
  }

  // ---- Starting.

  void StartWhatCan() {
    for (size_t i = 0; i < services_.size() && phase_ == Phase::kUp; ++i) {
      const std::vector<size_t>& calls = plan_.services[i].calls;
      if (services_[i].state != State::kWaiting) continue;
      if (std::all_of(calls.begin(), calls.end(), [this](size_t call) {
            return services_[plan_.channels[call].server].has_served;
          }))
        StartService(i);
    }
    if (!said_up_ && phase_ == Phase::kUp && AllAreUp()) SayUp();
  }

  void SayUp() {
    said_up_ = true;
    telling_.Say(
        Text(plan_.name, " is up: ", Summary(plan_), ", ", FormatDurationNs(Now() - began_ns_)));
    if (!on_up_) return;
    outlet_.Flush(Outlet::kStalledNs, [] { return false; });
    std::exchange(on_up_, nullptr)();
  }

  bool AllAreUp() const {
    for (size_t i = 0; i < services_.size(); ++i) {
      const State state = services_[i].state;
      if (state == State::kWaiting || state == State::kPausing ||
          (state == State::kStarted && !ServesNothing(i)))
        return false;
    }
    return true;
  }

  void StartService(size_t index) {
    Supervised& service = services_[index];
    service.asked_to_stop = service.killed = service.asked_to_restart = false;
    service.started_ns = Now();
    absl::StatusOr<std::unique_ptr<RunningService>> running = launch_.Start(index, *this);
    if (!running.ok())
      return Fail(
          Text("cannot start ", NameOf(index), ": ", std::string(running.status().message())));
    service.running = *std::move(running);
    if (const int pid = service.running->pid(); pid > 0) processes_.insert(pid);
    Become(service, State::kStarted);
    if (ServesNothing(index)) return telling_.State(index, "started", Now() - service.started_ns);
    service.slow_ns = service.started_ns + kSlowNs;
    SetDeadline(service, service.started_ns + kReadyWaitNs);
  }

  void OnReady(size_t index, const std::vector<Address>& addresses) override {
    Supervised& service = services_[index];
    if (service.state != State::kStarted) return;
    Become(service, State::kReady);
    if (service.asked_to_stop) SetDeadline(service, Now() + StopNs(index));
    if (addresses.size() != plan_.services[index].serves.size() ||
        std::any_of(addresses.begin(), addresses.end(),
                    [](const Address& a) { return a.scheme().empty(); })) {
      return Fail(Text(NameOf(index), " (", service.running->where(), ") was asked to serve at ",
                       plan_.services[index].serves.size(), " addresses and reports ",
                       addresses.size(), "; does its program come from another version?"));
    }
    handing_.SetServed(index, addresses);
    service.has_served = true;
    reach_.Learn(index);
    if (!addresses.empty()) telling_.State(index, "ready", Now() - service.started_ns);
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
    const bool was_up = service.state == State::kReady || ServesNothing(index);
    const int64_t up_ns = was_up ? Now() - service.since_ns : 0;
    Become(service, State::kEnded);
    service.slow_ns = Timers::kNever;
    service.has_ended = true;
    reach_.Disconnect(index);
    service.ending = ending;
    Reap();
    telling_.Ended(index);
    switch (phase_) {
      case Phase::kUp:
        return OnEndedWhileUp(index, !ending.clean() || !was_up || Needed(index), up_ns);
      case Phase::kFinishing:
      case Phase::kStopping:
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

  void OnEndedWhileUp(size_t index, bool failed, int64_t up_ns) {
    Supervised& service = services_[index];
    std::optional<int64_t> pause_ns = 0;
    if (service.asked_to_restart)
      service.restarts.CountAsked();
    else
      pause_ns = service.restarts.Next(failed, up_ns);
    if (pause_ns) {
      telling_.Restart(index, *pause_ns);
      Become(service, State::kPausing);
      return SetDeadline(service, Now() + *pause_ns);
    }
    service.left_too_early = failed;
    if (failed) return StopInOrder(Phase::kFailing);
    for (size_t i = 0; i < services_.size(); ++i) {
      if (services_[i].state != State::kEnded && plan_.services[i].wanted_from_outside()) return;
    }
    StopInOrder(Phase::kFinishing);
  }

  void AskToStop(size_t index) {
    Supervised& service = services_[index];
    if (service.over() || service.asked_to_stop) return;
    service.asked_to_stop = true;
    service.since_ns = Now();
    service.running->AskToStop();
    SetDeadline(service, Now() + StopNs(index));
  }

  int64_t StopNs(size_t service) const { return 2 * plan_.services[service].grace_ns + kStopNs; }

  // Clients first, so that what they still have to say is heard. Called again after each end.
  void StopInOrder(Phase phase) {
    phase_ = phase;
    for (Supervised& service : services_) {
      if (service.state == State::kPausing) Become(service, State::kEnded);
    }
    for (size_t i = 0; i < services_.size(); ++i) {
      const std::vector<size_t>& called = plan_.services[i].called;
      if (std::all_of(called.begin(), called.end(), [this](size_t channel) {
            return services_[plan_.channels[channel].client].over();
          })) {
        AskToStop(i);
      }
    }
  }

  static void Kill(Supervised& service) {
    if (service.over()) return;
    service.killed = true;
    service.deadline_ns = Timers::kNever;
    service.running->Kill();
  }

  void Fail(std::string sentence) {
    if (!failure_) failure_ = std::move(sentence);
    StopInOrder(Phase::kFailing);
  }

  // ---- Time.

  void SetDeadline(Supervised& service, int64_t deadline_ns) {
    service.deadline_ns = deadline_ns;
    const int64_t due_ns = std::min(deadline_ns, service.slow_ns);
    if (!timer_.armed() || timer_.due_ns() > due_ns) node_.timers().Arm(timer_, due_ns);
  }

  void OnTimer() {
    const int64_t now_ns = Now();
    for (size_t i = 0; i < services_.size(); ++i) {
      Supervised& service = services_[i];
      if (service.slow_ns <= now_ns) {
        service.slow_ns = Timers::kNever;
        if (service.state == State::kStarted && phase_ == Phase::kUp) telling_.Slow(i);
      }
      if (service.deadline_ns <= now_ns) OnDeadline(i);
    }
    int64_t next_ns = Timers::kNever;
    for (const Supervised& service : services_)
      next_ns = std::min({next_ns, service.deadline_ns, service.slow_ns});
    if (next_ns != Timers::kNever) node_.timers().Arm(timer_, next_ns);
  }

  void OnDeadline(size_t index) {
    Supervised& service = services_[index];
    service.deadline_ns = Timers::kNever;
    if (service.state == State::kPausing) return StartService(index);
    if (!service.asked_to_stop && phase_ == Phase::kUp) {
      const std::string late =
          Text(NameOf(index), " (", service.running->where(), ") is not ready after ",
               FormatDurationNs(kReadyWaitNs),
               "; a service says so by Service::Serve, or by writing to JACKFIELD_READY_FD");
      if (service.restarts.rule().when == RestartRule::When::kNever) return Fail(late);
      telling_.Say(late);
    } else if (!failure_ && phase_ != Phase::kFailing) {
      const std::string late =
          Text(NameOf(index), " (", service.running->where(), ") did not stop within ",
               FormatDurationNs(StopNs(index)), " and was killed");
      if (phase_ == Phase::kUp)
        telling_.Say(late);
      else
        failure_ = late;
    }
    Kill(service);
  }

  // ---- What is heard.

  void OnSignal(int32_t result) {
    if (result < 0) {  // deaf to the next one: it had better stop now
      telling_.Say(std::string(SysError(-result, "wait for signals").message()));
      if (phase_ == Phase::kUp) StopInOrder(Phase::kInterrupted);
      return;
    }
    const Signals::Heard heard = signals_.Take();
    if (heard.child) Reap();
    for (int i = 0; i < heard.stops; ++i) {
      if (interrupted_++ > 0) {
        for (Supervised& service : services_) Kill(service);
      } else {
        telling_.Say(Text("stopping ", plan_.name, "; once more to kill it"));
        if (phase_ == Phase::kUp) StopInOrder(Phase::kInterrupted);
      }
    }
    node_.reactor().Start(signal_op_, signals_.fd(), POLLIN);
  }

  // Whoever its services started and left behind, where that falls to us.
  void Reap() {
    ReapOrphans([this](pid_t pid) {
      return std::any_of(services_.begin(), services_.end(), [pid](const Supervised& service) {
        return !service.over() && service.state != State::kPausing && service.running->pid() == pid;
      });
    });
  }

  flatbuffers::Offset<init::Wiring> Look(flatbuffers::FlatBufferBuilder& fbb,
                                         const Reach::Answers& answers) const override {
    return BuildWiring(fbb, {plan_, handing_, services_, reach_, answers}, began_ns_, Now());
  }

  void StopAll() override {
    if (phase_ != Phase::kUp) return;
    telling_.Say(Text("stopping ", plan_.name, ", as another command asks"));
    StopInOrder(Phase::kStopping);
  }

  absl::Status Restart(std::string_view name) override {
    std::vector<std::string_view> names;
    size_t index = 0;
    for (const PlannedService& service : plan_.services) names.push_back(service.name);
    while (index < names.size() && names[index] != name) ++index;
    if (index == names.size())
      return absl::NotFoundError(
          Text(plan_.name, " has no service \"", Escaped(name), "\"", DidYouMean(name, names)));
    if (phase_ != Phase::kUp)
      return absl::FailedPreconditionError(Text(plan_.name, " is being stopped"));
    if (const std::optional<NoRestart> not_so = WhyNoRestart(plan_, index))
      return absl::FailedPreconditionError(Text(name, " cannot be restarted: ", not_so->why));
    Supervised& service = services_[index];
    switch (service.state) {
      case State::kWaiting:
        return absl::FailedPreconditionError(
            Text(name, " has not been started yet: it waits for those that it calls"));
      case State::kStarted:
      case State::kReady:
        service.asked_to_restart = true;
        AskToStop(index);
        break;
      case State::kPausing:
      case State::kEnded:
        service.asked_to_restart = true;
        service.restarts.CountAsked();
        Become(service, State::kPausing);
        SetDeadline(service, Now());
        break;
    }
    return absl::OkStatus();
  }

  // ---- The end.

  // It hears of nothing any more: what it has started ends with it.
  int GiveUp() {
    for (Supervised& service : services_) {
      if (service.running != nullptr) service.running->AskToStop();
    }
    return Complain(kExitFailed, std::string(node_.Usable().message()));
  }

  bool Over() const {
    return phase_ != Phase::kUp && std::all_of(services_.begin(), services_.end(),
                                               [](const Supervised& s) { return s.over(); });
  }

  // Of those that left too early, the one that drew the others along: killed rather than exited,
  // called rather than calling.
  std::optional<size_t> Culprit() const {
    std::optional<size_t> culprit;
    for (size_t i = 0; i < services_.size(); ++i) {  // providers first
      if (services_[i].left_too_early &&
          (!culprit || (services_[i].ending.signal != 0 && services_[*culprit].ending.signal == 0)))
        culprit = i;
    }
    return culprit;
  }

  int Conclude() {
    const int exit_status = SayHowItEnded();
    outlet_.Flush(interrupted_ > 0 ? Outlet::kStalledNs : kLastWordsNs,
                  [this] { return signals_.Take().stops > 0; });
    return exit_status;
  }

  int SayHowItEnded() {
    if (!failure_) {
      if (const std::optional<size_t> culprit = Culprit(); culprit && interrupted_ < 2)
        failure_ = telling_.EndOf(*culprit, phase_ != Phase::kFailing);
    }
    if (failure_) telling_.Failure(*failure_);
    const std::string took = FormatDurationNs(Now() - began_ns_);
    if (interrupted_ > 0 || phase_ == Phase::kStopping) {
      telling_.Say(Text(plan_.name, " was stopped after ", took));
      return failure_ ? kExitFailed : interrupted_ > 0 ? kExitInterrupted : kExitOk;
    }
    if (failure_ || phase_ == Phase::kFailing) return kExitFailed;
    telling_.Say(Text(plan_.name, " has finished: ", took));
    return kExitOk;
  }

  const Plan& plan_;
  Node& node_;
  Outlet outlet_;  // outlives the services
  Log log_;        // the same
  Handing handing_;
  std::vector<Supervised> services_;  // as in the plan
  std::function<void()> on_up_;
  Reach reach_;
  Launch launch_;
  Telling telling_;
  Control control_{*this, reach_, log_};
  std::set<int> processes_;
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

PlanEnd RunPlan(const Plan& plan, const Registry& registry, RunOptions options) {
  absl::StatusOr<std::unique_ptr<Node>> node =
      Node::Create({.name = "jackfield", .registry = &registry, .spin_ns = 0});
  if (!node.ok()) return {Complain(kExitFailed, std::string(node.status().message())), {}};
  Supervisor supervisor(plan, **node, std::move(options));
  const int exit_status = supervisor.Run();
  return {exit_status, supervisor.processes()};
}

}  // namespace jackfield
