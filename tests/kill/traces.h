// What a process, or a name, holds of the system: to see that a death left nothing behind.
#ifndef JACKFIELD_TESTS_KILL_TRACES_H_
#define JACKFIELD_TESTS_KILL_TRACES_H_

#include <sys/types.h>
#include <unistd.h>

#include <string>

namespace jackfield::kill_test {

struct Holdings {
  int fds = 0;
  int memfd_mappings = 0;
  bool operator==(const Holdings&) const = default;
};
Holdings HoldingsOf(pid_t pid);
// Does it map a memfd? The heap stays untouched (page_vector.h).
bool MapsMemfd(pid_t pid);

// Sockets in /proc/net/unix whose name holds `part`.
int SocketsNamed(const std::string& part);
// Files in /dev/shm whose name holds `part`.
int FilesOfSharedMemory(const std::string& part);

// Until the rule holds; false if it does not within 30 seconds.
template <class Rule>
bool Becomes(const Rule& rule) {
  constexpr int kTries = 30'000;
  for (int i = 0; i < kTries; ++i) {
    if (rule()) return true;
    usleep(1000);
  }
  return false;
}

}  // namespace jackfield::kill_test

#endif  // JACKFIELD_TESTS_KILL_TRACES_H_
