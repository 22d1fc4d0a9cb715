// Runs the suite for every subject, in every place, over io_uring and over epoll: conformance
// SERVER_PROGRAM
#include <cstdlib>
#include <filesystem>

#include "gtest/gtest.h"
#include "tests/conformance/world.h"

namespace jackfield::conformance {
namespace {

INSTANTIATE_TEST_SUITE_P(All, Conformance, testing::ValuesIn(EveryParam()),
                         [](const auto& info) { return NameOf(info.param); });

}  // namespace
}  // namespace jackfield::conformance

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc < 2) return 2;
  jackfield::conformance::SetServerProgram(argv[1]);
  // A runtime directory of its own: process numbers, and so names, repeat in the sandboxes of other
  // tests, and what a killed server left must not be taken for theirs.
  char directory[] = "/tmp/jf-conformance-XXXXXX";
  if (mkdtemp(directory) == nullptr) return 2;
  setenv("XDG_RUNTIME_DIR", directory, 1);
  const int result = RUN_ALL_TESTS();
  std::filesystem::remove_all(directory);
  return result;
}
