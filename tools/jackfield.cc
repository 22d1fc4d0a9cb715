// The program `jackfield`. Only here the three lists come together: transports, built-in services,
// verbs.
#include "kernel/registry.h"
#include "services/echo/echo.h"
#include "services/journal/journal.h"
#include "services/names/names.h"
#include "services/semaphore/semaphore.h"
#include "services/semaphore/worker.h"
#include "services/shop/shop.h"
#include "services/shop/wiring.h"
#include "services/topics/topics.h"
#include "services/wordcount/wordcount.h"
#include "tools/cli/program.h"
#include "tools/lines/lines.h"
#include "tools/verbs/all.h"
#include "transports/builtin.h"

int main(int argc, char** argv) {
  jackfield::Registry registry;
  jackfield::AddBuiltinTransports(registry);

  jackfield::Program program;
  program.registry = &registry;
  program.resources = jackfield::BuiltinResources();
  program.machine = jackfield::BuiltinMachineChecks();
  program.services = {
      {"echo", jackfield::echo::RunEcho,
       "says back what it is told: something to call and to load"},
      {"journal", jackfield::journal::RunJournal,
       "a durable stream of records in files, with named cursors"},
      {"lines", jackfield::lines::RunLines, "a program of yours: a line in, a line out"},
      {"names", jackfield::names::RunNames, "who serves what, where, as long as it lives"},
      {"semaphore", jackfield::semaphore::RunSemaphore,
       "named counting semaphores and mutexes between processes"},
      {"semaphore.worker", jackfield::semaphore::RunWorker,
       "an example: counts in a file that others count in too"},
      {"shop.gate", jackfield::shop::RunGate,
       "the demo: places orders, and checks that it adds up"},
      {"shop.ledger", jackfield::shop::RunLedger, "the demo: writes down how orders ended"},
      {"shop.orders", jackfield::shop::RunOrders, "the demo: takes orders, calls all the others"},
      {"shop.packer", jackfield::shop::RunPacker, "the demo: one worker of a pool"},
      {"shop.stock", jackfield::shop::RunStock, "the demo: keeps the pieces and their prices"},
      {"topics", jackfield::topics::RunTopics, "publish and subscribe, by topic"},
      {"wordcount.count", jackfield::wordcount::RunCount,
       "adds words up and tells how often each came"},
      {"wordcount.source", jackfield::wordcount::RunSource,
       "reads files, has their words counted, prints the result"},
      {"wordcount.tokenize", jackfield::wordcount::RunTokenize, "splits text into words"},
  };
  program.demo = jackfield::shop::kShopWiring;
  program.verbs = jackfield::AllVerbs();
  return jackfield::RunProgram(program, argc, argv);
}
