#include "tools/verbs/all.h"

#include "tools/verbs/bench.h"
#include "tools/verbs/caps.h"
#include "tools/verbs/check.h"
#include "tools/verbs/clean.h"
<<<<<<< HEAD
#include "tools/verbs/down.h"
=======
#include "tools/verbs/demo.h"
>>>>>>> shop
#include "tools/verbs/explain.h"
#include "tools/verbs/help.h"
#include "tools/verbs/logs.h"
#include "tools/verbs/ls.h"
#include "tools/verbs/programs.h"
#include "tools/verbs/ps.h"
#include "tools/verbs/restart.h"
#include "tools/verbs/service.h"
#include "tools/verbs/up.h"
#include "tools/verbs/version.h"

namespace jackfield {

std::vector<Verb> AllVerbs() {
  return {
<<<<<<< HEAD
      UpVerb(),    PsVerb(),      LogsVerb(),    RestartVerb(), DownVerb(),
      CheckVerb(), ExplainVerb(), CapsVerb(),    LsVerb(),      CleanVerb(),
      BenchVerb(), HelpVerb(),    VersionVerb(), ServiceVerb(), ProgramsVerb(),
=======
      UpVerb(),    DemoVerb(),  CheckVerb(), ExplainVerb(), CapsVerb(),    LsVerb(),
      CleanVerb(), BenchVerb(), HelpVerb(),  VersionVerb(), ServiceVerb(), ProgramsVerb(),
>>>>>>> shop
  };
}

}  // namespace jackfield
