#include "tools/lines/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/registry.h"
#include "tools/supervisor/child_start.h"

namespace jackfield::lines {
namespace {

constexpr int kReadsAtOnce = 64;  // of 4 KiB each, before others get their turn

// Between fork and exec: nothing is allocated.
[[noreturn]] void Become(char* const* words, int in, int out, int failure, pid_t parent) {
  DieWithParent(parent, 127);
  dup2(in, 0);
  dup2(out, 1);
  ForgetParent();
  execvp(words[0], words);
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(failure, &error, sizeof error);
  _exit(127);
}

std::string HowItEnded(const siginfo_t& how) {
  if (how.si_code == CLD_EXITED) return Text("exited with ", how.si_status);
  const char* name = sigabbrev_np(how.si_status);
  return name == nullptr ? Text("was killed by signal ", how.si_status)
                         : Text("was killed by SIG", name);
}

absl::Status CannotRun(const std::string& word, int error) {
  const bool is_here =
      error == ENOENT && word.find('/') == word.npos && access(word.c_str(), X_OK) == 0;
  const std::string text = Text("cannot run ", Escaped(word), ": ", std::strerror(error),
                                is_here ? Text("  try: ./", Escaped(word)) : std::string());
  return error == EACCES ? absl::PermissionDeniedError(text) : absl::NotFoundError(text);
}

}  // namespace

absl::Status FindProgram(const std::string& word) {
  const char* path = std::getenv("PATH");
  std::string_view places = path == nullptr ? "/bin:/usr/bin" : path;
  int error = ENOENT;
  while (word.find('/') == word.npos) {
    const std::string_view place = places.substr(0, places.find(':'));
    if (access(Text(place.empty() ? "." : place, "/", word).c_str(), X_OK) == 0)
      return absl::OkStatus();
    if (errno == EACCES) error = EACCES;
    if (place.size() == places.size()) return CannotRun(word, error);
    places.remove_prefix(place.size() + 1);
  }
  return access(word.c_str(), X_OK) == 0 ? absl::OkStatus() : CannotRun(word, errno);
}

Child::~Child() {
  watched_ = false;
  for (Wait* wait : {&input_, &output_, &gone_}) node_.EndWait(wait->op);
  if (pid_ < 0) return;
  input_.fd = OwnedFd();
  output_.fd = OwnedFd();
  if (!WaitGone(kPatienceNs)) {
    Signal(SIGTERM);
    WaitGone(kPatienceNs);
  }
  Signal(SIGKILL);  // also what it has started and left behind
  siginfo_t how{};
  waitid(P_PID, static_cast<id_t>(pid_), &how, WEXITED);
}

void Child::Signal(int number) const {
  if (pid_ <= 0) return;
  kill(-pid_, number);
  kill(pid_, number);  // before it is waited for the number is its own
}

bool Child::WaitGone(int64_t limit_ns) const {
  pollfd gone = {gone_.fd.get(), POLLIN, 0};
  return gone.fd >= 0 && poll(&gone, 1, static_cast<int>(limit_ns / 1'000'000)) > 0;
}

absl::Status Child::Start(const std::vector<std::string>& words) {
  int in[2], out[2], failed[2];
  if (pipe2(in, O_CLOEXEC) != 0) return SysError(errno, "pipe");
  const OwnedFd child_in(in[0]);
  input_.fd = OwnedFd(in[1]);
  if (pipe2(out, O_CLOEXEC) != 0) return SysError(errno, "pipe");
  output_.fd = OwnedFd(out[0]);
  OwnedFd child_out(out[1]);
  if (pipe2(failed, O_CLOEXEC) != 0) return SysError(errno, "pipe");
  const OwnedFd failure(failed[0]);
  OwnedFd child_failure(failed[1]);
  for (const int fd : {in[1], out[0]}) fcntl(fd, F_SETFL, O_NONBLOCK);
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  std::fflush(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) Become(pointers.data(), in[0], out[1], failed[1], parent);
  if (pid_ < 0) return SysError(errno, Text("start ", Escaped(words[0])));
  setpgid(pid_, pid_);  // here too: whoever is first
  child_out = OwnedFd();
  child_failure = OwnedFd();
  int error = 0;
  if (read(failure.get(), &error, sizeof error) == sizeof error) {
    waitpid(std::exchange(pid_, -1), nullptr, 0);
    return CannotRun(words[0], error);
  }
  const int pid_fd = node_.sys().PidFd(pid_);
  if (pid_fd < 0) return SysError(-pid_fd, "pidfd_open");  // the destructor ends it
  gone_.fd = OwnedFd(pid_fd);
  node_.reactor().Start(gone_.op, gone_.fd.get(), POLLIN);
  node_.reactor().Start(output_.op, output_.fd.get(), POLLIN);
  return absl::OkStatus();
}

void Child::Write(std::string_view line) {
  unwritten_ += line;
  unwritten_ += '\n';
  if (!input_.op.pending) WriteSome();
}

void Child::WriteSome() {
  while (!unwritten_.empty()) {
    const ssize_t wrote = write(input_.fd.get(), unwritten_.data(), unwritten_.size());
    if (wrote > 0) {
      unwritten_.erase(0, static_cast<size_t>(wrote));
    } else if (errno == EAGAIN) {
      return node_.reactor().Start(input_.op, input_.fd.get(), POLLOUT);
    } else if (errno != EINTR) {
      unwritten_.clear();  // it reads no more: its end tells
      return Signal(SIGKILL);
    }
  }
}

void Child::OnRoom(Op& op, int32_t result) {
  if (result >= 0) static_cast<Child*>(op.user)->WriteSome();
}

void Child::OnOutput(Op& op, int32_t result) {
  auto* self = static_cast<Child*>(op.user);
  if (result < 0) return;
  if (self->ReadSome())
    self->node_.reactor().Start(op, self->output_.fd.get(), POLLIN);
  else
    self->Signal(SIGKILL);  // it can answer no more
}

bool Child::ReadSome() {
  char bytes[4096];
  for (int i = 0; i < kReadsAtOnce; ++i) {
    const ssize_t got = read(output_.fd.get(), bytes, sizeof bytes);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    Take(std::string_view(bytes, static_cast<size_t>(got)));
  }
  return true;
}

void Child::Take(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    const size_t room = kLineBytesMax - line_.size();
    line_ += piece.substr(0, std::min(piece.size(), room));
    cut_ |= piece.size() > room;
    if (end == bytes.npos) return;
    bytes.remove_prefix(end + 1);
    const std::string line = std::exchange(line_, {});
    const bool cut = std::exchange(cut_, false);
    if (watched_) watcher_.OnLine(line, cut);
  }
}

void Child::OnGone(Op& op, int32_t result) {
  if (result != -ECANCELED) static_cast<Child*>(op.user)->End();
}

void Child::End() {
  siginfo_t how{};
  if (waitid(P_PID, static_cast<id_t>(pid_), &how, WEXITED | WNOHANG | WNOWAIT) != 0 ||
      how.si_pid != pid_)
    return node_.reactor().Start(gone_.op, gone_.fd.get(), POLLIN);
  Signal(SIGKILL);
  waitid(P_PID, static_cast<id_t>(std::exchange(pid_, -1)), &how, WEXITED);
  ReadSome();  // what it wrote last
  if (!line_.empty()) Take("\n");
  if (std::exchange(watched_, false)) watcher_.OnEnded(HowItEnded(how));
}

}  // namespace jackfield::lines
