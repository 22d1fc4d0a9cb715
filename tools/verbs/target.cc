#include "tools/verbs/target.h"

#include "kernel/base/text.h"

namespace jackfield {

absl::StatusOr<std::string> AddressOfTarget(std::string_view target) {
  if (target.find(':') != std::string_view::npos) return std::string(target);
  return absl::InvalidArgumentError(
      Text("\"", Escaped(target),
           "\" is no address, which has a ':' in it, and a service of a running wiring cannot be "
           "called by its name yet\n  try: unix:@",
           Escaped(target)));
}

std::vector<std::string> WordsOfTarget(const std::vector<std::string>& operands) {
  std::vector<std::string> words = operands;
  if (words.empty() || words[0].find(':') != std::string::npos) return words;
  const size_t slash = words[0].find('/');
  if (slash == std::string::npos) return words;
  words.insert(words.begin() + 1, words[0].substr(slash + 1));
  words[0].resize(slash);
  return words;
}

}  // namespace jackfield
