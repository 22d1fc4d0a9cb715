// Files that bear their process in their names: whose they are.
#include "transports/engine/own_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"
#include "kernel/text.h"
#include "transports/engine/process.h"

namespace jackfield {
namespace {

TEST(OwnFile, OfALaterProcessOfTheSameNumberIsNotTakenForTheOwner) {
  char directory[] = "/tmp/jf-own-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  setenv("XDG_RUNTIME_DIR", directory, 1);
  const std::string runtime = Text(directory, "/jackfield");
  ASSERT_EQ(mkdir(runtime.c_str(), 0700), 0);
  const ProcessName self = ThisProcess();
  const std::string mine = Text("log-", self.pid, "-", self.start_ticks, "-1");
  const std::string earlier = Text("log-", self.pid, "-", self.start_ticks - 1, "-1");
  for (const std::string& name : {mine, earlier, earlier + ".reader-x", std::string("log-x")})
    std::ofstream(Text(runtime, "/", name)) << "";
  std::vector<Resource> found;
  AddOwnFiles("log", "log", found);
  int living = 0, dead = 0;
  for (const Resource& resource : found) {
    if (resource.place.find(runtime) != 0) continue;  // other programs of this user
    EXPECT_EQ(resource.pid, self.pid);
    if (resource.place == Text(runtime, "/", mine))
      living += resource.owner == Resource::Owner::kLives ? 1 : 0;
    else
      dead += resource.owner == Resource::Owner::kDead ? 1 : 0;
  }
  EXPECT_EQ(living, 1);
  EXPECT_EQ(dead, 2) << "the file and what belongs to it, and nothing without a process";
  std::filesystem::remove_all(directory);
}

TEST(OwnFile, IsTriedAgainWhenTheRuntimeDirectoryWentInThatMoment) {
  char directory[] = "/tmp/jf-own-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  setenv("XDG_RUNTIME_DIR", directory, 1);
  std::atomic<uint32_t> next{1};
  std::vector<std::string> paths;
  const auto opening = ServeOwnFile(
      "log", next, [&](const std::string& path) -> absl::StatusOr<std::unique_ptr<Opening>> {
        paths.push_back(path);
        if (paths.size() < 3) return absl::UnavailableError("it went");
        return absl::ResourceExhaustedError("the disk is full");
      });
  EXPECT_TRUE(absl::IsResourceExhausted(opening.status())) << opening.status();
  ASSERT_EQ(paths.size(), 3u);
  EXPECT_NE(paths[0], paths[1]);
  EXPECT_EQ(rmdir(directory), 0) << "the runtime directory is left, for nothing";
}

}  // namespace
}  // namespace jackfield
