// build = … says how a service is built, and lets its program not be there yet.
#include "tools/wiring/build_key.h"

#include <string>
#include <string_view>
#include <vector>

#include "tools/wiring/plan_world.h"

namespace jackfield {
namespace {

class BuildKeyTest : public PlanWorld {
 protected:
  BuildKeyTest() : PlanWorld("build.toml", {"kv"}) {}
  static std::string Kv(std::string_view build, std::string_view run = "kv") {
    return "[service.kv]\nrun = \"" + std::string(run) + "\"\nbuild = " + std::string(build) + "\n";
  }
  std::vector<BuildStep> BuildOf(std::string_view build) {
    const absl::StatusOr<Plan> plan = Make(Kv(build));
    EXPECT_TRUE(plan.ok()) << plan.status();
    return plan.ok() ? plan->services[0].build : std::vector<BuildStep>();
  }
};

TEST_F(BuildKeyTest, ALabelIsForBazelAndEverythingElseForSh) {
  using enum BuildStep::How;
  EXPECT_EQ(BuildOf("\"//kv\""), (std::vector<BuildStep>{{kBazel, "//kv"}}));
  EXPECT_EQ(
      BuildOf("[\"@other//kv --config=opt\", \"make -C ..\", \"make\"]"),
      (std::vector<BuildStep>{
          {kBazel, "@other//kv --config=opt"}, {kCommand, "make -C .."}, {kCommand, "make"}}));
}

TEST_F(BuildKeyTest, WhatBuildsNothingIsWrong) {
  for (const char* none : {"\"\"", "\"  \"", "\":kv\"", "[\"\"]"})
    EXPECT_NE(ErrorOf(Kv(none)).find("build is a label, which begins with //, or a command for sh"),
              std::string::npos)
        << none;
  EXPECT_NE(ErrorOf(Kv("[]")).find("or an array of at most 16"), std::string::npos);
  EXPECT_NE(ErrorOf(Kv("7")).find("build is what builds the service"), std::string::npos);
  EXPECT_NE(ErrorOf(Kv("[7]")).find("each part of build is a text"), std::string::npos);
  EXPECT_EQ(
      ErrorOf(Kv("\"//kv && make\"")),
      "/dev/build.toml:4:9: build begins with a label, so \"&&\" is to be one, too, or a flag "
      "of `bazel build`");
  std::string many = "[";
  for (size_t i = 0; i <= kBuildStepsMax; ++i) many += "\"make\", ";
  EXPECT_NE(ErrorOf(Kv(many + "]")).find("or an array of at most 16"), std::string::npos);
}

TEST_F(BuildKeyTest, AProgramThatIsBuiltNeedNotBeThereYet) {
  const absl::StatusOr<Plan> plan = Make(Kv("\"make kv\"", "./no-such-program"));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->services[0].not_built,
            "/dev/build.toml:3:7: the program of service kv is not there: /dev/no-such-program: No "
            "such file or directory");
  ASSERT_EQ(plan->notes.size(), 1u);
  EXPECT_EQ(plan->notes[0], "kv is not built yet; `jackfield up` does that first: make kv");
  EXPECT_NE(ErrorOf(Kv("\"make kv\"", "./null")).find("is not a file"), std::string::npos)
      << "no build makes a program of a device";
}

}  // namespace
}  // namespace jackfield
