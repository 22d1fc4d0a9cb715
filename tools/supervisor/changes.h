// What changes a running wiring: a command (jackfield reload, jackfield set), or its file, which
// somebody saves. One change after the other.
//
// A wiring that is wrong changes nothing. What `set` has said holds until the wiring is down, or
// until it is forgotten; what could not be done of it does not.
//
// Thread: the supervisor's.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_CHANGES_H_
#define JACKFIELD_TOOLS_SUPERVISOR_CHANGES_H_

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kernel/loop/task.h"
#include "kernel/node.h"
#include "tools/supervisor/change.h"
#include "tools/supervisor/file_watch.h"
#include "tools/supervisor/supervisor.h"
#include "tools/supervisor/telling.h"

namespace jackfield {

class Changes {
 public:
  // All outlive it.
  Changes(Node& node, LivePlan& live, Reach& reach, Handing& handing, Telling& telling,
          WiringSource source)
      : node_(node),
        live_(live),
        reach_(reach),
        handing_(handing),
        telling_(telling),
        source_(std::move(source)),
        stir_(node) {}

  ~Changes() { node_.timers().Cancel(next_); }
  Changes(const Changes&) = delete;

  // From now on the file is watched, where there is one; it says so if it cannot be.
  void Watch();

  struct Asked {
    std::vector<std::string> sets;  // KEY=VALUE
    bool forget = false;            // what was set before
    bool dry_run = false;           // only to say what would be done
  };
  // Goes on whether the report is read or not. Its end says why nothing was begun:
  // INVALID_ARGUMENT: the wiring is wrong, a line each; FAILED_PRECONDITION; NOT_FOUND: its file.
  std::shared_ptr<ChangeReport> Ask(Asked asked);

  // Something has happened to a service.
  void Wake() { stir_.Wake(); }

 private:
  enum class By { kCommand, kFile };
  struct Waiting {
    By by;
    Asked asked;
    std::shared_ptr<ChangeReport> report;
  };

  std::shared_ptr<ChangeReport> Enqueue(By by, Asked asked);
  void StartNext();
  Task<void> Work(Waiting waiting);
  Task<absl::Status> Make(By by, Asked asked, ChangeReport& report);
  std::vector<std::string> SetsWith(const Asked& asked) const;
  bool Settled() const;
  void TellFindings(const absl::Status& why);

  Node& node_;
  LivePlan& live_;
  Reach& reach_;
  Handing& handing_;
  Telling& telling_;
  const WiringSource source_;
  Stir stir_;
  std::unique_ptr<FileWatch> watch_;
  std::vector<std::string> sets_;
  std::string findings_;  // that were said last
  std::deque<Waiting> waiting_;
  Timer next_{[](Timer& timer) { static_cast<Changes*>(timer.user)->StartNext(); }, this};
  Task<void> under_way_;  // goes before what it uses
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_CHANGES_H_
