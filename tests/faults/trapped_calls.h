// Makes single system calls of this process fail, whoever makes them: the library, the C library,
// any thread that does not block SIGSYS. A seccomp filter turns the calls that are named here into
// a signal, whose handler makes them, or does not (seccomp(2), SECCOMP_RET_TRAP). Where the fault
// seam ends, this goes on.
//
//   in a child: TrapCalls(); … scenario …    how many there were, and which: TrappedCalls()
//   in another: FailCall({.syscall = SYS_socket, .nth = 2, .error = EMFILE}); TrapCalls(); …
//   scenario …
//
// Thread: one that has no others yet. There is no way back: for children that end. x86-64.
#ifndef JACKFIELD_TESTS_FAULTS_TRAPPED_CALLS_H_
#define JACKFIELD_TESTS_FAULTS_TRAPPED_CALLS_H_

#include <span>
#include <string_view>

namespace jackfield {

struct FailedCall {
  int syscall = -1;
  int nth = 0;            // of its kind, from 1: it fails
  int error = 0;          // so
  bool for_ever = false;  // and so does every later one of its kind
};

// Can calls be trapped here (a machine and a kernel that can; no sanitizer that defers signals)?
bool CanTrapCalls();
void FailCall(const FailedCall& call);
// False: seccomp is refused.
bool TrapCalls();
// From now on nothing fails and nothing is counted.
void StopFailing();

// By their numbers of sys/syscall.h, in order, as the child that shares this memory left them.
std::span<const int> TrappedCalls();
// A descriptor that was closed twice: close(2) must not be tried again, whatever it says.
bool ClosedTwice();

std::string_view NameOfCall(int syscall);
// What section 2 of the manual says that it may answer.
std::span<const int> ErrorsOfCall(int syscall);

}  // namespace jackfield

#endif  // JACKFIELD_TESTS_FAULTS_TRAPPED_CALLS_H_
