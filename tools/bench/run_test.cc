#include "tools/bench/run.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <new>
#include <string>

#include "gtest/gtest.h"
#include "tools/bench/allocations.h"

namespace jackfield::bench {
namespace {

absl::Status Fine(Context&) { return absl::OkStatus(); }

absl::Status Forever(Context&) {
  while (true) pause();
}

std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

void ExpectNoChildren() {
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(RunTest, WhatBothSidesWriteComesBack) {
  SharedRun run;
  Sides sides;
  sides.server = [](Context& context) { return context.run.use[0].cpu_ns = 7, absl::OkStatus(); };
  sides.client = [](Context& context) { return context.run.latency.Add(5), absl::OkStatus(); };
  ASSERT_TRUE(RunProcesses(Options(), sides, *run).ok());
  EXPECT_EQ(run->use[0].cpu_ns, 7);
  EXPECT_EQ(run->latency.Quantile(1), 5u);
  ASSERT_TRUE(RunThreads(Options(), sides, *run).ok());
  EXPECT_EQ(run->latency.count(), 2u);
  ExpectNoChildren();
}

TEST(RunTest, TheErrorOfASideIsTheErrorOfTheRun) {
  SharedRun run;
  Sides sides;
  sides.server = [](Context&) { return absl::InternalError("it broke"); };
  sides.client = Fine;
  EXPECT_EQ(MessageOf(RunProcesses(Options(), sides, *run)), "the server: it broke");
  ExpectNoChildren();
}

TEST(RunTest, TheErrorOfAThreadEndsTheOther) {
  SharedRun run;
  Sides sides;
  sides.server = Forever;
  sides.client = [](Context&) { return absl::InternalError("it broke"); };
  EXPECT_EQ(MessageOf(RunThreads(Options(), sides, *run)), "the client: it broke");
  ExpectNoChildren();
}

// The client would wait for ever for a server that was killed: it is stopped, and reaped.
TEST(RunTest, AKilledSideEndsTheOtherAndIsNamed) {
  SharedRun run;
  Sides sides;
  sides.server = [](Context&) { return kill(getpid(), SIGKILL), absl::OkStatus(); };
  sides.client = Forever;
  const std::string message = MessageOf(RunProcesses(Options(), sides, *run));
  EXPECT_EQ(message, "the server (process " + std::to_string(run->processes[0]) +
                         ") was killed by signal 9 (Killed)");
  ExpectNoChildren();
}

absl::Status SpinForever(Context&) {
  while (true) continue;
}

// Both on one CPU, under a scheduler that lets the first of them keep it: neither the other nor the
// one that watches them would run again if it did not stand above them.
TEST(RunTest, TheWatchdogEndsTwoThatSpinOnOneCpuUnderSchedFifo) {
  cpu_set_t before, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  CPU_ZERO(&one);
  for (int cpu = 0; CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  }
  const sched_param fifo{.sched_priority = 50}, other{.sched_priority = 0};
  if (sched_setscheduler(0, SCHED_FIFO, &fifo) != 0) GTEST_SKIP() << "SCHED_FIFO is not allowed";
  sched_setaffinity(0, sizeof one, &one);
  SharedRun run;
  Options options;
  options.seconds = 0.01;
  const absl::Status status = RunProcesses(options, {.server = SpinForever, .client = SpinForever},
                                           *run, Counting::kNo, 100'000'000);
  sched_setaffinity(0, sizeof before, &before);
  sched_param after{};
  sched_getparam(0, &after);
  sched_setscheduler(0, SCHED_OTHER, &other);
  EXPECT_NE(MessageOf(status).find("(watchdog)"), std::string::npos) << status;
  EXPECT_EQ(after.sched_priority, 50);  // as before
  ExpectNoChildren();
}

TEST(RunTest, AllocationsOfASideAreItsOwn) {
  if (!CanCountAllocations()) GTEST_SKIP() << "a sanitizer counts for itself";
  SharedRun run;
  Sides sides;
  sides.server = [](Context&) {
    for (int i = 0; i < 5; ++i) ::operator delete(::operator new(8));
    return absl::OkStatus();
  };
  sides.client = Fine;
  ASSERT_TRUE(RunThreads(Options(), sides, *run).ok());
  EXPECT_EQ(run->allocations[0].count, 5u);
  EXPECT_EQ(run->allocations[1].count, 0u);
}

bool IsTraced() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("TracerPid:")) return !line.ends_with("\t0");
  }
  return false;
}

TEST(RunTest, SystemCallsAreThoseOfBothSidesWhileTheyAreMeasured) {
  SharedRun run;
  Sides sides;
  sides.server = Fine;
  sides.client = [](Context& context) {
    while (!IsTraced()) usleep(1000);
    for (int i = 0; i < 7; ++i) getppid();
    context.run.counting = 1;
    for (int i = 0; i < 3; ++i) getppid();
    context.run.counting = 0;
    return absl::OkStatus();
  };
  const absl::Status status = RunProcesses(Options(), sides, *run, Counting::kSystemCalls);
  ExpectNoChildren();
  if (absl::IsPermissionDenied(status)) GTEST_SKIP() << status;
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(run->system_calls, 3u);
}

TEST(RunTest, WhatThereIsOfAStoppedRunIsSalvaged) {
  SharedRun run;
  run->latency.Add(5);
  EXPECT_FALSE(run->Salvage());  // of its warm-up
  run->begin_ns = NowNs() - 1'000'000;
  EXPECT_TRUE(run->Salvage());
  EXPECT_EQ(run->count, 1u);
  EXPECT_GE(run->elapsed_ns, 1'000'000);
}

TEST(WindowTest, CountsOnlyAfterTheWarmUpAndForTheTimeAsked) {
  SharedRun run;
  Options options;
  options.seconds = 0.05;
  Context context(*run, Side::kClient, options);
  Window window(context);
  const int64_t start_ns = NowNs();
  EXPECT_FALSE(window.Begins(start_ns));
  EXPECT_FALSE(window.Over(start_ns + 3'600'000'000'000));  // it has not begun
  const int64_t begin_ns = start_ns + window.warm_ns() + 1'000'000;
  EXPECT_TRUE(window.Begins(begin_ns));
  EXPECT_FALSE(window.Begins(begin_ns + 1));
  EXPECT_FALSE(window.Over(begin_ns + 49'999'999));
  EXPECT_TRUE(window.Over(begin_ns + 50'000'000));
}

}  // namespace
}  // namespace jackfield::bench
