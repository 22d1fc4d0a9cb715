// A service is ready when a program exits with 0, which is run again and again. It has the
// service's environment and directory, and its output is shown nowhere but in `ps`.
//
// Thread: the supervisor's.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_EXEC_READINESS_H_
#define JACKFIELD_TOOLS_SUPERVISOR_EXEC_READINESS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kernel/loop/timers.h"
#include "tools/runs/log_writer.h"
#include "tools/supervisor/readiness.h"
#include "tools/supervisor/running.h"

namespace jackfield {

class ExecReadiness final : public Readiness, private RunningService::Watcher {
 public:
  ExecReadiness(Node& node, std::vector<std::string> command, const Surroundings& surroundings,
                std::function<void()> found);
  ~ExecReadiness() override;

  void Begin() override;
  std::string awaits() const override;
  int pid() const override;

 private:
  void Run();
  void OnReady(size_t, const std::vector<Address>&) override {}
  void OnEnded(size_t, const Ending& ending) override;

  Node& node_;
  const std::vector<std::string> command_;
  Surroundings surroundings_;
  const std::function<void()> found_;
  LogWriter said_{"", {}};
  std::unique_ptr<RunningService> running_;
  bool runs_ = false;
  std::string last_;  // how it ended the last time
  int64_t pause_ns_ = kPauseLeastNs;
  Timer timer_{[](Timer& timer) { static_cast<ExecReadiness*>(timer.user)->Run(); }, this};
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_EXEC_READINESS_H_
