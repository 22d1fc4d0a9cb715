// What a supervisor hears from outside: signals, other commands, and a change of its plan.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "kernel/base/text.h"
#include "tools/cli/arguments.h"
#include "tools/supervisor/look.h"
#include "tools/supervisor/supervising.h"
#include "tools/wiring/restartable.h"

namespace jackfield {

void Supervisor::OnSignal(int32_t result) {
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

void Supervisor::Reap() {
  ReapOrphans([this](pid_t pid) {
    return std::any_of(services_.begin(), services_.end(), [pid](const Supervised& service) {
      if (service.readiness != nullptr && service.readiness->pid() == pid) return true;
      return !service.over() && service.state != State::kPausing && service.running->pid() == pid;
    });
  });
}

flatbuffers::Offset<init::Wiring> Supervisor::Look(flatbuffers::FlatBufferBuilder& fbb,
                                                   const Reach::Answers& answers) const {
  return BuildWiring(fbb, {plan_, handing_, services_, reach_, answers, record_.directory(), log_},
                     began_ns_, Now());
}

void Supervisor::StopAll() {
  if (phase_ != Phase::kUp) return;
  telling_.Say(Text("stopping ", plan_.name, ", as another command asks"));
  StopInOrder(Phase::kStopping);
}

absl::Status Supervisor::NoSuchService(std::string_view name) const {
  std::vector<std::string_view> names;
  for (const PlannedService& service : plan_.services) names.push_back(service.name);
  return absl::NotFoundError(
      Text(plan_.name, " has no service \"", Escaped(name), "\"", DidYouMean(name, names)));
}

absl::Status Supervisor::Restart(std::string_view name) {
  const size_t index = IndexOf(name);
  if (index == services_.size()) return NoSuchService(name);
  if (phase_ != Phase::kUp)
    return absl::FailedPreconditionError(Text(plan_.name, " is being stopped"));
  if (const std::optional<NoRestart> not_so = WhyNoRestart(plan_, index))
    return absl::FailedPreconditionError(Text(name, " cannot be restarted: ", not_so->why));
  Supervised& service = services_[index];
  if (service.in_change)
    return absl::FailedPreconditionError(Text(name, " is being changed; try again"));
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

std::shared_ptr<ChangeReport> Supervisor::Reload(Changes::Asked asked) {
  return changes_.Ask(std::move(asked));
}

absl::StatusOr<int> Supervisor::PidOf(std::string_view name) const {
  const Supervised* service = Find(name);
  if (service == nullptr) return NoSuchService(name);
  if (service->over() || service->state == State::kPausing || service->state == State::kWaiting)
    return absl::UnavailableError(Text(name, " does not run; see: jackfield ps ", plan_.name));
  const int pid = service->running->pid();
  return pid > 0 ? pid : getpid();
}

absl::StatusOr<Commands::Last> Supervisor::LastOf(std::string_view name) const {
  const Supervised* service = Find(name);
  if (service == nullptr) return NoSuchService(name);
  const std::string_view page = last_pages_.LastOf(name);
  if (!page.empty()) return Last{page, service->ending.ToString()};
  return absl::NotFoundError(Text(name,
                                  service->has_ended
                                      ? " has ended before it was ready, or shows nothing of itself"
                                      : " has not ended since the wiring came up",
                                  ", so nothing was kept of it"));
}

// ---- For who changes the plan: live_plan.h.

std::vector<std::string> Supervisor::ServiceNames() const {
  std::vector<std::string> names;
  for (const PlannedService& service : plan_.services) names.push_back(service.name);
  return names;
}

size_t Supervisor::IndexOf(std::string_view service) const {
  size_t index = 0;
  while (index < plan_.services.size() && NameOf(index) != service) ++index;
  return index;
}

const Supervised* Supervisor::Find(std::string_view service) const {
  const size_t index = IndexOf(service);
  return index < services_.size() ? &services_[index] : nullptr;
}

void Supervisor::Adopt(Plan plan) {
  std::vector<Supervised> services;
  for (const PlannedService& planned : plan.services) {
    const size_t index = IndexOf(planned.name);
    if (index == services_.size()) {
      services.emplace_back(planned.restart);
      services.back().since_ns = Now();
      continue;
    }
    Supervised& service = services_[index];
    if (service.restarts.rule() != planned.restart) service.restarts.SetRule(planned.restart);
    if (service.running != nullptr) service.running->SetService(services.size());
    services.push_back(std::move(service));
  }
  plan_ = std::move(plan);
  services_ = std::move(services);
  log_.SetLimits(plan_.logs);
}

void Supervisor::Stop(std::string_view name) {
  const size_t index = IndexOf(name);
  Supervised& service = services_[index];
  service.in_change = true;
  if (service.state == State::kStarted || service.state == State::kReady) return AskToStop(index);
  if (service.state != State::kEnded) Become(service, State::kEnded);
}

void Supervisor::Start(std::string_view name) {
  Supervised& service = services_[IndexOf(name)];
  if (service.running != nullptr) service.restarts.CountAsked();
  service.running = nullptr;
  service.in_change = true;
  service.has_served = false;
  service.not_started.clear();
  Become(service, State::kWaiting);
  StartWhatCan();
}

void Supervisor::Release(std::string_view name) {
  const size_t index = IndexOf(name);
  Supervised& service = services_[index];
  if (!std::exchange(service.in_change, false) || service.state != State::kEnded) return;
  if (!service.not_started.empty()) return Fail(index, service.not_started);
  const bool failed = !service.ending.clean();
  if (failed || service.restarts.rule().when == RestartRule::When::kAlways)
    OnEndedWhileUp(index, failed, 0);
}

}  // namespace jackfield
