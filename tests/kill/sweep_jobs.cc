#include "tests/kill/sweep_jobs.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "kernel/text.h"

namespace jackfield::kill_test {
namespace {

// What is written and read is this program's own, of the same build: bytes as they lie in memory.
template <typename Value>
void Write(FILE* file, const Value& value) {
  if (std::fwrite(&value, sizeof value, 1, file) != 1) std::abort();
}
template <typename Value>
Value Read(FILE* file) {
  Value value = {};
  if (std::fread(&value, sizeof value, 1, file) != 1) std::abort();
  return value;
}

void WriteReport(FILE* file, const SweepReport& report) {
  Write(file, report.counts);
  for (const PageVector<uint64_t>* addresses : {&report.addresses, &report.killed_at}) {
    Write(file, addresses->size());
    for (const uint64_t address : *addresses) Write(file, address);
  }
  Write(file, report.first_fault.size());
  for (const char letter : report.first_fault) Write(file, letter);
}

void AddReport(FILE* file, SweepReport* sum) {
  const auto counts = Read<SweepReport::Counts>(file);
  sum->counts.instructions = std::max(sum->counts.instructions, counts.instructions);
  sum->counts.points += counts.points;
  sum->counts.alike += counts.alike;
  sum->counts.missed += counts.missed;
  sum->counts.kept += counts.kept;
  sum->counts.whole &= counts.whole;
  sum->counts.slowest_ms = std::max(sum->counts.slowest_ms, counts.slowest_ms);
  for (PageVector<uint64_t>* addresses : {&sum->addresses, &sum->killed_at}) {
    for (auto left = Read<size_t>(file); left > 0; --left)
      addresses->push_back(Read<uint64_t>(file));
    KeepDistinct(*addresses);
  }
  std::string fault(Read<size_t>(file), ' ');
  for (char& letter : fault) letter = Read<char>(file);
  if (sum->first_fault.empty()) sum->first_fault = fault;
}

struct Job {
  pid_t pid = -1;
  FILE* report = nullptr;
};

// With its own address. All are of one length, so that it makes no difference to the path.
SweepOptions Numbered(SweepOptions options, uint64_t number) {
  const std::string suffix = Text("-", number / 10, number % 10);
  options.name += suffix;
  options.address += suffix;
  return options;
}

Job Begin(const SweepOptions& options, const Path& path) {
  int fds[2];
  if (pipe(fds) != 0) std::abort();
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) std::abort();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(99);
    close(fds[0]);
    const SweepReport report = Sweep(options, path);
    FILE* file = fdopen(fds[1], "w");
    WriteReport(file, report);
    std::fclose(file);
    _exit(0);
  }
  close(fds[1]);
  return {pid, fdopen(fds[0], "r")};
}

}  // namespace

SweepReport SweepInJobs(const SweepOptions& options, uint64_t jobs) {
  const Path path = LearnPath(Numbered(options, kJobsMax));
  std::vector<Job> running;
  for (uint64_t number = 0; number < jobs; ++number) {
    SweepOptions mine = Numbered(options, number);
    mine.first += number * options.every;
    mine.every *= jobs;
    mine.points /= jobs;
    mine.seed += number;
    running.push_back(Begin(mine, path));
  }
  SweepReport sum;
  sum.counts.whole = true;
  for (const Job& job : running) {
    AddReport(job.report, &sum);
    std::fclose(job.report);
    waitpid(job.pid, nullptr, 0);
  }
  return sum;
}

}  // namespace jackfield::kill_test
