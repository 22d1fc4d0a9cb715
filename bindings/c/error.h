// How a function of the C ABI ends: it returns a code, and leaves the rest for jf_error().
//
// Thread: any; each has an error of its own.
#ifndef JACKFIELD_BINDINGS_C_ERROR_H_
#define JACKFIELD_BINDINGS_C_ERROR_H_

#include <exception>
#include <string_view>

#include "absl/status/status.h"
#include "bindings/c/jackfield.h"

namespace jackfield::c {

// Returns its code, JF_OK if it is one.
int Say(const absl::Status& status);
int SayThrown(const char* function, const std::exception_ptr& thrown);

// The error that a callback of the user's returned as `code`: the last one, if it is that.
absl::Status StatusOf(int code);

// REFUSED misuse: "jf_call: text".
absl::Status Misuse(const char* function, std::string_view text);
// INVALID_ARGUMENT, and REFUSED: nothing happened.
absl::Status Wrong(const char* function, std::string_view text);

}  // namespace jackfield::c

#endif  // JACKFIELD_BINDINGS_C_ERROR_H_
