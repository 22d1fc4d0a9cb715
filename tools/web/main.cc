// The program `jackfield-web`: the verbs of `jackfield` that speak HTTP. It is one of its own for
// what libmicrohttpd draws along (GnuTLS), which no other verb needs. `jackfield metrics` and
// `jackfield ui` start it.
#include "kernel/registry.h"
#include "tools/cli/program.h"
#include "tools/web/serve.h"
#include "tools/web/verbs.h"
#include "transports/builtin.h"

int main(int argc, char** argv) {
  jackfield::Registry registry;
  jackfield::AddBuiltinTransports(registry);
  jackfield::Program program;
  program.registry = &registry;
  program.verbs = {jackfield::web::MetricsVerb(), jackfield::web::UiVerb()};
  program.verbs[0].run = jackfield::web::RunMetrics;
  program.verbs[1].run = jackfield::web::RunUi;
  return jackfield::RunProgram(program, argc, argv);
}
