#include "tests/kill/answers.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "tests/kill/tracee.h"

namespace jackfield::kill_test {

Pipe::Pipe() {
  if (pipe2(fds_, O_CLOEXEC) != 0) std::abort();
}

Pipe::~Pipe() {
  close(fds_[0]);
  close(fds_[1]);
}

size_t Pipe::Read(std::span<char> bytes) const {
  pollfd ready = {fds_[0], POLLIN, 0};
  if (poll(&ready, 1, static_cast<int>(kWatchdogMs)) != 1) return 0;
  const ssize_t got = read(fds_[0], bytes.data(), bytes.size());
  return got > 0 ? static_cast<size_t>(got) : 0;
}

bool Pipe::AwaitByte() const {
  char byte;
  return Read(std::span(&byte, 1)) == 1;
}

std::string InAnotherProcess(const std::function<std::string()>& body) {
  const Pipe answer;
  Child child([&] {
    const std::string text = "\n" + body();  // so that it is never empty
    return write(answer.write_fd(), text.data(), std::min<size_t>(text.size(), PIPE_BUF)) < 0;
  });
  char text[PIPE_BUF];
  const size_t got = answer.Read(text);
  return got == 0 ? "no answer in time" : std::string(text + 1, got - 1);
}

}  // namespace jackfield::kill_test
