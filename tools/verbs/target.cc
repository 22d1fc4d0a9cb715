#include "tools/verbs/target.h"

#include "tools/running/find_service.h"

namespace jackfield {

absl::StatusOr<std::string> AddressOfTarget(const Program& program, const Arguments& arguments,
                                            std::string_view target) {
  if (target.find(':') != std::string_view::npos) return std::string(target);
  return FindService(*program.registry, arguments.Find("wiring").value_or(""), target);
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
