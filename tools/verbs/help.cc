#include "tools/verbs/help.h"

#include <cstdio>

#include "kernel/base/text.h"
#include "tools/cli/help_json.h"
#include "tools/cli/man.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {
    {'o', "output", "FORMAT", "table (the default: text) or json, one object for all of it"},
    {'m', "man", "", "a manual page, as for man -l"}};

int RunHelp(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return Complain(kExitUsage, std::string(output.status().message()));
  const bool json = *output == Output::kJson, man = arguments.Has("man");
  if (man && arguments.Has("output"))
    return Complain(kExitUsage, "help: --man is a format by itself; leave --output out");
  std::string text;
  if (arguments.operands.empty())
    text = man    ? ManOfProgram(program)
           : json ? HelpOfProgramAsJson(program)
                  : HelpOfProgram(program);
  std::vector<std::string_view> names;
  for (const Verb& verb : program.verbs) {
    if (!verb.hidden) names.push_back(verb.name);
    if (arguments.operands.empty() || verb.name != arguments.operands[0]) continue;
    if (man || json || verb.run_words == nullptr) {
      text = man ? ManOfVerb(verb) : json ? HelpOfVerbAsJson(verb) : HelpOfVerb(verb);
      continue;
    }
    std::string words[] = {std::string(verb.name), "--help"};  // it knows its own flags
    char* argv[] = {words[0].data(), words[1].data(), nullptr};
    return verb.run_words(program, 2, argv);
  }
  if (text.empty()) {
    const std::string& word = arguments.operands[0];
    return Complain(kExitUsage, Text("no verb \"", Escaped(word), "\"", DidYouMean(word, names),
                                     "\n  try: jackfield help"));
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitOk;
}

}  // namespace

Verb HelpVerb() {
  return {.name = "help",
          .summary = "what there is, or what one verb does",
          .usage = "[VERB]",
          .description =
              "-o json: verbs, flags and services as data. --man: jackfield(1), or "
              "jackfield-VERB(1):\n"
              "jackfield help --man up >up.1 && man -l ./up.1; //tools:man makes all of them.\n",
          .flags = kFlags,
          .operands_max = 1,
          .run = RunHelp};
}

}  // namespace jackfield
