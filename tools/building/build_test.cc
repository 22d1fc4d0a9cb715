// What `build` of a wiring comes to: which programs are run, where, and what a failure says.
#include "tools/building/build.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

class BuildTest : public ::testing::Test {
 protected:
  BuildTest() {
    char name[] = "/tmp/jackfield-build-XXXXXX";
    root_ = fs::canonical(mkdtemp(name)).string();
    fs::create_directories(root_ + "/wirings");
    plan_.file = root_ + "/wirings/shop.toml";
  }
  ~BuildTest() override { fs::remove_all(root_); }

  void Service(std::string name, std::vector<BuildStep> build) {
    PlannedService service;
    service.name = std::move(name);
    service.build = std::move(build);
    plan_.services.push_back(std::move(service));
  }
  static BuildStep Bazel(std::string text) { return {BuildStep::How::kBazel, std::move(text)}; }
  static BuildStep Command(std::string text) { return {BuildStep::How::kCommand, std::move(text)}; }
  bool IsThere(const std::string& path) const { return fs::exists(root_ + "/" + path); }

  std::string root_;
  Plan plan_;
};

TEST_F(BuildTest, LabelsWithTheSameFlagsAreOneRunInTheWorkspaceAndCommandsFollow) {
  std::ofstream(root_ + "/WORKSPACE") << "";
  Service("kv", {Bazel("//kv --config=opt"), Command("make all")});
  Service("packer.1", {Bazel("//packer //kv --config=opt")});
  Service("packer.2", {Bazel("//packer //kv --config=opt")});
  Service("gate", {Bazel("//gate"), Command("make all")});
  const absl::StatusOr<std::vector<BuildRun>> runs = BuildRunsOf(plan_);
  ASSERT_TRUE(runs.ok()) << runs.status();
  ASSERT_EQ(runs->size(), 3u);
  EXPECT_EQ((*runs)[0].words, (Words{"bazel", "build", "--config=opt", "//kv", "//packer"}));
  EXPECT_EQ((*runs)[0].services, (Words{"kv", "packer"}));
  EXPECT_EQ((*runs)[0].directory, root_);
  EXPECT_EQ((*runs)[1].words, (Words{"bazel", "build", "//gate"}));
  EXPECT_EQ((*runs)[2].words, (Words{"sh", "-c", "make all"})) << "once";
  EXPECT_EQ((*runs)[2].services, (Words{"kv", "gate"}));
  EXPECT_EQ((*runs)[2].directory, root_ + "/wirings/");
  EXPECT_EQ((*runs)[2].command(), "make all");
}

TEST_F(BuildTest, WithoutTheKeyNothingIsRunAndWithoutAWorkspaceNoLabel) {
  Service("kv", {});
  EXPECT_TRUE(BuildRunsOf(plan_)->empty());
  Service("gate", {Bazel("//gate")});
  const absl::Status status = BuildRunsOf(plan_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("lies in no workspace of Bazel"), std::string::npos) << status;
}

TEST_F(BuildTest, ACommandRunsInTheDirectoryOfTheFileAndAFailureNamesItsServices) {
  Service("kv", {Command("echo built > made")});
  Service("gate", {Command("cat; exit 7")});
  const std::vector<BuildRun> runs = BuildRunsOf(plan_).value();
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_TRUE(RunBuild(runs[0]).ok());
  EXPECT_TRUE(IsThere("wirings/made"));
  const absl::Status failed = RunBuild(runs[1]);
  EXPECT_EQ(failed.message(), "gate could not be built: cat; exit 7 exited with 7; see above")
      << "and its stdin is empty";
  const absl::Status killed = RunBuild({{"sh", "-c", "kill -9 $$"}, root_, {"kv"}});
  EXPECT_EQ(killed.message(),
            "kv could not be built: kill -9 $$ was killed by signal 9; see above");
  const absl::Status none = RunBuild({{"no-such-program"}, root_, {"kv"}});
  EXPECT_EQ(none.message(), "kv could not be built: no-such-program exited with 127; see above");
}

TEST_F(BuildTest, WhatWasNotBuiltIsWrongOnce) {
  EXPECT_TRUE(AreBuilt(plan_).ok());
  for (const char* name : {"packer.1", "packer.2"}) {
    Service(name, {Command("true")});
    plan_.services.back().not_built = "shop.toml:3:7: it is not there";
  }
  EXPECT_EQ(AreBuilt(plan_).message(), "shop.toml:3:7: it is not there");
}

}  // namespace
}  // namespace jackfield
