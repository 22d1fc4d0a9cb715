#include "tools/verbs/data.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "kernel/base/text.h"
#include "kernel/base/units.h"

namespace jackfield {
namespace {

absl::StatusOr<std::string> ReadAll(const std::string& name) {
  std::FILE* file = name == "-" ? stdin : std::fopen(name.c_str(), "re");
  const std::string shown = name == "-" ? "standard input" : Escaped(name);
  if (file == nullptr)
    return absl::NotFoundError(Text("cannot read ", shown, ": ", std::strerror(errno)));
  std::string text;
  char bytes[1 << 16];
  size_t got = 0;
  while (text.size() <= kInputBytesMax && (got = std::fread(bytes, 1, sizeof bytes, file)) > 0)
    text.append(bytes, got);
  const bool failed = std::ferror(file) != 0;
  const int error = errno;
  if (file != stdin) std::fclose(file);
  if (failed) return absl::NotFoundError(Text("cannot read ", shown, ": ", std::strerror(error)));
  if (text.size() <= kInputBytesMax) return text;
  return absl::InvalidArgumentError(
      Text(shown, " has more than ", FormatBytes(kInputBytesMax), ", the limit of one call"));
}

}  // namespace

absl::StatusOr<std::optional<std::string>> DataOf(std::optional<std::string_view> word,
                                                  std::optional<std::string_view> data,
                                                  std::string_view noun) {
  if (data.has_value() && word.has_value()) {
    return absl::InvalidArgumentError(
        Text("the data stand behind ", noun, " or in --data, not in both"));
  }
  if (word.has_value()) return std::string(*word);
  if (!data.has_value()) return std::nullopt;
  const bool is_file = data->starts_with('@') && data->size() > 1;
  if (!is_file && *data != "-") {
    return absl::InvalidArgumentError(
        Text("--data is @FILE, or - for stdin, not \"", Escaped(*data), "\""));
  }
  absl::StatusOr<std::string> text = ReadAll(std::string(is_file ? data->substr(1) : *data));
  if (!text.ok()) return text.status();
  return *std::move(text);
}

absl::StatusOr<uint64_t> CountOf(const Arguments& arguments) {
  const std::optional<std::string_view> text = arguments.Find("count");
  if (!text.has_value()) return 0;
  if (const std::optional<uint64_t> count = NumberOf(*text); count.value_or(0) != 0) return *count;
  return absl::InvalidArgumentError(
      Text("--count is a number, 1 or more, not \"", Escaped(*text), "\""));
}

absl::Status PrintLine(std::string_view text) {
  errno = 0;
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fputc('\n', stdout);
  if (std::fflush(stdout) == 0) return absl::OkStatus();
  return absl::UnknownError(Text("cannot write to standard output: ", std::strerror(errno)));
}

}  // namespace jackfield
