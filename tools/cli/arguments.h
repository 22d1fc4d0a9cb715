// What a user wrote behind a verb, held against the verb's table of flags.
//
//   constexpr Flag kFlags[] = {{'o', "output", "FORMAT", "table or json"}, {'q', "quiet", "",
//   "print less"}}; absl::StatusOr<Arguments> arguments = ParseArguments(words, kFlags,
//   RestAllowed::kNo);
//
// Written as people do: --flag VALUE, --flag=VALUE, -f VALUE, -fVALUE, -abc for three switches.
// Everything behind `--` is the rest, for somebody else. The same table prints the help, so that
// the two cannot differ.
//
// Thread: any; plain values. A Flag's texts are literals; an Arguments owns its strings.
#ifndef JACKFIELD_TOOLS_CLI_ARGUMENTS_H_
#define JACKFIELD_TOOLS_CLI_ARGUMENTS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace jackfield {

struct Flag {
  char letter = '\0';           // '\0': it has none
  std::string_view name;        // without dashes
  std::string_view value_name;  // "" for a switch, which takes no value
  std::string_view help;
  bool repeats = false;  // may be given more than once
};

enum class RestAllowed { kNo, kYes };

struct Arguments {
  bool Has(std::string_view flag) const { return Find(flag).has_value(); }
  std::optional<std::string_view> Find(std::string_view flag) const;
  std::vector<std::string> All(std::string_view flag) const;

  std::vector<std::pair<std::string, std::string>> flags;  // name and value, in the order written
  std::vector<std::string> operands;
  std::vector<std::string> rest;  // behind `--`
};

// Errors: INVALID_ARGUMENT, one sentence that names the nearest known flag.
absl::StatusOr<Arguments> ParseArguments(std::span<const std::string> words,
                                         std::span<const Flag> known, RestAllowed rest);

// A number of digits and nothing else, as a flag's value. Nothing: it is none, or beyond 64 bits.
std::optional<uint64_t> NumberOf(std::string_view text);

// One line for each flag, in columns: "  -o, --output FORMAT  table or json".
std::string DescribeFlags(std::span<const Flag> flags);

// "; did you mean \"X\"?", or nothing when no candidate is near.
std::string DidYouMean(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_CLI_ARGUMENTS_H_
