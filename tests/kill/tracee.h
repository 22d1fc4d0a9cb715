// A forked process that can be stopped at its marks (roles.h), stepped by single instructions, and
// killed between any two.
//
// Thread: the one that made it; ptrace wants that. Owns: the process, which its destructor kills
// and reaps.
#ifndef JACKFIELD_TESTS_KILL_TRACEE_H_
#define JACKFIELD_TESTS_KILL_TRACEE_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>

#include "tests/kill/path.h"

namespace jackfield::kill_test {

class Tracee {
 public:
  explicit Tracee(const std::function<int()>& body);
  ~Tracee();
  Tracee(const Tracee&) = delete;

  // From now on it goes on behind a system call only when `other`, a process that it talks with,
  // has done all that this has caused: sleeps, or has ended. So whoever is faster, two runs go the
  // same way, and no other time passes between them than their own. (Only where Instruction is
  // known.)
  void TakeTurnsWith(pid_t other);

  // Runs on to its next mark. False: it has ended, or does not come there within a minute.
  bool RunToMark();

  enum class Stop { kStepped, kMark, kAsleep, kEnded };
  // All instructions up to the next mark or the end, or where it falls asleep; `path` learns them.
  Stop StepAll(Path& path);
  // To a place of a path, from the mark where that begins. kStepped: it is there. kAsleep: it waits
  // for something that does not come; the system call is under way.
  Stop Follow(const Way& way);

  // The address of its next instruction, when it stands between two; 0 where that is not known.
  uint64_t Instruction() const;

  // It goes on by itself, past its marks, and is no tracee any more.
  void Release();
  // Once it was released: as Child's.
  int Wait(int64_t timeout_ms);
  // It is dead when this returns, and a zombie.
  void Kill();
  pid_t pid() const { return pid_; }

 private:
  bool WaitForStop(int* signal, int asleep_ticks_max);
  Stop Step(uint64_t instructions, Path* path);
  Stop RunToBreakpoint(uint64_t instruction);
  bool IsSystemCall(uint64_t instruction) const;
  void AwaitOther() const;
  void Go(int pass_on) const;

  pid_t pid_ = -1;
  pid_t other_ = -1;
  bool ended_ = false;
  bool reaped_ = false;
};

// A forked process of no interest to a tracer. Owns it, as Tracee.
class Child {
 public:
  explicit Child(const std::function<int()>& body);
  ~Child();
  Child(const Child&) = delete;
  pid_t pid() const { return pid_; }
  // Its exit code; -1: it did not end within so long, or by a signal.
  int Wait(int64_t timeout_ms);
  void Kill();

 private:
  pid_t pid_ = -1;
  bool reaped_ = false;
};

}  // namespace jackfield::kill_test

#endif  // JACKFIELD_TESTS_KILL_TRACEE_H_
