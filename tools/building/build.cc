#include "tools/building/build.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <system_error>
#include <utility>

#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "kernel/loop/sys.h"
#include "tools/wiring/instance_name.h"
#include "tools/wiring/seen_from.h"

namespace jackfield {
namespace {

namespace fs = std::filesystem;

constexpr int kExitCannotExecute = 127;

// Of a line for Bazel.
struct Words {
  std::vector<std::string> labels, flags;
};
Words WordsOf(const std::string& line) {
  Words words;
  std::istringstream text(line);
  for (std::string word; text >> word;)
    (word.starts_with("-") ? words.flags : words.labels).push_back(word);
  return words;
}

// The nearest folder at or above `folder` that is one; "": none is.
std::string WorkspaceOf(const fs::path& folder) {
  std::error_code error;
  for (fs::path at = fs::canonical(folder, error); !at.empty(); at = at.parent_path()) {
    for (const char* file : {"MODULE.bazel", "WORKSPACE.bazel", "WORKSPACE"}) {
      if (fs::is_regular_file(at / file, error)) return at.string();
    }
    if (at == at.root_path()) break;
  }
  return "";
}

// As the wiring calls it: an instance by its service.
std::string NameOf(const PlannedService& service) {
  const std::string_view group = GroupOf(service.name);
  return group.empty() ? service.name : std::string(group);
}

void Add(std::vector<std::string>& to, const std::string& word) {
  if (std::find(to.begin(), to.end(), word) == to.end()) to.push_back(word);
}

std::string Joined(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) text += Text(text.empty() ? "" : between, word);
  return text;
}

// The child: what it writes comes to our stderr, and stdin is not its own.
[[noreturn]] void Become(char* const* words, const char* directory, int nothing, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(kExitCannotExecute);
  if (nothing >= 0) dup2(nothing, 0);
  dup2(2, 1);
  if (chdir(directory) == 0) execvp(words[0], words);
  dprintf(2, "jackfield: cannot run %s: %s\n", words[0], strerrordesc_np(errno));
  _exit(kExitCannotExecute);
}

}  // namespace

std::string BuildRun::command() const {
  return words.front() == "sh" ? words.back() : Joined(words, " ");
}

absl::StatusOr<std::vector<BuildRun>> BuildRunsOf(const Plan& plan) {
  std::string folder = DirectoryOf(plan.file);
  if (folder.empty()) folder = ".";
  std::vector<std::pair<std::vector<std::string>, BuildRun>> of_bazel;  // by flags
  std::vector<BuildRun> commands;
  for (const PlannedService& service : plan.services) {
    for (const BuildStep& step : service.build) {
      if (step.how == BuildStep::How::kCommand) {
        auto run = std::find_if(commands.begin(), commands.end(), [&](const BuildRun& other) {
          return other.words.back() == step.text;
        });
        if (run == commands.end())
          run = commands.insert(run, {.words = {"sh", "-c", step.text}, .directory = folder});
        Add(run->services, NameOf(service));
        continue;
      }
      const Words words = WordsOf(step.text);
      auto run = std::find_if(of_bazel.begin(), of_bazel.end(),
                              [&](const auto& other) { return other.first == words.flags; });
      if (run == of_bazel.end()) {
        BuildRun made{.words = {"bazel", "build"}, .directory = WorkspaceOf(folder)};
        if (made.directory.empty())
          return absl::FailedPreconditionError(
              Text(NameOf(service), " is built by ", step.text, ", and ", plan.file,
                   " lies in no workspace of Bazel, with a MODULE.bazel or WORKSPACE at its root"));
        for (const std::string& flag : words.flags) made.words.push_back(flag);
        run = of_bazel.insert(run, {words.flags, std::move(made)});
      }
      for (const std::string& label : words.labels) Add(run->second.words, label);
      Add(run->second.services, NameOf(service));
    }
  }
  std::vector<BuildRun> runs;
  for (auto& [flags, run] : of_bazel) runs.push_back(std::move(run));
  runs.insert(runs.end(), std::make_move_iterator(commands.begin()),
              std::make_move_iterator(commands.end()));
  return runs;
}

absl::Status RunBuild(const BuildRun& run) {
  std::vector<std::string> words = run.words;
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const OwnedFd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::fflush(nullptr);
  const pid_t parent = getpid(), child = fork();
  if (child == 0) Become(pointers.data(), run.directory.c_str(), nothing.get(), parent);
  if (child < 0) return SysError(errno, Text("start ", run.command()));
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return SysError(errno, Text("wait for ", run.command()));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  const std::string how = WIFSIGNALED(status) ? Text("was killed by signal ", WTERMSIG(status))
                                              : Text("exited with ", WEXITSTATUS(status));
  return absl::AbortedError(Text(Joined(run.services, ", "), " could not be built: ",
                                 Escaped(run.command()), " ", how, "; see above"));
}

absl::Status AreBuilt(const Plan& plan) {
  std::string wrongs;
  for (const PlannedService& service : plan.services) {
    if (service.not_built.empty() || wrongs.find(service.not_built) != wrongs.npos) continue;
    wrongs += Text(wrongs.empty() ? "" : "\n", service.not_built);
  }
  return wrongs.empty() ? absl::OkStatus() : absl::InvalidArgumentError(wrongs);
}

}  // namespace jackfield
