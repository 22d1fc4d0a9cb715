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
// Calls "count" again and again until it is stopped; says on stderr "asks" when it is connected,
// and "answered by another" when a further instance has answered. Prints how the calls ended: "120
// answered, 3 in doubt, 0 lost".
absl::Status AskerService(Service& service);
// Serves, and stays.
absl::Status SitterService(Service& service);
// Serves, and leaves at once with 0.
absl::Status LeaverService(Service& service);
// Serves, and its handler never comes back.
absl::Status SleeperService(Service& service);
// Serves, and holds every call that it gets.
absl::Status HolderService(Service& service);
// Returns an error before it serves.
absl::Status BrokenService(Service& service);
// Serves, and does not stop when it is asked to.
absl::Status StubbornService(Service& service);
// Sends one-way messages to "log", says on stderr how many were taken ("sent 1024"), and leaves at
// once. Its first argument: "once", as many as are taken without a wait, at most 1,024; "hang", the
// same, and then it stays until it is stopped; "on", one after the other until it is stopped.
absl::Status NotesService(Service& service);
// Counts them, and prints the count when it is asked to stop: "handled 1024". Its first argument
// "stops": its process stops (SIGSTOP) at the first one.
absl::Status LogService(Service& service);
// Writes its arguments on stderr, a line each, then a last line without an end; and on stdout.
absl::Status TalkerService(Service& service);
// Writes 10,000 lines of 100 bytes on stderr, "the end" there and "written" on stdout, and stays.
absl::Status FlooderService(Service& service);

}  // namespace jackfield

#endif  // JACKFIELD_TESTS_E2E_UP_TEST_SERVICES_H_
