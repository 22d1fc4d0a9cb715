#include "tests/e2e/up/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"

namespace jackfield {

TemporaryDirectory::TemporaryDirectory() {
  char name[] = "/tmp/jackfield-XXXXXX";
  path_ = mkdtemp(name);
}

// What a killed service left is removed by any supervisor that sweeps, another test's included:
// what is gone before we come to it is looked for again.
TemporaryDirectory::~TemporaryDirectory() {
  std::error_code failed;
  do {
    std::filesystem::remove_all(path_, failed);
  } while (failed == std::errc::no_such_file_or_directory ||
           failed == std::errc::directory_not_empty);
  EXPECT_FALSE(failed) << path_ << ": " << failed.message();
}

std::string TemporaryDirectory::Write(std::string_view name, std::string_view text) const {
  const std::string path = path_ + "/" + std::string(name);
  std::ofstream(path) << text;
  return path;
}

std::string BinaryPath(std::string_view name) {
  return std::filesystem::absolute(std::string("tests/e2e/up/") + std::string(name)).string();
}

const std::string& StateHomeOfCommands() {
  static const TemporaryDirectory directory;
  return directory.path();
}

Command::Command(const std::vector<std::string>& words, const std::string& directory) {
  int out[2], err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) std::abort();
  const char* other = std::getenv("JACKFIELD_PROGRAM");
  const std::string program = other != nullptr ? other : BinaryPath("jackfield");
  std::vector<std::string> all = {"jackfield"};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> argv;
  for (std::string& word : all) argv.push_back(word.data());
  argv.push_back(nullptr);
  const std::string& state = StateHomeOfCommands();
  pid_ = fork();
  if (pid_ == 0) {
    dup2(out[1], 1);
    dup2(err[1], 2);
    unsetenv("NO_COLOR");
    setenv("XDG_STATE_HOME", state.c_str(), 1);
    if (chdir(directory.c_str()) == 0) execv(program.c_str(), argv.data());
    _exit(127);
  }
  close(out[1]);
  close(err[1]);
  out_fd_ = out[0];
  err_fd_ = err[0];
}

Command::~Command() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (const int fd : {out_fd_, err_fd_}) {
    if (fd >= 0) close(fd);
  }
}

// Reads from both, so that neither fills up. False: both have ended.
bool Command::ReadSome() {
  pollfd waits[] = {{out_fd_, POLLIN, 0}, {err_fd_, POLLIN, 0}};
  if (out_fd_ < 0 && err_fd_ < 0) return false;
  poll(waits, 2, -1);
  for (int i = 0; i < 2; ++i) {
    if (waits[i].revents == 0) continue;
    char bytes[4096];
    int& fd = i == 0 ? out_fd_ : err_fd_;
    const ssize_t got = read(fd, bytes, sizeof bytes);
    if (got > 0) {
      (i == 0 ? out_ : err_).append(bytes, static_cast<size_t>(got));
    } else {
      close(fd);
      fd = -1;
    }
  }
  return true;
}

bool Command::WaitForStderr(std::string_view text) { return WaitForStderr(text, 1); }

bool Command::WaitForStderr(std::string_view text, size_t times) {
  while (Count(text) < times) {
    if (!ReadSome()) return false;
  }
  return true;
}

size_t Command::Count(std::string_view text) const {
  size_t count = 0;
  for (size_t at = 0; (at = err_.find(text, at)) != std::string::npos; at += text.size()) ++count;
  return count;
}

bool Command::WaitForStdout(std::string_view text) {
  char bytes[4096];
  while (out_.find(text) == std::string::npos) {
    const ssize_t got = read(out_fd_, bytes, sizeof bytes);
    if (got <= 0) return false;
    out_.append(bytes, static_cast<size_t>(got));
  }
  return true;
}

void Command::Signal(int number) const { kill(pid_, number); }

int Command::Wait() {
  while (ReadSome()) {
  }
  return WaitUnread();
}

int Command::WaitUnread() {
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

pid_t Command::PidOf(std::string_view service) const {
  const size_t line = err_.rfind("\n  " + std::string(service) + "  ") != std::string::npos
                          ? err_.rfind("\n  " + std::string(service) + "  ")
                          : err_.find("  " + std::string(service) + "  ");
  const size_t pid = line == std::string::npos ? line : err_.find("pid ", line);
  return pid == std::string::npos ? 0 : std::atoi(err_.c_str() + pid + 4);
}

std::string OutputOf(const std::vector<std::string>& words, const std::string& directory) {
  Command command(words, directory);
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_EQ(command.err(), "");
  return command.out();
}

std::string OutputUntil(const std::vector<std::string>& words, std::string_view text) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  std::string output;
  do {
    output = OutputOf(words);
  } while (output.find(text) == std::string::npos && std::chrono::steady_clock::now() < end);
  return output;
}

bool IsAlive(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(stat, text);
  const size_t name_end = text.rfind(')');
  return name_end != std::string::npos && text.size() > name_end + 2 && text[name_end + 2] != 'Z';
}

}  // namespace jackfield
