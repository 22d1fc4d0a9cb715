// Forbids system calls to this thread, and to those that it starts, as a container's seccomp
// profile does: from now on they answer an error. There is no way back: for children that end.
//
// Thread: any.
#ifndef JACKFIELD_TESTS_FAULTS_FORBIDDEN_CALLS_H_
#define JACKFIELD_TESTS_FAULTS_FORBIDDEN_CALLS_H_

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace jackfield {

// calls: SYS_…. False: no seccomp filters here.
inline bool Forbid(int error, std::initializer_list<int> calls) {
  std::vector<sock_filter> program = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (const int call : calls) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

}  // namespace jackfield

#endif  // JACKFIELD_TESTS_FAULTS_FORBIDDEN_CALLS_H_
