// A program that reads lines on stdin and writes lines on stdout, as a child process.
//
// It leads a process group of its own, so that a terminal's ^C reaches only who runs it; it is
// killed by the system when that dies. Its stderr is inherited; it has no other descriptors.
//
// Thread: the node's, which must live as long as the child: the system ties it to that.
#ifndef JACKFIELD_TOOLS_LINES_CHILD_H_
#define JACKFIELD_TOOLS_LINES_CHILD_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "kernel/base/owned_fd.h"
#include "kernel/node.h"

namespace jackfield::lines {

inline constexpr size_t kLineBytesMax = 1 << 20;       // of one that it writes
inline constexpr int64_t kPatienceNs = 1'000'000'000;  // with one that is to end, before a signal

// Is there such a program, in PATH or at a path? Errors: NOT_FOUND, PERMISSION_DENIED: "cannot run
// …".
absl::Status FindProgram(const std::string& word);

class Child {
 public:
  // Told what happens, in a later turn than what was called here.
  class Watcher {
   public:
    // A line, without its newline. cut: it was longer than kLineBytesMax; the rest is thrown away.
    virtual void OnLine(std::string_view line, bool cut) = 0;
    // Once, and the last; a line without its newline was told before. how: "exited with 1".
    virtual void OnEnded(std::string_view how) = 0;

   protected:
    ~Watcher() = default;
  };

  // Both outlive it.
  Child(Node& node, Watcher& watcher) : node_(node), watcher_(watcher) {}
  // Blocks while it lives: closes its stdin; after kPatienceNs SIGTERM, after as long again
  // SIGKILL.
  ~Child();
  Child(const Child&) = delete;

  // words: a program, looked for in PATH as by a shell, and its arguments. Once.
  // Errors: NOT_FOUND, PERMISSION_DENIED and others of execve; RESOURCE_EXHAUSTED. It is told here:
  // no watcher hears of it.
  absl::Status Start(const std::vector<std::string>& words);

  // Gives it a line, with a newline behind it. What it does not take at once is kept. What it never
  // takes is told by its end.
  void Write(std::string_view line);

  pid_t pid() const { return pid_; }

 private:
  struct Wait {
    Wait(Op::Done done, void* user) : op(done, user) {}
    OwnedFd fd;
    Op op;
  };
  static void OnOutput(Op& op, int32_t result);
  static void OnRoom(Op& op, int32_t result);
  static void OnGone(Op& op, int32_t result);
  bool ReadSome();  // false: it has closed its stdout
  void Take(std::string_view bytes);
  void WriteSome();
  void End();
  void Signal(int number) const;
  bool WaitGone(int64_t limit_ns) const;

  Node& node_;
  Watcher& watcher_;
  pid_t pid_ = -1;  // -1: none, or waited for
  std::string unwritten_, line_;
  bool watched_ = true;
  bool cut_ = false;  // the rest of this line is thrown away
  Wait input_{OnRoom, this}, output_{OnOutput, this}, gone_{OnGone, this};
};

}  // namespace jackfield::lines

#endif  // JACKFIELD_TOOLS_LINES_CHILD_H_
