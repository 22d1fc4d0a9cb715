// The supervisor itself: supervisor.cc runs it, supervisor_asked.cc is what others ask of it.
//
// Thread: the main one.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_SUPERVISING_H_
#define JACKFIELD_TOOLS_SUPERVISOR_SUPERVISING_H_

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "kernel/node.h"
#include "tools/runs/log_writer.h"
#include "tools/runs/run_record.h"
#include "tools/supervisor/changes.h"
#include "tools/supervisor/control.h"
#include "tools/supervisor/handing.h"
#include "tools/supervisor/last_pages.h"
#include "tools/supervisor/launch.h"
#include "tools/supervisor/live_plan.h"
#include "tools/supervisor/outlet.h"
#include "tools/supervisor/reach.h"
#include "tools/supervisor/running.h"
#include "tools/supervisor/signals.h"
#include "tools/supervisor/supervised.h"
#include "tools/supervisor/supervisor.h"
#include "tools/supervisor/telling.h"

namespace jackfield {

class Supervisor final : public RunningService::Watcher, private Commands, private LivePlan {
 public:
  Supervisor(const Plan& plan, Node& node, RunOptions options)
      : plan_(plan),
        node_(node),
        record_(plan.name, plan.file, ServiceNames()),
        outlet_(Screen::OfStderr()),
        log_(record_.directory(), plan.logs),
        handing_(plan_),
        on_up_(std::move(options.on_up)),
        reach_(node),
        last_pages_(record_.directory()),
        launch_(plan_, node, handing_, reach_, outlet_, log_, options.logs_stdout),
        telling_(plan_, handing_, services_, outlet_, log_, options.loudness),
        changes_(node, *this, reach_, handing_, telling_, std::move(options.source)) {
    for (const PlannedService& service : plan.services) services_.emplace_back(service.restart);
  }

  const std::set<int>& processes() const { return processes_; }  // that its services were

  int Run();

 private:
  using State = ServiceState;
  // kStopping: by another command.
  enum class Phase { kUp, kFinishing, kStopping, kInterrupted, kFailing };

  int64_t Now() const { return node_.clock().NowNs(); }
  const std::string& NameOf(size_t service) const { return plan_.services[service].name; }
  std::vector<std::string> ServiceNames() const;
  bool ServesNothing(size_t service) const { return plan_.services[service].serves.empty(); }

  void Become(Supervised& service, State state);

  // ---- Starting.

  void StartWhatCan();
  bool IsServed(const PlannedChannel& channel) const;
  void SayUp();
  bool AllAreUp() const;
  void StartService(size_t index);
  void NotStarted(size_t index, const std::string& why);
  void OnReady(size_t index, const std::vector<Address>& addresses) override;
  // It is not for the service to say that it is ready, and has been found out.
  void OnFoundReady(size_t index);
  // is_news: that it has started was not told.
  void BecomeReady(size_t index, const std::vector<Address>& addresses, bool is_news);

  // ---- Ending.

  // A service is needed while one that calls it has not ended well.
  bool Needed(size_t index) const;
  void OnEnded(size_t index, const Ending& ending) override;
  void OnEndedWhileUp(size_t index, bool failed, int64_t up_ns);

  // Have all finished that nothing calls?
  void Settle() override;
  void AskToStop(size_t index);

  int64_t StopNs(size_t service) const { return 2 * plan_.services[service].grace_ns + kStopNs; }

  // Clients first, so that what they still have to say is heard. Called again after each end.
  void StopInOrder(Phase phase);
  static void Kill(Supervised& service);
  void Fail(size_t service, std::string sentence);

  // ---- Time.

  void SetDeadline(Supervised& service, int64_t deadline_ns);
  void OnTimer();
  void OnDeadline(size_t index);

  // ---- What is heard.

  void OnSignal(int32_t result);

  // Whoever its services started and left behind, where that falls to us.
  void Reap();
  flatbuffers::Offset<init::Wiring> Look(flatbuffers::FlatBufferBuilder& fbb,
                                         const Reach::Answers& answers) const override;
  void StopAll() override;
  absl::Status Restart(std::string_view name) override;
  std::shared_ptr<ChangeReport> Reload(Changes::Asked asked) override;
  absl::StatusOr<int> PidOf(std::string_view service) const override;
  absl::StatusOr<Last> LastOf(std::string_view service) const override;
  absl::Status NoSuchService(std::string_view name) const;

  // ---- For who changes the plan: live_plan.h.

  size_t IndexOf(std::string_view service) const;
  const Plan& plan() const override { return plan_; }
  bool stopping() const override { return phase_ != Phase::kUp; }
  const Supervised* Find(std::string_view service) const override;
  void Adopt(Plan plan) override;
  void Stop(std::string_view name) override;
  void Start(std::string_view name) override;
  void Release(std::string_view name) override;

  // ---- The end.

  // It hears of nothing any more: what it has started ends with it.
  int GiveUp();
  bool Over() const;

  // Of those that left too early, the one that drew the others along: killed rather than exited,
  // called rather than calling.
  std::optional<size_t> Culprit() const;
  int Conclude();
  RunEnd SayHowItEnded();
  void Record(RunEnd end);

  Plan plan_;  // in force
  Node& node_;
  RunRecord record_;
  Outlet outlet_;  // outlives the services
  LogWriter log_;  // the same
  Handing handing_;
  std::vector<Supervised> services_;  // as in the plan
  std::function<void()> on_up_;
  Reach reach_;
  LastPages last_pages_;
  Launch launch_;
  Telling telling_;
  Changes changes_;
  Control control_{*this, reach_};
  std::set<int> processes_;
  int64_t began_ns_ = 0;
  Phase phase_ = Phase::kUp;
  bool said_up_ = false;
  int interrupted_ = 0;
  std::optional<std::string> failure_;
  std::string failed_;  // the service that it is about; "": none
  Signals signals_;
  Op signal_op_{[](Op& op, int32_t result) {
                  if (result != -ECANCELED) static_cast<Supervisor*>(op.user)->OnSignal(result);
                },
                this};
  Timer timer_{[](Timer& timer) { static_cast<Supervisor*>(timer.user)->OnTimer(); }, this};
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_SUPERVISING_H_
