#include "tools/supervisor/exec_readiness.h"

#include <algorithm>
#include <utility>

#include "kernel/base/text.h"
#include "tools/supervisor/process.h"

namespace jackfield {

ExecReadiness::ExecReadiness(Node& node, std::vector<std::string> command,
                             const Surroundings& surroundings, std::function<void()> found)
    : node_(node),
      command_(std::move(command)),
      surroundings_(surroundings),
      found_(std::move(found)) {
  surroundings_.secrets.clear();
}

ExecReadiness::~ExecReadiness() { node_.timers().Cancel(timer_); }

void ExecReadiness::Begin() { Run(); }

int ExecReadiness::pid() const { return runs_ ? running_->pid() : 0; }

std::string ExecReadiness::awaits() const {
  return Text(Escaped(command_[0]), " exits with 0", last_.empty() ? "" : "; last: it ", last_);
}

void ExecReadiness::Run() {
  ProcessStart start;
  start.program = command_[0];
  start.words = command_;
  start.surroundings = surroundings_;
  start.logs_stdout = true;
  absl::StatusOr<std::unique_ptr<RunningService>> running =
      StartProcess(node_, std::move(start), Relay(said_), *this);
  runs_ = running.ok();
  if (running.ok()) {
    running_ = *std::move(running);
    return;
  }
  last_ = Text("was not started: ", std::string(running.status().message()));
  node_.timers().Arm(timer_, node_.clock().NowNs() + kPauseMostNs);
}

void ExecReadiness::OnEnded(size_t, const Ending& ending) {
  runs_ = false;
  if (ending.clean()) return found_();
  const std::vector<std::string> said = said_.Last("");
  last_ =
      Text(ending.ToString(), said.empty() ? "" : ": ", said.empty() ? "" : Escaped(said.back()));
  node_.timers().Arm(timer_, node_.clock().NowNs() + pause_ns_);
  pause_ns_ = std::min(2 * pause_ns_, kPauseMostNs);
}

}  // namespace jackfield
