#include "bindings/c/error.h"

#include <new>
#include <string>

#include "jackfield/outcome.h"
#include "kernel/base/text.h"
#include "kernel/base/thrown.h"

namespace jackfield::c {
namespace {

struct LastError {
  std::string text;
  jf_error_info info{sizeof(jf_error_info), 0, 0, 0, "", "OK", "none"};
};
LastError& Last() {
  thread_local LastError last;
  return last;
}

}  // namespace

int Say(const absl::Status& status) {
  if (status.ok()) return JF_OK;
  const int raw = status.raw_code();
  const int code = raw >= JF_CANCELLED && raw <= JF_UNAUTHENTICATED ? raw : JF_UNKNOWN;
  const Outcome outcome = OutcomeOf(status);
  const Reason reason = ReasonOf(status);
  LastError& last = Last();
  last.text.assign(status.message().data(), status.message().size());
  last.info = {sizeof(jf_error_info),     code,
               static_cast<int>(outcome), static_cast<int>(reason),
               last.text.c_str(),         Name(outcome).data(),
               Name(reason).data()};
  return code;
}

int SayThrown(const char* function, const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    LastError& last = Last();
    last.info = {sizeof(jf_error_info),
                 JF_RESOURCE_EXHAUSTED,
                 JF_OUTCOME_REFUSED,
                 JF_REASON_RESOURCE,
                 "the system gives this process no more memory",
                 "REFUSED",
                 "resource"};
    return JF_RESOURCE_EXHAUSTED;
  } catch (...) {
    return Say(absl::InternalError(Text(function, ": ", TextOf(thrown))));
  }
}

absl::Status StatusOf(int code) {
  if (code == JF_OK) return absl::OkStatus();
  const jf_error_info& last = Last().info;
  if (code == last.code) {
    return MakeStatus(static_cast<Outcome>(last.outcome), static_cast<Reason>(last.reason), code,
                      last.text);
  }
  return MakeStatus(Outcome::kOk, Reason::kNone, code, Text("it returned the status ", code));
}

absl::Status Misuse(const char* function, std::string_view text) {
  return Refused(Reason::kMisuse, Text(function, ": ", text));
}

absl::Status Wrong(const char* function, std::string_view text) {
  return MakeStatus(Outcome::kRefused, Reason::kMisuse, JF_INVALID_ARGUMENT,
                    Text(function, ": ", text));
}

}  // namespace jackfield::c

const jf_error_info* jf_error(void) { return &jackfield::c::Last().info; }
