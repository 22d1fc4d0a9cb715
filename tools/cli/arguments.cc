#include "tools/cli/arguments.h"

#include <algorithm>
#include <charconv>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

absl::Status Bad(std::string_view text) { return absl::InvalidArgumentError(std::string(text)); }

const Flag* ByName(std::string_view name, std::span<const Flag> known) {
  const auto found = std::find_if(known.begin(), known.end(),
                                  [name](const Flag& flag) { return flag.name == name; });
  return found == known.end() ? nullptr : &*found;
}

const Flag* ByLetter(char letter, std::span<const Flag> known) {
  const auto found = std::find_if(known.begin(), known.end(),
                                  [letter](const Flag& flag) { return flag.letter == letter; });
  return found == known.end() ? nullptr : &*found;
}

absl::Status UnknownFlag(std::string_view name, std::span<const Flag> known) {
  std::vector<std::string_view> names;
  for (const Flag& flag : known) names.push_back(flag.name);
  const std::string_view nearest = Nearest(name, names);
  return Bad(Text("no flag \"--", Escaped(name), "\"", nearest.empty() ? "" : "; did you mean \"--",
                  nearest, nearest.empty() ? "" : "\"?"));
}

// Reads the words one by one and files them.
class Reader {
 public:
  Reader(std::span<const std::string> words, std::span<const Flag> known)
      : words_(words), known_(known) {}

  absl::Status Read(RestAllowed rest) {
    while (next_ < words_.size()) {
      const std::string& word = words_[next_++];
      absl::Status status;
      if (word == "--") {
        result_.rest.assign(words_.begin() + static_cast<ptrdiff_t>(next_), words_.end());
        next_ = words_.size();
        if (rest == RestAllowed::kNo && !result_.rest.empty()) {
          status = Bad(Text("nothing is expected behind \"--\", but there is \"",
                            Escaped(result_.rest[0]), "\""));
        }
      } else if (word.size() > 2 && word.substr(0, 2) == "--") {
        status = ReadLong(std::string_view(word).substr(2));
      } else if (word.size() > 1 && word[0] == '-') {
        status = ReadLetters(std::string_view(word).substr(1));
      } else {
        result_.operands.push_back(word);
      }
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  Arguments Take() { return std::move(result_); }

 private:
  absl::Status ReadLong(std::string_view text) {
    const size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const Flag* flag = ByName(name, known_);
    if (flag == nullptr) return UnknownFlag(name, known_);
    if (equals == std::string_view::npos) return Add(*flag, std::nullopt);
    if (flag->value_name.empty()) return Bad(Text("--", name, " is a switch and takes no value"));
    return Add(*flag, text.substr(equals + 1));
  }

  absl::Status ReadLetters(std::string_view letters) {
    for (size_t i = 0; i < letters.size(); ++i) {
      const Flag* flag = ByLetter(letters[i], known_);
      if (flag == nullptr)
        return Bad(Text("no flag \"-", Escaped(letters.substr(i, 1)), "\" (in \"-",
                        Escaped(letters), "\")"));
      const bool attached = !flag->value_name.empty() && i + 1 < letters.size();
      absl::Status status =
          Add(*flag, attached ? std::optional(letters.substr(i + 1)) : std::nullopt);
      if (!status.ok() || attached) return status;
    }
    return absl::OkStatus();
  }

  absl::Status Add(const Flag& flag, std::optional<std::string_view> value) {
    if (!flag.repeats && result_.Has(flag.name))
      return Bad(Text("--", flag.name, " is given twice"));
    if (flag.value_name.empty()) {
      value = "";
    } else if (!value) {
      if (next_ >= words_.size() || words_[next_] == "--")
        return Bad(Text("--", flag.name, " needs a value: --", flag.name, " ", flag.value_name));
      value = words_[next_++];
    }
    result_.flags.emplace_back(flag.name, *value);
    return absl::OkStatus();
  }

  const std::span<const std::string> words_;
  const std::span<const Flag> known_;
  size_t next_ = 0;
  Arguments result_;
};

}  // namespace

std::optional<std::string_view> Arguments::Find(std::string_view flag) const {
  for (const auto& [name, value] : flags) {
    if (name == flag) return value;
  }
  return std::nullopt;
}

std::vector<std::string> Arguments::All(std::string_view flag) const {
  std::vector<std::string> values;
  for (const auto& [name, value] : flags) {
    if (name == flag) values.push_back(value);
  }
  return values;
}

absl::StatusOr<Arguments> ParseArguments(std::span<const std::string> words,
                                         std::span<const Flag> known, RestAllowed rest) {
  Reader reader(words, known);
  if (absl::Status status = reader.Read(rest); !status.ok()) return status;
  return reader.Take();
}

std::optional<uint64_t> NumberOf(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string DescribeFlags(std::span<const Flag> flags) {
  std::vector<std::string> left;
  size_t width = 0;
  for (const Flag& flag : flags) {
    left.push_back(Text("  ",
                        flag.letter == '\0' ? std::string("    ") : Text("-", flag.letter, ", "),
                        "--", flag.name, flag.value_name.empty() ? "" : " ", flag.value_name));
    width = std::max(width, left.back().size());
  }
  std::string text;
  for (size_t i = 0; i < flags.size(); ++i) {
    text += Text(left[i], std::string(width - left[i].size() + 2, ' '), flags[i].help, "\n");
  }
  return text;
}

std::string DidYouMean(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string_view nearest = Nearest(word, candidates);
  return nearest.empty() ? "" : Text("; did you mean \"", nearest, "\"?");
}

}  // namespace jackfield
