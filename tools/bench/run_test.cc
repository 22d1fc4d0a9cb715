#include "tools/bench/run.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "gtest/gtest.h"

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
  sides.server = [](Context& context) { return context.run.server_cpu_ns = 7, absl::OkStatus(); };
  sides.client = [](Context& context) { return context.run.latency.Add(5), absl::OkStatus(); };
  ASSERT_TRUE(RunProcesses(Options(), sides, *run).ok());
  EXPECT_EQ(run->server_cpu_ns, 7);
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
  EXPECT_EQ(MessageOf(RunProcesses(Options(), sides, *run)), "the server was killed by signal 9");
  ExpectNoChildren();
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
