// The program `jackfield` with the test services built in.
#include "kernel/registry.h"
#include "tests/e2e/up/front_service.h"
#include "tests/e2e/up/pool_services.h"
#include "tests/e2e/up/test_services.h"
#include "tools/cli/program.h"
#include "tools/lines/lines.h"
#include "tools/verbs/all.h"
#include "transports/builtin.h"

int main(int argc, char** argv) {
  using namespace jackfield;
  Registry registry;
  AddBuiltinTransports(registry);
  Program program;
  program.registry = &registry;
  program.resources = BuiltinResources();
  program.machine = BuiltinMachineChecks();
  program.services = {
      {"source", SourceService, "sends words"},
      {"tokenize", TokenizeService, "passes words on"},
      {"count", CountService, "counts words"},
      {"asker", AskerService, "asks until it is stopped"},
      {"sitter", SitterService, "serves and stays"},
      {"sleeper", SleeperService, "never comes back"},
      {"holder", HolderService, "never answers"},
      {"leaver", LeaverService, "leaves at once"},
      {"broken", BrokenService, "fails at once"},
      {"stubborn", StubbornService, "never stops"},
      {"talker", TalkerService, "writes its arguments"},
      {"flooder", FlooderService, "writes a megabyte"},
      {"notes", NotesService, "sends one-way messages and leaves"},
      {"log", LogService, "counts them"},
      {"lines", lines::RunLines, "a program: a line in, a line out"},
      {"worker", WorkerService, "does what it is told"},
      {"boss", BossService, "tells one of many"},
      {"front", FrontService, "calls and sends under load, and counts"},
  };
  program.verbs = AllVerbs();
  return RunProgram(program, argc, argv);
}
