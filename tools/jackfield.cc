// The program `jackfield`. Only here the three lists come together: transports, built-in services, verbs.
#include "kernel/registry.h"
#include "tools/cli/program.h"
#include "tools/verbs/all.h"
#include "transports/builtin.h"

int main(int argc, char** argv) {
  jackfield::Registry registry;
  jackfield::AddBuiltinTransports(registry);

  jackfield::Program program;
  program.registry = &registry;
  program.services = {};  // a built-in service: {"count", CountService, "adds up and prints"}
  program.verbs = jackfield::AllVerbs();
  return jackfield::RunProgram(program, argc, argv);
}
