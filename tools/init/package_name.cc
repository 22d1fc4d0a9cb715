#include "tools/init/package_name.h"

#include <dlfcn.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "kernel/base/text.h"
#include "tools/stubs/words.h"

namespace jackfield {
namespace {

// Namespaces that its code and what it includes name, also by `using namespace jackfield`.
constexpr std::string_view kNamespaces[] = {"abi", "absl",           "flatbuffers", "jackfield",
                                            "std", "stubs_internal", "testing",     "wire"};
// Beside NAME itself in the BUILD file and in the code.
constexpr std::string_view kOfTheTemplate[] = {"ask", "greeter", "main"};
// The schema language takes these for types. Those that are words of C++, too, are told as such.
constexpr std::string_view kTypesOfSchemas[] = {
    "byte",  "float32", "float64", "int16",  "int32",  "int64", "int8",  "string",
    "ubyte", "uint",    "uint16",  "uint32", "uint64", "uint8", "ulong", "ushort"};
// Types and macros of the headers that it includes, beside those that end in _t. Functions are
// asked for one by one.
constexpr std::string_view kOfTheCLibrary[] = {
    "alloca",   "assert",  "atexit", "cmsghdr", "crypt",    "errno",  "iovec",
    "iszero",   "lconv",   "linger", "major",   "makedev",  "minor",  "mmsghdr",
    "msghdr",   "obstack", "pollfd", "rusage",  "sigevent", "sigval", "sockaddr",
    "timespec", "timeval", "timex",  "tm",      "ucred"};

bool Contains(const auto& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// `namespace log` and the function log() cannot stand side by side.
bool IsOfTheCLibrary(const std::string& name) {
  if (Contains(kOfTheCLibrary, name) || name.ends_with("_t")) return true;
  for (const char* const library : {"libc.so.6", "libm.so.6"}) {
    void* const handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);  // it is in this process already
    if (handle == nullptr) continue;
    const bool found = dlsym(handle, name.c_str()) != nullptr;
    dlclose(handle);
    if (found) return true;
  }
  return false;
}

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

absl::Status Refuse(std::string_view name, std::string_view why) {
  return absl::InvalidArgumentError(
      Text("\"", Escaped(name), "\" cannot name a new service: ", why));
}

absl::Status RefuseTaken(std::string_view name, std::string_view why) {
  return Refuse(name, Text(why, "; a longer name helps, such as my_", name));
}

}  // namespace

absl::Status CheckPackageName(std::string_view name) {
  const bool has_its_letters = std::all_of(
      name.begin(), name.end(), [](char c) { return IsLower(c) || IsDigit(c) || c == '_'; });
  if (name.empty() || !has_its_letters || !IsLower(name[0]) || name.back() == '_' ||
      name.find("__") != name.npos) {
    return Refuse(name,
                  "a name is made of a-z, 0-9 and '_', begins with a letter, and has no '_' at its "
                  "end or beside another");
  }
  if (name.size() > kPackageNameBytesMax)
    return Refuse(name, Text("a name has at most ", kPackageNameBytesMax, " letters"));
  if (stubs::IsCppWord(name)) return RefuseTaken(name, "it is a word of C++");
  if (Contains(kTypesOfSchemas, name)) return RefuseTaken(name, "it is a type of FlatBuffers");
  if (Contains(kNamespaces, name))
    return RefuseTaken(name, "its code uses a namespace of that name");
  if (Contains(kOfTheTemplate, name))
    return RefuseTaken(name, "a part of what is written has that name already");
  if (IsOfTheCLibrary(std::string(name)))
    return RefuseTaken(name, "it is to be a namespace, and the C library has that name already");
  return absl::OkStatus();
}

absl::Status CheckPackageFolder(std::string_view folder) {
  for (const char c : folder) {
    if (IsLower(c) || IsUpper(c) || IsDigit(c) ||
        std::string_view("_-./").find(c) != std::string_view::npos)
      continue;
    return absl::InvalidArgumentError(
        Text("a service cannot lie in \"", Escaped(folder),
             "\": names of folders are made of a-z, A-Z, 0-9, '_', '-' and '.'"));
  }
  return absl::OkStatus();
}

}  // namespace jackfield
