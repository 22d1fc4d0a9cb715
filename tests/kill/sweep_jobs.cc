#include "tests/kill/sweep_jobs.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "kernel/base/text.h"

namespace jackfield::kill_test {
namespace {

// What is written and read is this program's own, of the same build: bytes as they lie in memory.
// Without stdio, whose buffers would leave the heap another than it was (page_vector.h).
void WriteBytes(int fd, const void* from, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    const ssize_t now = write(fd, static_cast<const char*>(from) + done, bytes - done);
    if (now < 0 && errno != EINTR) std::abort();
    done += static_cast<size_t>(std::max<ssize_t>(now, 0));
  }
}
void ReadBytes(int fd, void* to, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    const ssize_t now = read(fd, static_cast<char*>(to) + done, bytes - done);
    if (now == 0 || (now < 0 && errno != EINTR)) std::abort();  // the job has died
    done += static_cast<size_t>(std::max<ssize_t>(now, 0));
  }
}

// Of a vector or a string.
template <typename Values>
void WriteAll(int fd, const Values& values) {
  const size_t count = values.size();
  WriteBytes(fd, &count, sizeof count);
  WriteBytes(fd, values.data(), count * sizeof values[0]);
}
template <typename Values>
Values ReadAll(int fd) {
  size_t count = 0;
  ReadBytes(fd, &count, sizeof count);
  Values values;
  values.resize(count);
  ReadBytes(fd, values.data(), count * sizeof values[0]);
  return values;
}

void WriteReport(int fd, const SweepReport& report) {
  WriteBytes(fd, &report.counts, sizeof report.counts);
  WriteAll(fd, report.addresses);
  WriteAll(fd, report.killed_at);
  WriteAll(fd, report.first_fault);
}

void Add(PageVector<uint64_t>& sum, const PageVector<uint64_t>& more) {
  sum.insert(sum.end(), more.begin(), more.end());
  KeepDistinct(sum);
}

void AddReport(int fd, SweepReport& sum) {
  SweepReport::Counts counts;
  ReadBytes(fd, &counts, sizeof counts);
  sum.counts.instructions = counts.instructions;  // of one path
  sum.counts.points += counts.points;
  sum.counts.alike += counts.alike;
  sum.counts.missed += counts.missed;
  sum.counts.kept += counts.kept;
  sum.counts.whole &= counts.whole;
  sum.counts.slowest_ms = std::max(sum.counts.slowest_ms, counts.slowest_ms);
  Add(sum.addresses, ReadAll<PageVector<uint64_t>>(fd));
  Add(sum.killed_at, ReadAll<PageVector<uint64_t>>(fd));
  const auto fault = ReadAll<std::string>(fd);
  if (sum.first_fault.empty()) sum.first_fault = fault;
}

// With its own address. All are of one length, so that it makes no difference to the path.
SweepOptions Numbered(SweepOptions options, uint64_t number) {
  const std::string suffix = Text("-", number / 10, number % 10);
  options.name += suffix;
  options.address += suffix;
  return options;
}

struct Job {
  pid_t pid = -1;
  int fd = -1;  // what it has found, at its end
};

// Runs body(fd) in a process of its own.
template <typename Body>
Job Begin(const Body& body) {
  int fds[2];
  if (pipe(fds) != 0) std::abort();
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) std::abort();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(99);
    close(fds[0]);
    body(fds[1]);
    _exit(0);
  }
  close(fds[1]);
  return {pid, fds[0]};
}

void End(const Job& job) {
  close(job.fd);
  waitpid(job.pid, nullptr, 0);
}

}  // namespace

SweepReport SweepInJobs(const SweepOptions& options, uint64_t jobs) {
  std::vector<Job> running(jobs);
  Path path;
  {
    // In a process that is forked as the jobs are, and so begins with the same heap.
    const SweepOptions mine = Numbered(options, kJobsMax);
    const Job learner = Begin([&](int fd) {
      const Path learnt = LearnPath(mine);
      WriteAll(fd, learnt.all());
      WriteAll(fd, learnt.all_alike());
    });
    auto instructions = ReadAll<PageVector<uint64_t>>(learner.fd);
    auto alike = ReadAll<PageVector<uint8_t>>(learner.fd);
    path = Path(std::move(instructions), std::move(alike));
    End(learner);
  }
  for (uint64_t number = 0; number < jobs; ++number) {
    SweepOptions mine = Numbered(options, number);
    mine.first += number * options.every;
    mine.every *= jobs;
    mine.points /= jobs;
    mine.seed += number;
    running[number] = Begin([&](int fd) { WriteReport(fd, Sweep(mine, path)); });
  }
  SweepReport sum;
  sum.counts.whole = true;
  for (const Job& job : running) {
    AddReport(job.fd, sum);
    End(job);
  }
  return sum;
}

}  // namespace jackfield::kill_test
