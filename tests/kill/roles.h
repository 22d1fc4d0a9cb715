// The two programs of a kill test, as functions that run in forked processes. Both run without
// spinning, so that what they do depends little on time.
#ifndef JACKFIELD_TESTS_KILL_ROLES_H_
#define JACKFIELD_TESTS_KILL_ROLES_H_

#include <cstdint>
#include <string>

#include "tests/kill/ledger.h"

namespace jackfield::kill_test {

// Before each phase a role stops itself with SIGUSR1, if it is asked to: there a tracer begins to
// step. Phase 0 is everything from the first.
enum class Marks { kNone, kStop };

// A client's phases: 0 hello, 1 a call, 2 notes, 3 close, 4 after.
// A server's: 0 hello and receive, 1 in a call's handler: reply, 2 in a note's handler: release,
// 3 a client has gone.
inline constexpr int kClientPhases = 5;
inline constexpr int kServerPhases = 4;

struct Work {
  uint32_t calls = 1;
  uint32_t notes = 3;
  uint32_t rounds = 1;  // of calls and then notes
  int64_t connect_us = 2'000'000;
};

// Ends with 0, whatever became of the server.
int RunClient(const std::string& address, const Work& work, Marks marks, Ledger& ledger);
// Serves until it is killed. Writes a byte to ready_fd when it does.
int RunServer(const std::string& address, int ready_fd, Marks marks, Ledger& ledger);

// Does a new client get an answer, and does the server have so many clients, itself included (or
// soon: it may still be about to learn of a death)? "", or why not.
inline constexpr uint32_t kAnyNumber = 0;
std::string AskAsNewClient(const std::string& address, uint32_t clients_wanted);

}  // namespace jackfield::kill_test

#endif  // JACKFIELD_TESTS_KILL_ROLES_H_
