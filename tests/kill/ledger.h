// What a client and a server of a kill test write down, in memory that the harness shares with
// both, so that it is still there when they are not.
//
// Each number is written by one process, in this order: what is attempted before it is done; what
// was told after it was told.
#ifndef JACKFIELD_TESTS_KILL_LEDGER_H_
#define JACKFIELD_TESTS_KILL_LEDGER_H_

#include <atomic>
#include <cstdint>
#include <string>

namespace jackfield::kill_test {

inline constexpr uint32_t kNotesMax = 4096;

struct ClientLedger {
  std::atomic<uint32_t> notes_attempted, notes_told_handled;
  std::atomic<uint32_t> calls_attempted, calls_told_answered;
  std::atomic<uint32_t> connected;
  std::atomic<uint32_t> wrong_answers;
  std::atomic<uint32_t> unclear_ends;  // a call that ran into its deadline, though its server died
  std::atomic<uint32_t> finished;      // it came to its end by itself
};

struct ServerLedger {
  std::atomic<uint32_t> notes, calls;  // handled
  std::atomic<uint32_t> torn;          // payloads that nobody sent
  std::atomic<uint32_t> out_of_turn;   // notes lost, repeated or overtaken: not the next number
  std::atomic<uint32_t> clients_gone;
};

struct Ledger {
  ClientLedger client;
  ServerLedger server;
};

// The rule that the two broke, or "". Whoever was killed, what it was told is true of the other.
std::string Fault(const Ledger& ledger);

// Why not all of these came to their end, as they must when nobody died; or "".
std::string Missing(const Ledger& ledger, uint32_t calls, uint32_t notes);

// Zeroed; shared with every process forked later. Lives as long as the program.
Ledger& NewLedger();
void Clear(Ledger& ledger);

}  // namespace jackfield::kill_test

#endif  // JACKFIELD_TESTS_KILL_LEDGER_H_
