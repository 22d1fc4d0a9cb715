// Tiny services for the tests of `jackfield up`, in the shape of the main job: source → tokenize →
// count.
//
// Thread: each service's own.
#ifndef JACKFIELD_TESTS_E2E_UP_TEST_SERVICES_H_
#define JACKFIELD_TESTS_E2E_UP_TEST_SERVICES_H_

#include "services/service.h"

namespace jackfield {

// Sends each of its arguments, word by word, to "tokenize", then says that this was all. As last
// argument "hang": says "it stays" and does, until it is stopped; "fail": returns an error. Before
// them "twice": every word goes to the role "other" too.
absl::Status SourceService(Service& service);
// Passes on to "count" whatever is not empty.
absl::Status TokenizeService(Service& service);
// Counts; prints the count when it is told that this was all. Its first argument, if any, is
// printed in front.
absl::Status CountService(Service& service);
// Serves, and stays.
absl::Status SitterService(Service& service);
// Serves, and leaves at once with 0.
absl::Status LeaverService(Service& service);
// Returns an error before it serves.
absl::Status BrokenService(Service& service);
// Serves, and does not stop when it is asked to.
absl::Status StubbornService(Service& service);
// Writes its arguments on stderr, a line each, then a last line without an end; and on stdout.
absl::Status TalkerService(Service& service);
// Writes 10,000 lines of 100 bytes on stderr, "the end" there and "written" on stdout, and stays.
absl::Status FlooderService(Service& service);

}  // namespace jackfield

#endif  // JACKFIELD_TESTS_E2E_UP_TEST_SERVICES_H_
