// Exceptions do not cross the bus. Where the kernel runs code of its user's (a handler, a callback,
// the function that builds a message) it catches what that throws, and whoever waits for the code
// gets a status instead. What nobody waits for is said on stderr.
//
// For sources of the kernel: a header with a try block would not compile with -fno-exceptions,
// which programs may use.
#ifndef JACKFIELD_KERNEL_BASE_THROWN_H_
#define JACKFIELD_KERNEL_BASE_THROWN_H_

#include <exception>
#include <string>
#include <string_view>

namespace jackfield {

// What it says of itself, escaped, or its type where it is no std::exception. Requires: not null.
std::string TextOf(const std::exception_ptr& thrown);

// "jackfield: WHERE threw: WHAT" on stderr. After kThrownSaidMax lines of one process it says that
// it says no more: whoever makes a handler throw must not fill a log.
inline constexpr int kThrownSaidMax = 100;
void SayThrown(std::string_view where, const std::exception_ptr& thrown);

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_BASE_THROWN_H_
