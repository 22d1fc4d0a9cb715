// Kills a client, or a server, after single machine instructions of what it does with a link, and
// looks at what the other is left with (roles.h, ledger.h):
//   - what the sender was told is true, no message came torn, twice, out of turn or unsent;
//   - a surviving client comes to its end with a clear outcome for each call;
//   - a surviving server answers a new client at once, counts the dead one out, and holds no more
//     descriptors and mappings than before;
//   - no socket of the dead one's is left, no file in /dev/shm.
// The dead one is a zombie meanwhile: nobody need reap it.
//
// Or only stops it there (SweepOptions::stop), and later lets it go on:
//   - nobody takes it for dead: what it was about all comes to its end, in order, once;
//   - meanwhile a new client of the server is answered, and no client of a stopped server ends.
//
// So that all runs go the same way, the two take turns (tracee.h): the one that is not stepped has
// come to rest before the other goes on behind a system call.
#ifndef JACKFIELD_TESTS_KILL_SWEEP_H_
#define JACKFIELD_TESTS_KILL_SWEEP_H_

#include <cstdint>
#include <string>

#include "tests/kill/page_vector.h"
#include "tests/kill/path.h"

namespace jackfield::kill_test {

enum class Role { kClient, kServer };

struct SweepOptions {
  std::string address;  // with a name of its own, that no other program has: "shm:kill-4711"
  std::string name;     // that part of it
  Role role = Role::kClient;
  int phase = 0;
  bool stop = false;
  // Every so many instructions from `first` to the phase's end; 0: `points` of them at random.
  uint64_t every = 0;
  uint64_t first = 0;
  uint64_t points = 50;
  // Not where a kill leaves all others as one at the instruction before does, because that neither
  // made a system call nor could write to shared memory: there was none yet.
  bool skip_alike = false;
  double seconds_max = 1e9;
  uint64_t seed = 1;
};

struct SweepReport {
  struct Counts {
    uint64_t instructions = 0;  // of the phase, as its path was learnt
    uint64_t points = 0;        // kills
    uint64_t alike = 0;         // points that were left out as alike
    uint64_t missed = 0;        // points that were not come to, in several runs
    uint64_t kept = 0;          // after which every rule held
    bool whole = false;         // the phase's end was reached
    double slowest_ms = 0;  // until a surviving server had answered a new client and counted the
                            // dead one out, or a surviving client had ended
  };
  Counts counts;
  // Where the instructions of the phase stand in the program, each once, and before which of all
  // there was a kill.
  PageVector<uint64_t> addresses;
  PageVector<uint64_t> killed_at;
  std::string first_fault;  // with the place: "after 4711 instructions: …"
};

// The way that the phase's end goes when nobody kills it. Empty: it cannot be learnt; a sweep along
// it says why.
Path LearnPath(const SweepOptions& options);

SweepReport Sweep(const SweepOptions& options, const Path& path);

}  // namespace jackfield::kill_test

#endif  // JACKFIELD_TESTS_KILL_SWEEP_H_
