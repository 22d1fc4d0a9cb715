// sudden_death [--kills=20] [--seed=1]
//
// Kills `jackfield up` with SIGKILL at random moments: while it starts, while all is up, while it
// starts a service again that was killed, while it stops. Its services speak over each medium that
// has a name in the system. After each kill none of its processes may be left, and once the next
// start, or `clean`, has looked, nothing that they have had: files, sockets, queues, shared memory.
// Of its runs the state directory keeps as many as it should.
//
// Prints a line of figures; exit status 1 if something is left, which is named, 2 usage.
#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/base/text.h"
#include "tests/e2e/up/command.h"
#include "tools/runs/past_runs.h"
#include "transports/builtin.h"
#include "transports/resources.h"

namespace jackfield {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// Who is not gone by then is said to have survived.
constexpr std::chrono::seconds kPatience{60};

// Every source is connected over two media; `count` is started again when it dies.
constexpr std::string_view kWiring = R"(jackfield = 1
name = "sudden"
[service.one]
run = ["source", "twice", "hang"]
calls = { tokenize = { service = "sitter", over = "mq:?depth=2" }, other = { service = "sitter", over = "sysv:" } }
[service.two]
run = ["source", "twice", "hang"]
calls = { tokenize = { service = "sitter", over = "fifo:" }, other = { service = "sitter", over = "shm:" } }
[service.three]
run = ["source", "twice", "hang"]
calls = { tokenize = { service = "sitter", over = "unix:./three.sock" }, other = { service = "sitter", over = "tcp:" } }
[service.four]
run = ["source", "twice", "hang"]
calls = { tokenize = { service = "sitter", over = "pipe:" }, other = { service = "sitter", over = "unix:?type=dgram" } }
[service.sitter]
run = "sitter"
[service.asker]
run = "asker"
calls = { count = "unix:" }
[service.count]
run = "count"
restart = { when = "on-failure", backoff = "1ms..10ms", max = 50 }
)";

