// What went wrong in TLS, as a sentence that says what helps. Thread: any.
#ifndef JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_WORDS_H_
#define JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_WORDS_H_

#include <openssl/ssl.h>

#include <string_view>

#include "absl/status/status.h"

namespace jackfield {

// Of the last call of `ssl`, which failed; `wanted` is the name that the other end should have.
// PERMISSION_DENIED (one end does not accept the other), FAILED_PRECONDITION (other versions of
// TLS), DATA_LOSS (bytes that TLS does not send). Empties this thread's queue of errors.
absl::Status WhyTlsFailed(const SSL* ssl, std::string_view wanted);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_WORDS_H_
