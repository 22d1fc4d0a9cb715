// Runs the suite for every subject, in every place, over io_uring and over epoll: conformance
// SERVER_PROGRAM
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
  return RUN_ALL_TESTS();
}
