// What a child process has to say to the one that forked it.
#ifndef JACKFIELD_TESTS_KILL_ANSWERS_H_
#define JACKFIELD_TESTS_KILL_ANSWERS_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace jackfield::kill_test {

inline constexpr int64_t kWatchdogMs = 30'000;

// Thread: any one. Owns: both ends.
class Pipe {
 public:
  Pipe();
  ~Pipe();
  Pipe(const Pipe&) = delete;
  int write_fd() const { return fds_[1]; }
  // What one write left there, or is about to; 0: nothing came.
  size_t Read(std::span<char> bytes) const;
  bool AwaitByte() const;

 private:
  int fds_[2];
};

// What `body` returns, or the beginning of it, in a process of its own: so this one's heap stays as
// it is (page_vector.h), whatever it does.
std::string InAnotherProcess(const std::function<std::string()>& body);

}  // namespace jackfield::kill_test

#endif  // JACKFIELD_TESTS_KILL_ANSWERS_H_
