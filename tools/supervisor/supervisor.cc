#include "tools/supervisor/supervisor.h"

#include <signal.h>

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/node.h"
#include "tools/supervisor/supervising.h"

namespace jackfield {

int Supervisor::Run() {
  began_ns_ = Now();
  for (Supervised& service : services_) service.since_ns = began_ns_;
  absl::Status made = signals_.Block();
  if (made.ok()) made = handing_.MakeKey();
  if (made.ok()) made = handing_.MakeEnds(node_.sys());
  if (!made.ok()) failure_ = std::string(made.message());
  if (failure_) return Conclude();
  node_.reactor().Start(signal_op_, signals_.fd(), POLLIN);
  if (const absl::Status reached = control_.Serve(node_, plan_.name); !reached.ok())
    telling_.Say(
        Text("  other commands cannot reach this wiring: ", std::string(reached.message())));
  changes_.Watch();
  if (!record_.status().ok())
    telling_.Say(
        Text("  no logs are kept, nor how this ends: ", std::string(record_.status().message())));
  for (const std::string& note : plan_.notes) telling_.Say(Text("  ", note));
  StartWhatCan();
  const bool over = node_.RunUntil([this] { return Over(); });
  node_.timers().Cancel(timer_);
  node_.EndWait(signal_op_);
  return over ? Conclude() : GiveUp();
}

void Supervisor::Become(Supervised& service, State state) {
  service.state = state;
  service.since_ns = Now();
  service.deadline_ns = Timers::kNever;
}

// ---- Starting.

void Supervisor::StartWhatCan() {
  for (size_t i = 0; i < services_.size() && phase_ == Phase::kUp; ++i) {
    const std::vector<size_t>& calls = plan_.services[i].calls;
    if (services_[i].state != State::kWaiting) continue;
    if (std::all_of(calls.begin(), calls.end(),
                    [this](size_t call) { return IsServed(plan_.channels[call]); }))
      StartService(i);
  }
  if (!said_up_ && phase_ == Phase::kUp && AllAreUp()) SayUp();
}

bool Supervisor::IsServed(const PlannedChannel& channel) const {
  return services_[channel.server].has_served &&
         (channel.caps.inherited || handing_.ServedAt(channel));
}

void Supervisor::SayUp() {
  said_up_ = true;
  telling_.Say(
      Text(plan_.name, " is up: ", Summary(plan_), ", ", FormatDurationNs(Now() - began_ns_)));
  if (!on_up_) return;
  outlet_.Flush(Outlet::kStalledNs, [] { return false; });
  std::exchange(on_up_, nullptr)();
}

bool Supervisor::AllAreUp() const {
  for (size_t i = 0; i < services_.size(); ++i) {
    const State state = services_[i].state;
    if (state == State::kWaiting || state == State::kPausing ||
        (state == State::kStarted && (!ServesNothing(i) || services_[i].readiness != nullptr)))
      return false;
  }
  return true;
}

void Supervisor::StartService(size_t index) {
  Supervised& service = services_[index];
  service.asked_to_stop = service.killed = service.asked_to_restart = false;
  service.started_ns = Now();
  service.reported.clear();
  service.found_ready = false;
  absl::StatusOr<std::unique_ptr<Readiness>> readiness =
      MakeReadiness(node_, plan_.services[index], [this, name = NameOf(index)] {
        services_[IndexOf(name)].found_ready = true;
        node_.timers().Arm(timer_, Now());  // not from in here
      });
  if (!readiness.ok()) return NotStarted(index, std::string(readiness.status().message()));
  service.readiness = *std::move(readiness);
  absl::StatusOr<std::unique_ptr<RunningService>> running = launch_.Start(
      index, service.readiness == nullptr ? Variables() : service.readiness->environment(), *this);
  if (!running.ok()) return NotStarted(index, std::string(running.status().message()));
  service.running = *std::move(running);
  if (const int pid = service.running->pid(); pid > 0) processes_.insert(pid);
  Become(service, State::kStarted);
  changes_.Wake();
  if (service.readiness != nullptr)
    service.readiness->Begin();
  else if (ServesNothing(index))
    return telling_.State(index, "started", Now() - service.started_ns);
  service.slow_ns = service.started_ns + kSlowNs;
  SetDeadline(service, service.started_ns + kReadyWaitNs);
}

void Supervisor::NotStarted(size_t index, const std::string& why) {
  Supervised& service = services_[index];
  service.not_started = Text("cannot start ", NameOf(index), ": ", why);
  if (!service.in_change) return Fail(index, service.not_started);
  service.running = nullptr;
  Become(service, State::kEnded);
  changes_.Wake();
}

void Supervisor::OnReady(size_t index, const std::vector<Address>& addresses) {
  if (services_[index].readiness == nullptr)
    return BecomeReady(index, addresses, !addresses.empty());
  services_[index].reported = addresses;
}

void Supervisor::OnFoundReady(size_t index) {
  Supervised& service = services_[index];
  service.found_ready = false;
  service.readiness = nullptr;
  const std::vector<Address>& wired = plan_.services[index].serves;
  const bool is_open =
      std::any_of(wired.begin(), wired.end(), [](const Address& place) { return place.bare(); });
  if (service.reported.empty() && is_open) return;  // until it says where it serves
  BecomeReady(index, service.reported.empty() ? wired : service.reported, true);
}

void Supervisor::BecomeReady(size_t index, const std::vector<Address>& addresses, bool is_news) {
  Supervised& service = services_[index];
  if (service.state != State::kStarted) return;
  Become(service, State::kReady);
  if (service.asked_to_stop) SetDeadline(service, Now() + StopNs(index));
  if (addresses.size() != plan_.services[index].serves.size() ||
      std::any_of(addresses.begin(), addresses.end(),
                  [](const Address& a) { return a.scheme().empty(); })) {
    return Fail(index,
                Text(NameOf(index), " (", service.running->where(), ") was asked to serve at ",
                     plan_.services[index].serves.size(), " addresses and reports ",
                     addresses.size(), "; does its program come from another version?"));
  }
  handing_.SetServed(index, addresses);
  service.has_served = true;
  reach_.Learn(NameOf(index));
  if (const int pid = service.running->pid(); pid > 0) last_pages_.Hold(NameOf(index), pid);
  changes_.Wake();
  if (is_news) telling_.State(index, "ready", Now() - service.started_ns);
  StartWhatCan();
}

// ---- Ending.

bool Supervisor::Needed(size_t index) const {
  const std::vector<size_t>& called = plan_.services[index].called;
  return std::any_of(called.begin(), called.end(), [this](size_t channel) {
    const Supervised& client = services_[plan_.channels[channel].client];
    return client.state != State::kEnded || !client.ending.clean();
  });
}

void Supervisor::OnEnded(size_t index, const Ending& ending) {
  Supervised& service = services_[index];
  const bool was_up = service.state == State::kReady || ServesNothing(index);
  const int64_t up_ns = was_up ? Now() - service.since_ns : 0;
  Become(service, State::kEnded);
  service.slow_ns = Timers::kNever;
  service.has_ended = true;
  reach_.Disconnect(NameOf(index));
  service.ending = ending;
  if (const std::string why = last_pages_.Ended(NameOf(index), ending.ToString()); !why.empty())
    telling_.Say(why);
  service.readiness = nullptr;
  changes_.Wake();
  Reap();
  telling_.Ended(index);
  switch (phase_) {
    case Phase::kUp:
      if (service.in_change) return;
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

void Supervisor::OnEndedWhileUp(size_t index, bool failed, int64_t up_ns) {
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
  Settle();
}

void Supervisor::Settle() {
  if (phase_ != Phase::kUp) return;
  for (size_t i = 0; i < services_.size(); ++i) {
    if (services_[i].state != State::kEnded && plan_.services[i].wanted_from_outside()) return;
  }
  StopInOrder(Phase::kFinishing);
}

void Supervisor::AskToStop(size_t index) {
  Supervised& service = services_[index];
  if (service.over() || service.asked_to_stop) return;
  service.asked_to_stop = true;
  service.since_ns = Now();
  service.running->AskToStop();
  SetDeadline(service, Now() + StopNs(index));
}

void Supervisor::StopInOrder(Phase phase) {
  phase_ = phase;
  changes_.Wake();
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

void Supervisor::Kill(Supervised& service) {
  if (service.over()) return;
  service.killed = true;
  service.deadline_ns = Timers::kNever;
  service.running->Kill();
}

void Supervisor::Fail(size_t index, std::string sentence) {
  if (!failure_) {
    failure_ = std::move(sentence);
    failed_ = NameOf(index);
  }
  StopInOrder(Phase::kFailing);
}

// ---- Time.

void Supervisor::SetDeadline(Supervised& service, int64_t deadline_ns) {
  service.deadline_ns = deadline_ns;
  const int64_t due_ns = std::min(deadline_ns, service.slow_ns);
  if (!timer_.armed() || timer_.due_ns() > due_ns) node_.timers().Arm(timer_, due_ns);
}

void Supervisor::OnTimer() {
  const int64_t now_ns = Now();
  for (size_t i = 0; i < services_.size(); ++i) {
    Supervised& service = services_[i];
    if (service.found_ready) OnFoundReady(i);
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

void Supervisor::OnDeadline(size_t index) {
  Supervised& service = services_[index];
  service.deadline_ns = Timers::kNever;
  if (service.state == State::kPausing) return StartService(index);
  if (!service.asked_to_stop && phase_ == Phase::kUp) {
    const std::string late =
        Text(NameOf(index), " (", service.running->where(), ") is not ready after ",
             FormatDurationNs(kReadyWaitNs),
             service.readiness != nullptr
                 ? Text("; it is ready when ", service.readiness->awaits())
                 : "; a service says so by Service::Serve, or by writing to JACKFIELD_READY_FD");
    if (service.restarts.rule().when == RestartRule::When::kNever && !service.in_change)
      return Fail(index, late);
    telling_.Say(late);
  } else if (!failure_ && phase_ != Phase::kFailing) {
    const std::string late =
        Text(NameOf(index), " (", service.running->where(), ") did not stop within ",
             FormatDurationNs(StopNs(index)), " and was killed");
    if (phase_ == Phase::kUp)
      telling_.Say(late);
    else
      std::tie(failure_, failed_) = std::pair(late, NameOf(index));
  }
  Kill(service);
}

// ---- The end.

int Supervisor::GiveUp() {
  for (Supervised& service : services_) {
    if (service.running != nullptr) service.running->AskToStop();
  }
  const std::string why(node_.Usable().message());
  Record({.exit_status = kExitFailed, .how = why});
  return Complain(kExitFailed, why);
}

bool Supervisor::Over() const {
  return phase_ != Phase::kUp && std::all_of(services_.begin(), services_.end(),
                                             [](const Supervised& s) { return s.over(); });
}

std::optional<size_t> Supervisor::Culprit() const {
  std::optional<size_t> culprit;
  for (size_t i = 0; i < services_.size(); ++i) {  // providers first
    if (services_[i].left_too_early &&
        (!culprit || (services_[i].ending.signal != 0 && services_[*culprit].ending.signal == 0)))
      culprit = i;
  }
  return culprit;
}

int Supervisor::Conclude() {
  RunEnd end = SayHowItEnded();
  const int exit_status = end.exit_status;
  Record(std::move(end));
  log_.Flush(LogWriter::kStalledNs);
  if (log_.lost() > 0)
    telling_.Say(Text(log_.lost(), " lines are in no log: the disk did not take them"));
  if (const absl::Status kept = last_pages_.Flush(LogWriter::kStalledNs); !kept.ok())
    telling_.Say(Text("last messages of services are in no file: ", std::string(kept.message())));
  outlet_.Flush(interrupted_ > 0 ? Outlet::kStalledNs : kLastWordsNs,
                [this] { return signals_.Take().stops > 0; });
  return exit_status;
}

RunEnd Supervisor::SayHowItEnded() {
  if (!failure_) {
    if (const std::optional<size_t> culprit = Culprit(); culprit && interrupted_ < 2) {
      failure_ = telling_.EndOf(*culprit, phase_ != Phase::kFailing);
      failed_ = NameOf(*culprit);
    }
  }
  if (failure_) telling_.Failure(*failure_);
  const std::string took = FormatDurationNs(Now() - began_ns_);
  RunEnd end{.exit_status = kExitOk, .how = failure_.value_or(""), .service = failed_};
  if (interrupted_ > 0 || phase_ == Phase::kStopping) {
    telling_.Say(Text(plan_.name, " was stopped after ", took));
    if (!failure_)
      end.how = interrupted_ > 0 ? "a signal stopped it" : "another command stopped it";
    end.exit_status = failure_ ? kExitFailed : interrupted_ > 0 ? kExitInterrupted : kExitOk;
  } else if (failure_ || phase_ == Phase::kFailing) {
    end.exit_status = kExitFailed;
  } else {
    telling_.Say(Text(plan_.name, " has finished: ", took));
    end.how = "its work was done";
  }
  return end;
}

void Supervisor::Record(RunEnd end) {
  if (!end.service.empty()) end.lines = log_.Last(end.service);
  const absl::Status kept = record_.End(end, ServiceNames());
  if (!kept.ok() && record_.status().ok())
    telling_.Say(Text("how it ended is kept nowhere: ", std::string(kept.message())));
}

PlanEnd RunPlan(const Plan& plan, const Registry& registry, RunOptions options) {
  absl::StatusOr<std::unique_ptr<Node>> node =
      Node::Create({.name = "jackfield", .registry = &registry, .spin_ns = 0});
  if (!node.ok()) return {Complain(kExitFailed, std::string(node.status().message())), {}};
  Supervisor supervisor(plan, **node, std::move(options));
  const int exit_status = supervisor.Run();
  return {exit_status, supervisor.processes()};
}

}  // namespace jackfield
