// What a process, or a name, holds of the system: to see that a death left nothing behind.
#ifndef JACKFIELD_TESTS_KILL_TRACES_H_
#define JACKFIELD_TESTS_KILL_TRACES_H_

#include <sys/types.h>

#include <string>

namespace jackfield::kill_test {

struct Holdings {
  int fds = 0;
  int memfd_mappings = 0;
  bool operator==(const Holdings&) const = default;
};
Holdings HoldingsOf(pid_t pid);

// Sockets in /proc/net/unix whose name holds `part`.
int SocketsNamed(const std::string& part);
// Files in /dev/shm whose name holds `part`.
int FilesOfSharedMemory(const std::string& part);

}  // namespace jackfield::kill_test

#endif  // JACKFIELD_TESTS_KILL_TRACES_H_
