// What a person sees who runs the main job: on a terminal a progress bar and colours, into a pipe
// neither; NO_COLOR and TERM=dumb take the colours away (https://no-color.org).
//
// Arguments: the program, the wiring. Its stderr is a pseudo-terminal, its stdout a pipe.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

std::string g_program, g_wiring;  // NOLINT: set once by main()

constexpr std::string_view kBar = "  [###";
constexpr std::string_view kColours[] = {"\x1b[36m", "\x1b[33m", "\x1b[34m", "\x1b[35m"};

bool Contains(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}
bool IsColoured(std::string_view text) {
  for (const std::string_view colour : kColours) {
    if (Contains(text, colour)) return true;
  }
  return false;
}

struct Seen {
  int exit_status = -1;
  std::string out, terminal;
};

// Runs the main job over `file` on a terminal. environment: "NAME=value".
Seen OnATerminal(const std::string& file, const std::vector<std::string>& environment) {
  Seen seen;
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  EXPECT_GE(terminal, 0);
  EXPECT_EQ(grantpt(terminal), 0);
  EXPECT_EQ(unlockpt(terminal), 0);
  char name[64];
  EXPECT_EQ(ptsname_r(terminal, name, sizeof name), 0);
  int out[2];
  EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
  const int screen = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  EXPECT_GE(screen, 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(out[1], 1);
    dup2(screen, 2);
    unsetenv("NO_COLOR");
    setenv("TERM", "xterm", 1);
    for (const std::string& setting : environment) putenv(const_cast<char*>(setting.c_str()));
    execl(g_program.c_str(), "jackfield", "up", g_wiring.c_str(), "--", file.c_str(), nullptr);
    _exit(127);
  }
  close(screen);
  close(out[1]);
  char bytes[4096];
  // The terminal is read by another process, so that neither of the two fills up.
  const pid_t reader = fork();
  if (reader == 0) {
    while (read(out[0], bytes, sizeof bytes) > 0) {
    }
    _exit(0);
  }
  close(out[0]);
  for (;;) {  // EIO: nobody holds the other side any more
    const ssize_t got = read(terminal, bytes, sizeof bytes);
    if (got > 0)
      seen.terminal.append(bytes, static_cast<size_t>(got));
    else if (got == 0 || errno != EINTR)
      break;
  }
  close(terminal);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  seen.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  waitpid(reader, nullptr, 0);
  return seen;
}

class Terminal : public testing::Test {
 protected:
  Terminal() {
    std::string text;
    while (text.size() < (4 << 20)) text += "the quick brown fox jumps over the lazy dog\n";
    file_ = directory_.Write("text", text);
  }
  const TemporaryDirectory directory_;
  std::string file_;
};

TEST_F(Terminal, ShowsABarAndColours) {
  const Seen seen = OnATerminal(file_, {});
  EXPECT_EQ(seen.exit_status, 0) << seen.terminal;
  EXPECT_TRUE(Contains(seen.terminal, kBar)) << seen.terminal;
  EXPECT_TRUE(Contains(seen.terminal, "\r")) << "it is drawn over itself";
  EXPECT_TRUE(IsColoured(seen.terminal)) << seen.terminal;
  // The bar is gone at the end: what covers it is the line after it.
  EXPECT_GT(seen.terminal.rfind("has finished"), seen.terminal.rfind("%  ")) << seen.terminal;
}

TEST_F(Terminal, ShowsNoColoursToWhoWantsNone) {
  for (const std::string& setting : {std::string("NO_COLOR=1"), std::string("TERM=dumb")}) {
    const Seen seen = OnATerminal(file_, {setting});
    EXPECT_EQ(seen.exit_status, 0) << seen.terminal;
    EXPECT_FALSE(IsColoured(seen.terminal)) << setting << ": " << seen.terminal;
    EXPECT_TRUE(Contains(seen.terminal, kBar)) << setting << ": " << seen.terminal;
  }
  EXPECT_TRUE(IsColoured(OnATerminal(file_, {"NO_COLOR="}).terminal)) << "empty is not set";
}

TEST_F(Terminal, APipeGetsNeitherBarNorEscapes) {
  setenv("JACKFIELD_PROGRAM", g_program.c_str(), 1);
  Command command({"up", g_wiring, "--", file_});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_FALSE(Contains(command.err(), "\x1b")) << command.err();
  EXPECT_FALSE(Contains(command.err(), "\r")) << command.err();
  EXPECT_FALSE(Contains(command.err(), "%")) << command.err();
  EXPECT_TRUE(Contains(command.out(), "190652 the\n")) << command.out();
}

}  // namespace
}  // namespace jackfield

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc < 3) return 2;
  char here[4096];
  if (getcwd(here, sizeof here) == nullptr) return 2;
  jackfield::g_program = std::string(here) + "/" + argv[1];
  jackfield::g_wiring = std::string(here) + "/" + argv[2];
  return RUN_ALL_TESTS();
}
