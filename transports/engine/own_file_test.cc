// Files that bear their process in their names: whose they are.
#include "transports/engine/own_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "transports/engine/process.h"

namespace jackfield {
namespace {

// elsewhere: added to this process's pid namespace.
std::string NameOf(const ProcessName& process, uint64_t elsewhere) {
  return Text("log-", process.pid, "-", process.start_ticks, "-", PidNamespace() + elsewhere, "-1");
}

TEST(OwnFile, OfALaterProcessOfTheSameNumberIsNotTakenForTheOwner) {
  char directory[] = "/tmp/jf-own-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  setenv("XDG_RUNTIME_DIR", directory, 1);
  const std::string runtime = Text(directory, "/jackfield");
  ASSERT_EQ(mkdir(runtime.c_str(), 0700), 0);
  const ProcessName self = ThisProcess();
  const std::string mine = NameOf(self, 0), earlier = NameOf({self.pid, self.start_ticks - 1}, 0);
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

// In a container the same numbers are other processes'. That the directory is shared, and who lives
// there, cannot be seen from here.
TEST(OwnFile, OfAProcessInAnotherPidNamespaceIsNotTakenForDead) {
  char directory[] = "/tmp/jf-own-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  setenv("XDG_RUNTIME_DIR", directory, 1);
  const std::string runtime = Text(directory, "/jackfield");
  ASSERT_EQ(mkdir(runtime.c_str(), 0700), 0);
  const ProcessName self = ThisProcess();
  for (const std::string& name : {NameOf(self, 1), NameOf({self.pid, self.start_ticks - 1}, 1)})
    std::ofstream(Text(runtime, "/", name)) << "";
  std::vector<Resource> found;
  AddOwnFiles("log", "log", found);
  int unknown = 0;
  for (const Resource& resource : found) {
    if (resource.place.find(runtime) != 0) continue;  // other programs of this user
    EXPECT_EQ(resource.owner, Resource::Owner::kUnknown) << resource.place;
    ++unknown;
  }
  EXPECT_EQ(unknown, 2);
  std::filesystem::remove_all(directory);
}

// The same process may count its names anew: in another transport, or after an execve, when what it
// left is still there. A recording that is there is read from its beginning.
TEST(OwnFile, ANameThatIsInUseIsNotGivenAgain) {
  char directory[] = "/tmp/jf-own-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  setenv("XDG_RUNTIME_DIR", directory, 1);
  std::vector<std::string> paths;
  for (int transport = 0; transport < 3; ++transport) {
    std::atomic<uint32_t> next{1};
    const auto opening = ServeOwnFile(
        "log", next, [&](const std::string& path) -> absl::StatusOr<std::unique_ptr<Opening>> {
          EXPECT_EQ(std::filesystem::file_size(path), 0u) << path;
          paths.push_back(path);
          std::ofstream(path) << "a record";
          return std::make_unique<Opening>();
        });
    EXPECT_TRUE(opening.ok()) << opening.status();
  }
  ASSERT_EQ(paths.size(), 3u);
  EXPECT_NE(paths[0], paths[1]);
  EXPECT_NE(paths[1], paths[2]);
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
