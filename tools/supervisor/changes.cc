#include "tools/supervisor/changes.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "kernel/base/text.h"

namespace jackfield {

void Changes::Watch() {
  if (source_.watched.empty()) return;
  absl::StatusOr<std::unique_ptr<FileWatch>> watch =
      FileWatch::Open(node_, source_.watched, [this] { Enqueue(By::kFile, {}); });
  if (watch.ok())
    watch_ = *std::move(watch);
  else
    telling_.Say(
        Text("  a change of ", source_.watched,
             " will not be noticed (jackfield reload): ", std::string(watch.status().message())));
}

std::shared_ptr<ChangeReport> Changes::Ask(Asked asked) {
  return Enqueue(By::kCommand, std::move(asked));
}

std::shared_ptr<ChangeReport> Changes::Enqueue(By by, Asked asked) {
  const bool dry_run = asked.dry_run;
  auto report = std::make_shared<ChangeReport>(node_, [this, dry_run](const ChangeLine& line) {
    if (dry_run) return;
    if (line.kind == ChangeLine::Kind::kNot)
      telling_.Failure(line.ToString());
    else
      telling_.Say(Text("  ", line.ToString()));
  });
  waiting_.push_back({by, std::move(asked), report});
  if (!under_way_) StartNext();
  return report;
}

void Changes::StartNext() {
  under_way_ = Task<void>();
  if (waiting_.empty()) return;
  Waiting next = std::move(waiting_.front());
  waiting_.pop_front();
  under_way_ = Work(std::move(next));
  under_way_.Start(
      [](void* user) {  // not from within its own coroutine
        auto* self = static_cast<Changes*>(user);
        self->node_.timers().Arm(self->next_, 0);
      },
      this);
}

Task<void> Changes::Work(Waiting waiting) {
  while (!Settled() && !live_.stopping()) co_await stir_.Next();
  absl::Status made = co_await Make(waiting.by, std::move(waiting.asked), *waiting.report);
  if (waiting.by == By::kFile && !made.ok()) TellFindings(made);
  waiting.report->End(std::move(made));
}

Task<absl::Status> Changes::Make(By by, Asked asked, ChangeReport& report) {
  if (live_.stopping())
    co_return absl::FailedPreconditionError(Text(live_.plan().name, " is being stopped"));
  const std::vector<std::string> sets = SetsWith(asked);
  absl::StatusOr<Plan> wanted = source_.read(sets);
  if (!wanted.ok()) co_return wanted.status();
  findings_.clear();
  const absl::StatusOr<PlanChanges> changes = ChangesBetween(live_.plan(), *wanted);
  if (!changes.ok()) co_return changes.status();
  if (asked.dry_run) {
    Change::Foretell(*changes, report);
    co_return absl::OkStatus();
  }
  if (by == By::kFile)
    telling_.Say(
        Text(source_.watched, " was saved", changes->none() ? "; nothing is different" : ""));
  else if (!changes->none())
    telling_.Say(Text(live_.plan().name, " is changed, as another command asks"));
  if (!source_.once.empty() && asked.sets.empty())
    report.Add({ChangeLine::Kind::kNote, "", source_.once});
  for (const std::string& note : wanted->notes) report.Add({ChangeLine::Kind::kNote, "", note});
  Change change(node_, live_, reach_, handing_, stir_, report);
  absl::Status run = co_await change.Run(*std::move(wanted));
  if (run.ok() && report.Count(ChangeLine::Kind::kNot) == 0) sets_ = sets;
  co_return run;
}

// The last of a key holds.
std::vector<std::string> Changes::SetsWith(const Asked& asked) const {
  const auto key = [](const std::string& set) { return set.substr(0, set.find('=')); };
  std::vector<std::string> sets = asked.forget ? std::vector<std::string>() : sets_;
  for (const std::string& set : asked.sets) {
    std::erase_if(sets, [&](const std::string& old) { return key(old) == key(set); });
    sets.push_back(set);
  }
  return sets;
}

// A service that is starting may not know yet where it serves.
bool Changes::Settled() const {
  const std::vector<PlannedService>& services = live_.plan().services;
  return std::none_of(services.begin(), services.end(), [this](const PlannedService& service) {
    return !service.serves.empty() && live_.Find(service.name)->state == ServiceState::kStarted;
  });
}

// Once: whoever saves again what is wrong in the same way knows it.
void Changes::TellFindings(const absl::Status& why) {
  const std::string findings(why.message());
  if (findings == std::exchange(findings_, findings)) return;
  telling_.Failure(
      Text(source_.watched, " was saved, and ", live_.plan().name, " stays as it is:"));
  std::istringstream lines(findings);
  for (std::string line; std::getline(lines, line);) telling_.Line(line);
}

}  // namespace jackfield