std::vector<std::string> NamesIn(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code unreadable;
  for (const auto& entry : fs::directory_iterator(directory, unreadable))
    names.push_back(entry.path().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> LinesOf(const std::string& path, std::string_view with) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (line.find(with) != std::string::npos) lines.push_back(line);
  return lines;
}

class SuddenDeath {
 public:
  explicit SuddenDeath(uint64_t seed) : random_(seed), resources_(BuiltinResources()) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);  // who loses its parent becomes a child of this
    has_own_ipc_ = unshare(CLONE_NEWIPC) == 0;
    runtime_ = directory_.path() + "/run";
    mkdir(runtime_.c_str(), 0700);
    // Where this may be done the system itself lists its queues, as it does on most machines. Where
    // it does not, nobody finds the queue of a process that died between making and noting it.
    has_queues_ = has_own_ipc_ && unshare(CLONE_NEWNS) == 0 &&
                  mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                  mount("mqueue", queues_.c_str(), "mqueue", 0, nullptr) == 0;
    setenv("XDG_RUNTIME_DIR", runtime_.c_str(), 1);
    setenv("XDG_STATE_HOME", StateHomeOfCommands().c_str(), 1);
    file_ = directory_.Write("sudden.toml", kWiring);
    memory_before_ = NamesIn("/dev/shm");
  }
  ~SuddenDeath() {
    if (has_queues_) umount2(queues_.c_str(), MNT_DETACH);
  }

  // False: it does not come up, which is said.
  bool Measure() {
    const auto begin = Clock::now();
    Command up({"up", file_}, directory_.path());
    if (!up.WaitForStderr("sudden is up")) {
      std::printf("it does not come up:\n%s", up.err().c_str());
      return false;
    }
    start_us_ = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count();
    up.Signal(SIGKILL);
    up.WaitUnread();
    return Reap(up) && Clean();
  }

  // False: something is left, which is said.
  bool KillOne(size_t round) {
    Command up({"up", "-q", file_}, directory_.path());
    pid_ = up.pid();
    Sleep(start_us_ + start_us_ / 2);
    switch (random_() % 4) {
      case 0:  // one of its services is killed first
        KillAService();
        Sleep(20'000);
        break;
      case 1:  // it is stopping
        up.Signal(SIGTERM);
        Sleep(20'000);
        break;
      default:
        break;
    }
    up.Signal(SIGKILL);
    up.WaitUnread();
    if (!Reap(up)) return false;
    // Each second time it is the next start that cleans up.
    return round % 2 == 0 || Clean();
  }

  // Nothing is left, by the word of the system alone, once it has given back what an io_uring of
  // the dead had open.
  bool IsAllGone() {
    if (!Clean()) return false;
    const auto until = Clock::now() + kPatience;
    std::vector<std::string> left = Left();
    while (!left.empty() && Clock::now() < until) {
      usleep(1000);
      left = Left();
    }
    for (const std::string& thing : left) std::printf("left: %s\n", thing.c_str());
    return left.empty() && AreRunsBounded();
  }

  size_t processes() const { return all_reaped_; }
  bool has_own_ipc() const { return has_own_ipc_; }

 private:
  // Where others use the same queues and the same shared memory nothing can be said of those.
  std::vector<std::string> Left() const {
    std::vector<std::string> left = NamesIn(runtime_ + "/jackfield");
    const auto add = [&left](const std::vector<std::string>& more) {
      left.insert(left.end(), more.begin(), more.end());
    };
    for (const std::string& name : NamesIn(directory_.path()))
      if (name != file_ && name != runtime_) left.push_back(name);
    add(LinesOf("/proc/net/unix", directory_.path()));
    add(LinesOf("/proc/net/unix", Text("@jackfield.", getuid(), ".sudden.")));
    if (has_own_ipc_) {
      for (const char* kind : {"msg", "shm", "sem"}) {
        std::vector<std::string> lines = LinesOf(Text("/proc/sysvipc/", kind), "");
        if (!lines.empty()) lines.erase(lines.begin());  // the head
        add(lines);
      }
    }
    if (has_queues_) add(NamesIn(queues_));
    for (const std::string& name : NamesIn("/dev/shm"))
      if (name.find("jackfield") != name.npos &&
          !std::binary_search(memory_before_.begin(), memory_before_.end(), name))
        left.push_back(name);
    return left;
  }

  void Sleep(int64_t most_us) {
    usleep(static_cast<useconds_t>(random_() % static_cast<uint64_t>(most_us + 1)));
  }

  std::vector<pid_t> ChildrenOf(pid_t parent) const {
    std::vector<pid_t> children;
    std::ifstream file(Text("/proc/", parent, "/task/", parent, "/children"));
    for (pid_t pid; file >> pid;) children.push_back(pid);
    return children;
  }

  void KillAService() {
    const std::vector<pid_t> services = ChildrenOf(pid_);
    if (!services.empty()) kill(services[random_() % services.size()], SIGKILL);
  }

  // All that it has started has ended.
  bool Reap(const Command&) {
    const auto until = Clock::now() + kPatience;
    for (;;) {
      const pid_t pid = waitpid(-1, nullptr, WNOHANG);
      if (pid < 0) return true;  // there is no child
      if (pid > 0) {
        reaped_.insert(pid);
        ++all_reaped_;
        continue;
      }
      if (Clock::now() > until) {
        for (const pid_t left : ChildrenOf(getpid())) {
          for (const std::string& words : LinesOf(Text("/proc/", left, "/cmdline"), ""))
            std::printf("survived: process %d, %s\n", left, words.c_str());
          kill(left, SIGKILL);
        }
        return false;
      }
      usleep(1000);
    }
  }

  // As `jackfield clean` does it, until nothing of the dead is listed: what an io_uring of theirs
  // had open the system holds a little longer.
  bool Clean() {
    const auto until = Clock::now() + kPatience;
    for (;;) {
      RemoveDead(resources_, Dry::kNo, [](const Resource&, const absl::Status&) {});
      std::string left;
      for (const auto& of_scheme : resources_) {
        for (const Resource& thing : of_scheme->List())
          if (!thing.keeps && reaped_.contains(thing.pid))
            left += Text(thing.what, " ", thing.place, " of process ", thing.pid, "\n");
      }
      if (left.empty()) break;
      if (Clock::now() > until) {
        std::printf("left: %s", left.c_str());
        return false;
      }
      usleep(1000);
    }
    reaped_.clear();
    return true;
  }

  bool AreRunsBounded() const {
    size_t runs = 0;
    for (const PastRun& run : PastRuns("sudden")) {
      ++runs;
      if (run.is_up) std::printf("left: the run %s is said to be up\n", run.directory.c_str());
      if (run.is_up) return false;
    }
    if (runs > kRunsOfWiringMax) std::printf("left: %zu runs\n", runs);
    return runs <= kRunsOfWiringMax;
  }

  std::mt19937_64 random_;
  const ResourcesList resources_;
  const TemporaryDirectory directory_;
  const std::string queues_ = "/dev/mqueue";
  std::string runtime_, file_;
  bool has_own_ipc_ = false, has_queues_ = false;
  std::vector<std::string> memory_before_;
  int64_t start_us_ = 0;
  pid_t pid_ = -1;
  std::set<int> reaped_;  // since the last Clean
  size_t all_reaped_ = 0;
};

int Run(size_t kills, uint64_t seed) {
  SuddenDeath stress(seed);
  if (!stress.Measure()) return 1;
  for (size_t round = 0; round < kills; ++round) {
    if (stress.KillOne(round)) continue;
    std::printf("after kill %zu of seed %llu\n", round, static_cast<unsigned long long>(seed));
    return 1;
  }
  if (!stress.IsAllGone()) return 1;
  std::printf(
      "%zu kills of `jackfield up`, seed %llu: all of its %zu services have ended, and "
      "nothing is left%s\n",
      kills, static_cast<unsigned long long>(seed), stress.processes(),
      stress.has_own_ipc() ? "" : " (queues of other programs were not told apart)");
  return 0;
}

}  // namespace
}  // namespace jackfield

int main(int argc, char** argv) {
  size_t kills = 20;
  uint64_t seed = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const std::string value(word.substr(word.find('=') + 1));
    if (word.starts_with("--kills="))
      kills = std::strtoull(value.c_str(), nullptr, 10);
    else if (word.starts_with("--seed="))
      seed = std::strtoull(value.c_str(), nullptr, 10);
    else
      return std::fprintf(stderr, "usage: sudden_death [--kills=N] [--seed=N]\n"), 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  return jackfield::Run(kills, seed);
}
