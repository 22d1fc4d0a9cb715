// Runs the program as a user does: writes files, starts it, watches its stderr, sends it signals,
// takes what it printed.
//
// Thread: the test's. A Command that is still running is killed with it.
#ifndef JACKFIELD_TESTS_E2E_UP_COMMAND_H_
#define JACKFIELD_TESTS_E2E_UP_COMMAND_H_

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace jackfield {

// A directory in /tmp, short enough for sockets, removed with all that is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }
  // Returns its path.
  std::string Write(std::string_view name, std::string_view text) const;

 private:
  std::string path_;
};

// The path of a binary of this package.
std::string BinaryPath(std::string_view name);

// XDG_STATE_HOME of all of them: what they remember of wirings that have ended.
const std::string& StateHomeOfCommands();

class Command {
 public:
  // words: what stands behind "jackfield". directory: where it runs. The program is this package's
  // own, with services made for tests, or the one that JACKFIELD_PROGRAM names.
  explicit Command(const std::vector<std::string>& words, const std::string& directory = ".");
  ~Command();
  Command(const Command&) = delete;

  // Reads its stderr until `text` has come, or its end. True: it has come.
  bool WaitForStderr(std::string_view text);
  // The same of its stdout, while nobody reads its stderr.
  bool WaitForStdout(std::string_view text);
  void Signal(int number) const;
  // Waits for its end and takes the rest of its output. Returns its exit status, or minus the
  // signal that killed it.
  int Wait();
  // The same while nobody reads its output: out() and err() stay as they are.
  int WaitUnread();

  pid_t pid() const { return pid_; }
  const std::string& out() const { return out_; }
  const std::string& err() const { return err_; }
  // The process of a service, from the last line that says that it is ready or started; 0: no such
  // line yet.
  pid_t PidOf(std::string_view service) const;
  // How often its stderr says `text`.
  size_t Count(std::string_view text) const;
  // Reads its stderr until it has said `text` so often, or its end.
  bool WaitForStderr(std::string_view text, size_t times);

 private:
  bool ReadSome();
  pid_t pid_ = -1;
  int out_fd_ = -1, err_fd_ = -1;
  std::string out_, err_;
};

// What a command that must succeed and say nothing on stderr prints.
std::string OutputOf(const std::vector<std::string>& words, const std::string& directory = ".");
// The same, asked again until it has `text`, for as long as a minute: what comes with time.
std::string OutputUntil(const std::vector<std::string>& words, std::string_view text);

// Is there such a process? One that has ended and was not waited for counts as gone.
bool IsAlive(pid_t pid);

}  // namespace jackfield

#endif  // JACKFIELD_TESTS_E2E_UP_COMMAND_H_
