#include "tools/verbs/all.h"

#include "tools/verbs/bench.h"
#include "tools/verbs/call.h"
#include "tools/verbs/caps.h"
#include "tools/verbs/check.h"
#include "tools/verbs/clean.h"
#include "tools/verbs/complete.h"
#include "tools/verbs/completion.h"
#include "tools/verbs/demo.h"
#include "tools/verbs/describe.h"
#include "tools/verbs/doctor.h"
#include "tools/verbs/down.h"
#include "tools/verbs/explain.h"
#include "tools/verbs/export.h"
#include "tools/verbs/help.h"
#include "tools/verbs/init.h"
#include "tools/verbs/load.h"
#include "tools/verbs/logs.h"
#include "tools/verbs/ls.h"
#include "tools/verbs/metrics.h"
#include "tools/verbs/postmortem.h"
#include "tools/verbs/programs.h"
#include "tools/verbs/ps.h"
#include "tools/verbs/pub.h"
#include "tools/verbs/record.h"
#include "tools/verbs/reload.h"
#include "tools/verbs/replay.h"
#include "tools/verbs/restart.h"
#include "tools/verbs/run.h"
#include "tools/verbs/schema.h"
#include "tools/verbs/serve.h"
#include "tools/verbs/service.h"
#include "tools/verbs/set.h"
#include "tools/verbs/sub.h"
#include "tools/verbs/tap.h"
#include "tools/verbs/top.h"
#include "tools/verbs/trace.h"
#include "tools/verbs/ui.h"
#include "tools/verbs/up.h"
#include "tools/verbs/version.h"

namespace jackfield {

std::vector<Verb> AllVerbs() {
  return {
      InitVerb(),    UpVerb(),      PsVerb(),       TopVerb(),        UiVerb(),
      MetricsVerb(), LogsVerb(),    TapVerb(),      TraceVerb(),      PostmortemVerb(),
      RestartVerb(), ReloadVerb(),  SetVerb(),      DownVerb(),       RunVerb(),
      ServeVerb(),   CallVerb(),    LoadVerb(),     RecordVerb(),     ReplayVerb(),
      PubVerb(),     SubVerb(),     DescribeVerb(), LsVerb(),         DemoVerb(),
      CheckVerb(),   SchemaVerb(),  ExportVerb(),   ExplainVerb(),    CapsVerb(),
      DoctorVerb(),  CleanVerb(),   BenchVerb(),    CompletionVerb(), HelpVerb(),
      VersionVerb(), ServiceVerb(), ProgramsVerb(), CompleteVerb(),
  };
}

}  // namespace jackfield
