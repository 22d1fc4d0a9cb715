// Runs the suite for every subject, in every place, over io_uring and over epoll: conformance
// SERVER_PROGRAM
#include <vector>

#include "gtest/gtest.h"
#include "tests/conformance/world.h"

namespace jackfield::conformance {
namespace {

std::vector<Param> Params() {
  std::vector<Param> params;
  for (const Subject& subject : Subjects()) {
    if (!Answers(subject)) continue;
    const absl::StatusOr<Address> address = TestRegistry().Parse(subject.serve);
    const Caps caps = TestRegistry().Describe(*address, Role::kServe).value();
    for (const Place place :
         {Place::kOneNode, Place::kTwoNodesInTurn, Place::kTwoThreads, Place::kTwoProcesses}) {
      if (place == Place::kTwoProcesses && caps.one_process) continue;
      if (place == Place::kTwoThreads && caps.one_thread) continue;
      for (const NodeOptions::Wait wait : {NodeOptions::Wait::kUring, NodeOptions::Wait::kEpoll}) {
        params.push_back({subject, place, wait});
      }
    }
  }
  return params;
}

INSTANTIATE_TEST_SUITE_P(All, Conformance, testing::ValuesIn(Params()),
                         [](const testing::TestParamInfo<Param>& info) {
                           return NameOf(info.param);
                         });

}  // namespace
}  // namespace jackfield::conformance

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc < 2) return 2;
  jackfield::conformance::SetServerProgram(argv[1]);
  return RUN_ALL_TESTS();
}
