// Linked into every program under --config=tsan (see .bazelrc).
//
// The system's Abseil was built without ThreadSanitizer, which therefore does not see its reference
// counts and reports false races when the last reference to one of these dies in another thread.

extern "C" const char* __tsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier)
  return "race:absl::*::Status::Unref\n"
         "race:absl::*::StatusRep::Unref\n"
         "race:absl::*::CordRep\n"
         "race:absl::*::Cord::~Cord\n"
         "race:absl::*::cctz::\n";
}
