// Paths as they are told and opened: without a "." in the middle.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_WIRING_SEEN_FROM_H_
#define JACKFIELD_TOOLS_WIRING_SEEN_FROM_H_

#include <string>
#include <string_view>

namespace jackfield {

// Of a file: up to its last '/', or "".
std::string DirectoryOf(std::string_view file);

// Does it say that it is seen from somewhere: does it begin with ./ or ../?
bool IsRelative(std::string_view path);

// The same path without "." and without doubled slashes; a "./" that it begins with stays, so that
// it is seen to be a path. So does "..": what stands before it may be a link.
std::string WithoutDots(std::string_view path);

// `path`, seen from `folder` ("" or ending in '/'), which is seen from where this program is: a
// whole path, WithoutDots.
std::string SeenFrom(std::string_view folder, std::string_view path);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_SEEN_FROM_H_
