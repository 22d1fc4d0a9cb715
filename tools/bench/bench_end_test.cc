// However a benchmark ends: what it says, and that nothing of it is left.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>
#include <vector>

#include "tools/bench/command_for_tests.h"

namespace jackfield::bench {
namespace {

// CPU time of a process in ticks of the system; 0: there is none.
long CpuTicksOf(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string field;
  long user = 0, system = 0;
  for (int i = 1; i <= 13 && file >> field; ++i) continue;
  return file >> user >> system ? user + system : 0;
}

// A process that waits until both sides of a benchmark of this one have used so much CPU time that
// they are being measured, and then sends a signal: to this process, or to the first side, the
// server.
class Meddler {
 public:
  enum class With { kBenchmark, kServer };
  Meddler(With with, int number) {
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (true) {
      std::ifstream children("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) +
                             "/children");
      std::vector<pid_t> busy;
      for (pid_t pid; children >> pid;) {
        if (pid != getpid() && CpuTicksOf(pid) * 2 > sysconf(_SC_CLK_TCK)) busy.push_back(pid);
      }
      if (busy.size() < 2) continue;
      kill(with == With::kServer ? busy[0] : parent, number);
      _exit(0);
    }
  }
  ~Meddler() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_;
};

void ExpectNoChildren() {
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(BenchEndTest, LeavesNoProcessBehind) {
  EXPECT_EQ(Bench({"--over=unix:", "--seconds", "0.05"}).status, 0);
  ExpectNoChildren();
}

TEST(BenchEndTest, AnInterruptPrintsWhatThereIsByThen) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    Ended ended;
    {
      const Meddler meddler(Meddler::With::kBenchmark, number);
      ended = Bench({"--over=unix:?spin=always,tcp:", "--seconds=3600", "--pin=none"});
    }
    EXPECT_EQ(ended.status, 130) << ended.err;
    EXPECT_NE(ended.out.find("\nunix:?spin=always"), ended.out.npos) << ended.out;
    EXPECT_NE(ended.out.find("  interrupted: this is what there was by then\n"), ended.out.npos);
    EXPECT_NE(ended.out.find("closed loop: "), ended.out.npos) << "the foot is there, too";
    EXPECT_EQ(ended.out.find("\ntcp:"), ended.out.npos);
    EXPECT_NE(ended.err.find("interrupted while unix:?spin=always was measured\n"), ended.err.npos)
        << ended.err;
    ExpectNoChildren();
  }
}

TEST(BenchEndTest, AnInterruptIsWrittenToTheFilesToo) {
  const std::string csv = testing::TempDir() + "interrupted.csv";
  Ended ended;
  {
    const Meddler meddler(Meddler::With::kBenchmark, SIGINT);
    ended = Bench(
        {"--over=unix:?spin=always", "--seconds=3600", "--pin=none", "--csv", csv, "-o", "json"});
  }
  EXPECT_EQ(ended.status, 130);
  EXPECT_NE(ended.out.find("\"interrupted\":true"), ended.out.npos) << ended.out;
  std::ifstream file(csv);
  std::string head, row;
  EXPECT_TRUE(std::getline(file, head) && std::getline(file, row));
  unlink(csv.c_str());
}

TEST(BenchEndTest, ASideThatIsKilledIsNamed) {
  Ended ended;
  {
    const Meddler meddler(Meddler::With::kServer, SIGKILL);
    ended = Bench({"--over=unix:?spin=always", "--seconds=3600", "--pin=none", "--json"});
  }
  EXPECT_EQ(ended.status, 1);
  EXPECT_NE(ended.err.find("unix:?spin=always: the server (process "), ended.err.npos) << ended.err;
  EXPECT_NE(ended.err.find(") was killed by signal 9 (Killed)\n"), ended.err.npos) << ended.err;
  ExpectNoChildren();
}

// The directory does not exist: the server cannot serve, and says so.
TEST(BenchEndTest, AServerThatCannotServeIsOneLineAndExitOne) {
  const Ended ended =
      Bench({"--over", "unix:/nowhere/at/all/socket,unix:", "--seconds", "0.05", "--json"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_NE(ended.err.find("/nowhere/at/all/socket"), std::string::npos) << ended.err;
  EXPECT_NE(ended.out.find("\"name\":\"jackfield unix:\""), std::string::npos)
      << "the other address is measured all the same";
}

}  // namespace
}  // namespace jackfield::bench
