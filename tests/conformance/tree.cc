// The whole tree of sources, as it lies on the disk: no file of code is longer than the house
// allows.
//
// Argument: a file of the tree, among this test's own files, which are symlinks to the real ones.
// So no package has to hand its sources over, and none can be forgotten; the target is never
// cached.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

constexpr int64_t kFileLinesMax = 500;
constexpr std::string_view kCode[] = {".h", ".cc", ".fbs", ".py", ".sh", ".bzl"};

std::filesystem::path& Root() {
  static auto* const root = new std::filesystem::path;
  return *root;
}

TEST(Tree, FilesOfCodeStaySmall) {
  ASSERT_TRUE(std::filesystem::exists(Root() / "WORKSPACE"))
      << Root() << " is not the tree; this test must run where the sources are";
  size_t files = 0;
  auto at = std::filesystem::recursive_directory_iterator(Root());
  for (const auto& entry : at) {
    const std::string name = entry.path().filename();
    if (entry.is_symlink()) continue;  // bazel-bin and its like
    if (entry.is_directory()) {
      if (name[0] == '.') at.disable_recursion_pending();
      continue;
    }
    const std::string extension = entry.path().extension();
    if (std::find(std::begin(kCode), std::end(kCode), extension) == std::end(kCode)) continue;
    std::ifstream file(entry.path());
    const auto lines =
        std::count(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>(), '\n');
    EXPECT_LE(lines, kFileLinesMax) << entry.path() << ": is it two ideas?";
    ++files;
  }
  EXPECT_GT(files, 300u) << "most of the tree was not read";
}

}  // namespace
}  // namespace jackfield

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc < 2) return 2;
  // ROOT/kernel/frame.h
  jackfield::Root() = std::filesystem::canonical(argv[1]).parent_path().parent_path();
  return RUN_ALL_TESTS();
}
