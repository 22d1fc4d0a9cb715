// What a service is told that nobody else is to see: the key `secrets` of a wiring. The content of
// a file goes to the service alone (tools/supervisor/secret_files.h), and stands on no command
// line, in no environment and in no output; what is told of it is its name and its path.
//
// Thread: any; plain values.
#ifndef JACKFIELD_TOOLS_WIRING_SECRETS_H_
#define JACKFIELD_TOOLS_WIRING_SECRETS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace jackfield {

inline constexpr size_t kSecretsMax = 64;             // of one service
inline constexpr size_t kSecretBytesMax = 256 << 10;  // of each

struct Secret {
  std::string name;  // "TOKEN": the service finds the path of it in TOKEN_FILE
  std::string path;  // a whole one
  std::string content;
  bool operator==(const Secret&) const = default;
};

// "TOKEN_FILE"
std::string SecretVariable(std::string_view name);

// The file at `path`. Errors: NOT_FOUND, UNAVAILABLE, INVALID_ARGUMENT (no file, or too large), one
// sentence.
absl::StatusOr<Secret> ReadSecret(std::string_view name, const std::string& path);

// A sentence, if others than its owner may read it; "": they may not.
std::string WhoElseReads(const Secret& secret);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_SECRETS_H_
