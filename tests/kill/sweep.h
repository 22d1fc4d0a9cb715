// Kills a client, or a server, after single machine instructions of what it does with a link, and
// looks at what the other is left with (roles.h, ledger.h):
//   - what the sender was told is true, no message came torn, twice, out of turn or unsent;
//   - a surviving client comes to its end with a clear outcome for each call;
//   - a surviving server answers a new client at once, counts the dead one out, and holds no more
//     descriptors and mappings than before;
//   - no socket of the dead one's is left, no file in /dev/shm.
// The dead one is a zombie meanwhile: nobody need reap it.
#ifndef JACKFIELD_TESTS_KILL_SWEEP_H_
#define JACKFIELD_TESTS_KILL_SWEEP_H_

#include <cstdint>
#include <string>

namespace jackfield::kill_test {

enum class Role { kClient, kServer };

struct SweepOptions {
  std::string address;  // with a name of its own, that no other program has: "shm:kill-4711"
  std::string name;     // that part of it
  Role role = Role::kClient;
  int phase = 0;
  // Every so many instructions from `first` to the phase's end; 0: `points` of them at random.
  uint64_t every = 0;
  uint64_t first = 0;
  uint64_t points = 50;
  double seconds_max = 1e9;
  uint64_t seed = 1;
};

struct SweepReport {
  uint64_t instructions = 0;  // of the phase, as it was seen first
  uint64_t points = 0;        // kills
  uint64_t missed = 0;        // points that were not come to, in several runs
  uint64_t kept = 0;          // after which every rule held
  bool whole = false;         // the phase's end was reached
  double slowest_ms = 0;      // until a surviving server had answered a new client and counted the
                              // dead one out, or a surviving client had ended
  std::string first_fault;    // with the place: "after 4711 instructions: …"
};

SweepReport Sweep(const SweepOptions& options);

}  // namespace jackfield::kill_test

#endif  // JACKFIELD_TESTS_KILL_SWEEP_H_
