// What is kept of the runs of wirings: in a state directory of the test's own.
#include "tools/runs/past_runs.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tools/runs/run_record.h"
#include "tools/runs/state_directory.h"

namespace jackfield {
namespace {

class PastRunsTest : public ::testing::Test {
 protected:
  PastRunsTest() {
    char name[] = "/tmp/jackfield-runs-XXXXXX";
    root_ = mkdtemp(name);
    setenv("XDG_STATE_HOME", (root_ + "/state").c_str(), 1);
  }
  ~PastRunsTest() override { std::filesystem::remove_all(root_); }

  static RunEnd Killed() {
    return {.exit_status = 1,
            .how = "kv (pid 7) was killed by SIGKILL; all is stopped",
            .service = "kv",
            .lines = {"one", "two"}};
  }
  std::string root_;
};

TEST_F(PastRunsTest, ARunIsUpUntilItHasEnded) {
  {
    RunRecord record("shop", "", {"kv", "orders"});
    ASSERT_TRUE(record.status().ok()) << record.status();
    const std::vector<PastRun> runs = PastRuns("shop");
    ASSERT_EQ(runs.size(), 1u);
    EXPECT_TRUE(runs[0].is_up);
    EXPECT_TRUE(runs[0].recorded);
    EXPECT_FALSE(runs[0].end);
    EXPECT_EQ(runs[0].pid, getpid());
    EXPECT_EQ(runs[0].directory, record.directory());
    EXPECT_TRUE(record.End(Killed(), {"kv"}).ok());
  }
  const std::vector<PastRun> runs = PastRuns("");
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_FALSE(runs[0].is_up);
  EXPECT_EQ(runs[0].services, std::vector<std::string>{"kv"});
  ASSERT_TRUE(runs[0].end);
  EXPECT_EQ(runs[0].end->exit_status, 1);
  EXPECT_EQ(runs[0].end->how, Killed().how);
  EXPECT_EQ(runs[0].end->service, "kv");
  EXPECT_EQ(runs[0].end->lines, Killed().lines);
  EXPECT_LE(runs[0].began_ns, runs[0].ended_ns);
  EXPECT_TRUE(PastRuns("sho").empty());
}

TEST_F(PastRunsTest, ASupervisorThatIsKilledLeavesARunWithoutAnEnd) {
  int began[2];
  ASSERT_EQ(pipe(began), 0);
  const pid_t child = fork();
  if (child == 0) {
    const RunRecord record("shop", "", {});
    [[maybe_unused]] const ssize_t told = write(began[1], "b", 1);
    for (;;) pause();
  }
  char byte = 0;
  EXPECT_EQ(read(began[0], &byte, 1), 1);
  ASSERT_EQ(PastRuns("shop").size(), 1u);
  EXPECT_TRUE(PastRuns("shop")[0].is_up);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  for (const int fd : began) close(fd);
  const std::vector<PastRun> runs = PastRuns("shop");
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_FALSE(runs[0].is_up);
  EXPECT_EQ(runs[0].pid, child);
  EXPECT_FALSE(runs[0].end);
}

TEST_F(PastRunsTest, OfOneWiringTheLastIsKeptBesideTheOneThatIsUp) {
  std::string last;
  for (int i = 0; i < 5; ++i) {
    RunRecord record("shop", "", {});
    EXPECT_TRUE(record.End({.exit_status = i}, {}).ok());
    last = record.directory();
  }
  const RunRecord up("shop", "", {});
  const std::vector<PastRun> runs = PastRuns("shop");
  ASSERT_EQ(runs.size(), kRunsOfWiringMax);
  EXPECT_EQ(runs[0].directory, up.directory());
  EXPECT_EQ(runs[1].directory, last);
}

TEST_F(PastRunsTest, OneThatIsUpIsNeverRemoved) {
  std::vector<std::unique_ptr<RunRecord>> up;
  for (int i = 0; i < 4; ++i)
    up.push_back(std::make_unique<RunRecord>("shop", "", std::vector<std::string>()));
  EXPECT_EQ(PastRuns("shop").size(), 4u);
  RemoveEndedRuns(RunPart::kAll, false, [](const PastRun&, const absl::Status&) { FAIL(); });
  EXPECT_EQ(PastRuns("shop").size(), 4u);
}

TEST_F(PastRunsTest, OfAllWiringsAsManyAreKeptAsTheLimitSays) {
  for (size_t i = 0; i < kRunsMax + 3; ++i) RunRecord("w" + std::to_string(i), "", {});
  const std::vector<PastRun> runs = PastRuns("");
  EXPECT_EQ(runs.size(), kRunsMax);
  EXPECT_EQ(runs.back().wiring, "w3");
}

TEST_F(PastRunsTest, WhatEndedIsForgottenWhereAskedFor) {
  std::string directory;
  {
    RunRecord record("shop", "", {});
    directory = record.directory();
    std::ofstream(directory + "/kv.1.log") << "a line\n";
  }
  std::vector<std::string> told;
  const auto tell = [&told](const PastRun& run, const absl::Status& status) {
    EXPECT_TRUE(status.ok()) << status;
    told.push_back(run.wiring);
  };
  RemoveEndedRuns(RunPart::kRecord, /*dry=*/true, tell);
  ASSERT_EQ(PastRuns("shop").size(), 1u);
  EXPECT_TRUE(PastRuns("shop")[0].recorded);
  RemoveEndedRuns(RunPart::kRecord, false, tell);
  RemoveEndedRuns(RunPart::kRecord, false, tell);  // it is gone
  ASSERT_EQ(PastRuns("shop").size(), 1u);
  EXPECT_FALSE(PastRuns("shop")[0].recorded);
  EXPECT_TRUE(std::filesystem::exists(directory + "/kv.1.log"));
  RemoveEndedRuns(RunPart::kAll, false, tell);
  EXPECT_FALSE(std::filesystem::exists(directory));
  EXPECT_EQ(told, (std::vector<std::string>{"shop", "shop", "shop"}));
}

TEST_F(PastRunsTest, ARecordThatIsBrokenIsNoRecord) {
  std::string directory;
  {
    RunRecord record("shop", "", {"kv"});
    EXPECT_TRUE(record.End(Killed(), {"kv"}).ok());
    directory = record.directory();
  }
  const std::string path = directory + "/" + std::string(kRecordName);
  std::ifstream file(path);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  for (size_t size = 0; size < bytes.size(); size += 7) {
    std::ofstream(path, std::ios::trunc) << bytes.substr(0, size);
    ASSERT_EQ(PastRuns("shop").size(), 1u);  // and no crash
  }
  std::ofstream(path, std::ios::trunc) << std::string(bytes.size(), '\xff');
  EXPECT_FALSE(PastRuns("shop")[0].recorded);
  std::filesystem::create_directory(RunsDirectory() + "/no run");
  std::filesystem::create_directory(RunsDirectory() + "/a@b-c");
  EXPECT_EQ(PastRuns("").size(), 1u);
}

TEST_F(PastRunsTest, APlaceThatOthersCanReadIsRefusedAndTheRunGoesOn) {
  ASSERT_TRUE(MakeStateDirectory().ok());
  chmod(StateDirectory().c_str(), 0755);
  RunRecord record("shop", "", {});
  EXPECT_TRUE(absl::IsPermissionDenied(record.status())) << record.status();
  EXPECT_EQ(record.directory(), "");
  EXPECT_FALSE(record.End(Killed(), {}).ok());
  EXPECT_TRUE(PastRuns("").empty());
}

TEST_F(PastRunsTest, WithoutAHomeItIsTheRuntimeDirectory) {
  const std::string home = getenv("HOME") == nullptr ? "" : getenv("HOME");
  unsetenv("XDG_STATE_HOME");
  setenv("HOME", "/srv/ada", 1);
  EXPECT_EQ(StateDirectory(), "/srv/ada/.local/state/jackfield");
  setenv("XDG_STATE_HOME", "not/whole", 1);
  EXPECT_EQ(StateDirectory(), "/srv/ada/.local/state/jackfield");
  unsetenv("HOME");
  mkdir((root_ + "/run").c_str(), 0700);
  setenv("XDG_RUNTIME_DIR", (root_ + "/run").c_str(), 1);
  EXPECT_EQ(StateDirectory(), root_ + "/run/jackfield");
  EXPECT_TRUE(RunRecord("shop", "", {}).status().ok());
  EXPECT_EQ(PastRuns("shop").size(), 1u);
  unsetenv("XDG_RUNTIME_DIR");
  if (!home.empty()) setenv("HOME", home.c_str(), 1);
}

}  // namespace
}  // namespace jackfield
