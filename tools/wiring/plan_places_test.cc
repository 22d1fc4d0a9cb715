// From where the paths of a wiring are seen: programs, directories and places.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "tools/wiring/plan_world.h"

namespace jackfield {
namespace {

class PlanPlacesTest : public PlanWorld {
 protected:
  PlanPlacesTest() : PlanWorld("shop.toml", {"source", "tokenize", "count"}) {}
};

// One rule for all media, and for what --over and --set say.
TEST_F(PlanPlacesTest, APlaceThatBeginsWithADotIsSeenFromTheFileOverEveryMedium) {
  constexpr std::string_view kPair =
      "[service.a]\nrun = \"source\"\ncalls = { c = \"unix:\" }\n[service.c]\nrun = \"count\"\n";
  for (const auto& [over, seen] :
       {std::pair<std::string, std::string>{"unix:./k.sock", "unix:/dev/k.sock"},
        {"unix:../k.sock?type=dgram", "unix:/dev/../k.sock?type=dgram"},
        {"fifo:./f", "fifo:/dev/f"},
        {"chaos+unix:./k.sock?drop=0%", "chaos+unix:/dev/k.sock?drop=0%"}}) {
    const auto plan = Make(kPair, {.over = over, .args = {}});
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_EQ(plan->channels[0].address.ToString(), registry_.Parse(seen)->ToString());
  }
  for (const std::string over : {"unix:k.sock", "unix:run/k.sock", "fifo:f", "shm:?path=s"}) {
    const std::string why = ErrorOf(kPair, {.over = over, .args = {}});
    EXPECT_NE(why.find("is named by its whole path"), std::string::npos) << over << ": " << why;
  }
}

// A name without a folder: the file lies where we are.
TEST_F(PlanPlacesTest, APlaceIsSeenFromTheFileAlsoWhereItsNameIsAllThatIsGiven) {
  constexpr std::string_view kText =
      "[service.a]\nrun = \"./true\"\nserve = [\"unix:./a.sock\"]\ncwd = \".\"\n";
  char name[] = "/tmp/jackfield-plan-XXXXXX";
  const std::filesystem::path folder = mkdtemp(name);
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::create_symlink("/bin/true", folder / "true");
  std::filesystem::current_path(folder);
  const auto plan =
      MakePlan(*ParseWiring("shop.toml", Text("jackfield = 1\n", kText), {}), program_, {});
  std::filesystem::current_path(before);
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->services[0].serves[0].ToString(), Text("unix:", folder.string(), "/a.sock"));
  EXPECT_EQ(plan->services[0].surroundings.directory, folder.string());
}

// The folder that is named is the one that is meant: of links, too.
TEST_F(PlanPlacesTest, AProgramIsSeenFromTheLinkThatLeadsToAWiringAndWhereItIsNotThatIsSaid) {
  char name[] = "/tmp/jackfield-plan-XXXXXX";
  const std::filesystem::path folder = mkdtemp(name);
  std::filesystem::create_directory(folder / "far");
  std::ofstream(folder / "far/shop.toml") << "jackfield = 1\n[service.a]\nrun = \"./true\"\n";
  std::filesystem::create_symlink("/bin/true", folder / "far/true");
  std::filesystem::create_symlink("far/shop.toml", folder / "shop.toml");
  const auto make = [&] {
    return MakePlan(*ReadWiring((folder / "shop.toml").string(), {}), program_, {});
  };
  EXPECT_EQ(std::string(make().status().message()),
            Text(folder.string(), "/shop.toml:3:7: the program of service a is not there: ",
                 folder.string(), "/true: No such file or directory; ", folder.string(),
                 "/shop.toml is a link, and a program is seen from the link, not from ",
                 folder.string(), "/far/shop.toml"));
  std::filesystem::create_symlink("/bin/true", folder / "true");
  const auto plan = make();
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->services[0].program, (folder / "true").string());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace jackfield
