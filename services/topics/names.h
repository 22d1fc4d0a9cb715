// Names of topics, and patterns of them.
//
// A topic is 1 to 16 levels with dots between them: shop.price.tea. A level is text without spaces,
// control characters, '*' and '>'. In a pattern a level may be '*', which stands for any one, and
// the last may be '>', which stands for one or more: shop.> is shop.price and shop.price.tea, and
// not shop.
//
// Thread: any.
#ifndef JACKFIELD_SERVICES_TOPICS_NAMES_H_
#define JACKFIELD_SERVICES_TOPICS_NAMES_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace jackfield::topics {

inline constexpr size_t kLevelsMax = 16;
inline constexpr size_t kNameBytesMax = 255;

// Errors: INVALID_ARGUMENT, which shows the name and says what is wrong with it.
absl::Status CheckTopic(std::string_view topic);
absl::Status CheckPattern(std::string_view pattern);

// Requires: both have passed their check.
bool Matches(std::string_view pattern, std::string_view topic);

// Does `pattern` match every topic that `narrower` does? Requires: as Matches.
bool Covers(std::string_view pattern, std::string_view narrower);
// Is there a topic that both patterns match? Requires: as Matches.
bool Overlap(std::string_view pattern, std::string_view other);

// What every topic begins with that matches: all of a pattern without '*' and '>'.
std::string_view FixedPart(std::string_view pattern);

// Cuts the first level off, with its dot.
inline std::string_view CutLevel(std::string_view& name) {
  const size_t dot = name.find('.');
  const std::string_view level = name.substr(0, dot);
  name.remove_prefix(dot == std::string_view::npos ? name.size() : dot + 1);
  return level;
}

}  // namespace jackfield::topics

#endif  // JACKFIELD_SERVICES_TOPICS_NAMES_H_
