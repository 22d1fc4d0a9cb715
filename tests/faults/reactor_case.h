// The parameter of a suite that runs for some subjects of the conformance suite, each over io_uring
// and over epoll.
#ifndef JACKFIELD_TESTS_FAULTS_REACTOR_CASE_H_
#define JACKFIELD_TESTS_FAULTS_REACTOR_CASE_H_

#include <ostream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"

namespace jackfield::conformance {

struct ReactorCase {
  Subject subject;
  NodeOptions::Wait wait;
};

// Behind `cases`: this subject over each reactor.
inline void AddOverEachReactor(const Subject& subject, std::vector<ReactorCase>& cases) {
  for (const auto wait : {NodeOptions::Wait::kUring, NodeOptions::Wait::kEpoll})
    cases.push_back({subject, wait});
}

// "tcp4_epoll"
inline std::string NameOfCase(const testing::TestParamInfo<ReactorCase>& info) {
  return std::string(info.param.subject.name) +
         (info.param.wait == NodeOptions::Wait::kUring ? "_uring" : "_epoll");
}

inline void PrintTo(const ReactorCase& param, std::ostream* out) {
  *out << NameOfCase(testing::TestParamInfo<ReactorCase>(param, 0));
}

}  // namespace jackfield::conformance

#endif  // JACKFIELD_TESTS_FAULTS_REACTOR_CASE_H_
