#include "tools/verbs/load_profile.h"

#include <string>
#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "tools/running/supervisor_client.h"

namespace jackfield {
namespace {

// As it would stand on a command line.
std::vector<std::string> WordsOf(const LoadEntry::Flag& flag, std::span<const Flag> known) {
  for (const Flag& of_verb : known) {
    if (of_verb.name == flag.name && of_verb.value_name.empty() && flag.value == "true")
      return {Text("--", flag.name)};
  }
  return {Text("--", flag.name, "=", flag.value)};
}

std::vector<Flag> WithCommon(std::span<const Flag> known) {
  std::vector<Flag> all(known.begin(), known.end());
  for (const Flag& flag : CommonFlags()) all.push_back(flag);
  return all;
}

absl::StatusOr<std::string> FileOfRunning(const Program& program, const Arguments& given) {
  const absl::StatusOr<std::unique_ptr<SupervisorClient>> client =
      SupervisorClient::Open(*program.registry, given.Find("wiring").value_or(""));
  if (!client.ok()) return client.status();
  const absl::StatusOr<MessageOf<init::Wiring>> wiring = (*client)->Look();
  if (!wiring.ok()) return wiring.status();
  if ((*wiring)->file() == nullptr || (*wiring)->file()->size() == 0) {
    return absl::NotFoundError(
        Text("the wiring ", (*client)->wiring().name, " has no file in which a load could stand"));
  }
  return (*wiring)->file()->str();
}

}  // namespace

absl::Status CheckProfile(std::string_view file, const LoadEntry& load,
                          std::span<const Flag> known) {
  const std::vector<Flag> all = WithCommon(known);
  std::vector<std::string> words;
  for (const LoadEntry::Flag& flag : load.flags) {
    for (std::string& word : WordsOf(flag, all)) words.push_back(std::move(word));
    const absl::StatusOr<Arguments> parsed = ParseArguments(words, all, RestAllowed::kNo);
    if (parsed.ok()) continue;
    return absl::InvalidArgumentError(Text(Prefix(file, flag.place), "in load ", load.name, ": ",
                                           std::string(parsed.status().message())));
  }
  return absl::OkStatus();
}

absl::StatusOr<Arguments> ArgumentsOfProfile(const Program& program, const Arguments& given,
                                             std::span<const Flag> known) {
  const std::string_view name = given.operands[0];
  const absl::StatusOr<std::string> file = FileOfRunning(program, given);
  if (!file.ok()) return file.status();
  const absl::StatusOr<std::string> text = ReadWiringText(*file);
  if (!text.ok()) return text.status();
  const absl::StatusOr<std::vector<LoadEntry>> loads = ParseLoads(*file, *text);
  if (!loads.ok()) return loads.status();
  std::vector<std::string_view> names;
  for (const LoadEntry& load : *loads) {
    names.push_back(load.name);
    if (load.name != name) continue;
    if (absl::Status status = CheckProfile(*file, load, known); !status.ok()) return status;
    Arguments arguments = given;
    arguments.operands = {load.target};
    if (!load.data.empty() && !given.Has("data") && !given.Has("requests"))
      arguments.operands.push_back(load.data);
    for (const LoadEntry::Flag& flag : load.flags) {
      if (!given.Has(flag.name)) arguments.flags.emplace_back(flag.name, flag.value);
    }
    return arguments;
  }
  return absl::NotFoundError(Text(Escaped(*file), " has no [load.", Escaped(name), "]",
                                  DidYouMean(name, names),
                                  names.empty() ? "" : Text("; it has ", Listed(names)),
                                  "\n  try: jackfield load SERVICE/METHOD --rate 1000"));
}

}  // namespace jackfield
