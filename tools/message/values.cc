#include "tools/message/values.h"

#include "kernel/base/text.h"

namespace jackfield::message {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

// Behind the object that `text` begins with; npos: it does not end.
size_t EndOf(std::string_view text) {
  size_t depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

}  // namespace

absl::StatusOr<std::vector<std::string_view>> CutValues(std::string_view text) {
  std::vector<std::string_view> values;
  for (size_t begin = text.find_first_not_of(kSpace); begin != std::string_view::npos;
       begin = text.find_first_not_of(kSpace)) {
    text.remove_prefix(begin);
    const std::string which =
        values.empty() ? std::string("it") : Text("value ", values.size() + 1);
    if (text[0] != '{') return absl::InvalidArgumentError(Text(which, " does not begin with {"));
    const size_t end = EndOf(text);
    if (end == std::string_view::npos)
      return absl::InvalidArgumentError(Text(which, " ends before its }"));
    values.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return values;
}

}  // namespace jackfield::message
