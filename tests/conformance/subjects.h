// THE table of what the conformance suite runs on: every registered transport has at least one row
// here, and meta.cc fails when one has none. Nothing else in this folder knows a scheme.
#ifndef JACKFIELD_TESTS_CONFORMANCE_SUBJECTS_H_
#define JACKFIELD_TESTS_CONFORMANCE_SUBJECTS_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "kernel/registry.h"

namespace jackfield::conformance {

struct Subject {
  std::string_view name;   // in the names of the tests: letters, digits and '_'
  std::string_view serve;  // a bare address: the server chooses the rest and reports it
};

std::span<const Subject> Subjects();

// Can the ends of `caps`' medium meet by an address, or only by descriptors that a parent makes?
bool MeetsByAddress(const Subject& subject);

// Can what comes over it be answered? If not, one_way_test.cc is its suite.
bool Answers(const Subject& subject);

// What the running kernel must have for it and has not, as the refusal of its server says
// ("modprobe …"); empty if nothing lacks. Such a subject is skipped, with that sentence. Any other
// refusal is a failure of the test that meets it.
std::string Lacks(const Subject& subject);

// The address with ?raw: the suite proves this stack of shims and no other.
std::string Raw(std::string_view address);

// Of all built-in transports; lives as long as the program.
const Registry& TestRegistry();

}  // namespace jackfield::conformance

#endif  // JACKFIELD_TESTS_CONFORMANCE_SUBJECTS_H_
