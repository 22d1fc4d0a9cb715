#include "tests/kill/ledger.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "kernel/base/text.h"

namespace jackfield::kill_test {

std::string Fault(const Ledger& ledger) {
  const ClientLedger& client = ledger.client;
  const ServerLedger& server = ledger.server;
  if (server.torn != 0) return "a message arrived torn";
  if (server.out_of_turn != 0) return "a note was lost, repeated or overtaken";
  if (server.notes > client.notes_attempted) return "a note arrived that was not sent";
  if (server.calls > client.calls_attempted) return "a call arrived that was not made";
  if (client.notes_told_handled > server.notes) {
    return Text("the sender was told of ", client.notes_told_handled.load(), " handled notes, ",
                server.notes.load(), " were");
  }
  if (client.calls_told_answered > server.calls) return "an answer came to a call that never ran";
  if (client.wrong_answers != 0) return "an answer is not the call's";
  if (client.unclear_ends != 0) return "a call of a dead server ended by its deadline only";
  return "";
}

std::string Missing(const Ledger& ledger, uint32_t calls, uint32_t notes) {
  if (ledger.client.calls_told_answered != calls) return "a call was not answered";
  if (ledger.server.notes != notes) return "a note was not handled";
  if (ledger.client.notes_told_handled != notes) return "a handled note was not told of";
  return "";
}

Ledger& NewLedger() {
  void* const memory =
      mmap(nullptr, sizeof(Ledger), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  return *new (memory) Ledger();
}

void Clear(Ledger& ledger) { new (&ledger) Ledger(); }

}  // namespace jackfield::kill_test
