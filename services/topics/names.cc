#include "services/topics/names.h"

#include <algorithm>
#include <string>

#include "kernel/base/text.h"

namespace jackfield::topics {
namespace {

enum class Kind { kTopic, kPattern };

absl::Status Wrong(Kind kind, std::string_view name, std::string_view what) {
  return absl::InvalidArgumentError(Text(kind == Kind::kTopic ? "the topic \"" : "the pattern \"",
                                         Escaped(name.substr(0, kNameBytesMax)), "\" ", what));
}

// Nothing that would not be seen where it is shown, or would be taken for the end of the name.
bool IsPlain(std::string_view name) {
  const auto is_bad = [](char c) { return (c >= 0 && c <= ' ') || c == '\x7f'; };
  const auto is_ascii = [](char c) { return c >= 0; };
  if (std::any_of(name.begin(), name.end(), is_bad)) return false;
  return std::all_of(name.begin(), name.end(), is_ascii) || Escaped(name) == name;
}

absl::Status Check(Kind kind, std::string_view name) {
  if (name.empty()) return Wrong(kind, name, "is empty  try: shop.price.tea");
  if (name.size() > kNameBytesMax) {
    return Wrong(kind, name,
                 Text("… has ", name.size(), " bytes; ", kNameBytesMax, " are the limit"));
  }
  if (!IsPlain(name))
    return Wrong(kind, name, "has a space, a control character or bytes that are no UTF-8");
  const auto dots = static_cast<size_t>(std::count(name.begin(), name.end(), '.'));
  if (dots >= kLevelsMax)
    return Wrong(kind, name, Text("has ", dots + 1, " levels; ", kLevelsMax, " are the limit"));
  if (name.back() == '.') return Wrong(kind, name, "has a level without a name");
  for (std::string_view rest = name; !rest.empty();) {
    const std::string_view level = CutLevel(rest);
    if (level.empty()) return Wrong(kind, name, "has a level without a name");
    const bool stands_for_others = level == "*" || (level == ">" && rest.empty());
    if (level.find_first_of("*>") != std::string_view::npos &&
        (kind == Kind::kTopic || !stands_for_others)) {
      return Wrong(kind, name,
                   kind == Kind::kTopic
                       ? "has a '*' or '>', which only a pattern may have"
                       : "has a '*' that is not a level, or a '>' that is not the last one");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTopic(std::string_view topic) { return Check(Kind::kTopic, topic); }
absl::Status CheckPattern(std::string_view pattern) { return Check(Kind::kPattern, pattern); }

bool Matches(std::string_view pattern, std::string_view topic) {
  while (!pattern.empty() && !topic.empty()) {
    const std::string_view wanted = CutLevel(pattern), level = CutLevel(topic);
    if (wanted == ">") return true;
    if (wanted != "*" && wanted != level) return false;
  }
  return pattern.empty() && topic.empty();
}

bool Covers(std::string_view pattern, std::string_view narrower) {
  while (!pattern.empty() && !narrower.empty()) {
    const std::string_view wide = CutLevel(pattern), narrow = CutLevel(narrower);
    if (wide == ">") return true;
    if (narrow == ">" || (wide != "*" && wide != narrow)) return false;
  }
  return pattern.empty() && narrower.empty();
}

bool Overlap(std::string_view pattern, std::string_view other) {
  while (!pattern.empty() && !other.empty()) {
    const std::string_view one = CutLevel(pattern), two = CutLevel(other);
    if (one == ">" || two == ">") return true;
    if (one != "*" && two != "*" && one != two) return false;
  }
  return pattern.empty() && other.empty();
}

std::string_view FixedPart(std::string_view pattern) {
  return pattern.substr(0, pattern.find_first_of("*>"));
}

}  // namespace jackfield::topics
