// Text() joins its arguments into one string, for error messages and other cold text.
//
// Why not absl::StrCat: Debian 12 builds Abseil with a string_view of its own, which does not take
// a std::string_view, the type this project uses.
#ifndef JACKFIELD_KERNEL_BASE_TEXT_H_
#define JACKFIELD_KERNEL_BASE_TEXT_H_

#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace jackfield {

template <class... Parts>
std::string Text(const Parts&... parts) {
  std::string text;
  const auto add = [&text](const auto& part) {
    using Part = std::decay_t<decltype(part)>;
    if constexpr (std::is_same_v<Part, char>) {
      text += part;
    } else if constexpr (std::is_arithmetic_v<Part>) {
      text += std::to_string(part);
    } else {
      text += std::string_view(part);
    }
  };
  (add(parts), ...);
  return text;
}

// The candidate that `word` was probably meant to be, or "" when none is near (edit distance at
// most a third of the word, at least 1).
std::string_view Nearest(std::string_view word, std::span<const std::string_view> candidates);

// `text` so that it can be logged though a peer wrote it: control characters, bytes that are no
// UTF-8, and marks that would hide or turn round what follows are written as \xNN.
std::string Escaped(std::string_view text);

// "a, b and c"
std::string Listed(std::span<const std::string_view> words);

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_BASE_TEXT_H_
