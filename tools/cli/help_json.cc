#include "tools/cli/help_json.h"

#include <span>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

// `show` of each, with commas between them, in brackets.
template <class List, class Show>
std::string Array(const List& list, Show show) {
  std::string text = "[";
  for (const auto& element : list) text += Text(text.size() > 1 ? "," : "", show(element));
  return text + "]";
}

std::string FlagsOf(std::span<const Flag> flags) {
  return Array(flags, [](const Flag& flag) {
    const std::string letter = flag.letter == '\0' ? std::string() : std::string(1, flag.letter);
    return Text("{\"name\":", JsonString(flag.name), ",\"letter\":", JsonString(letter),
                ",\"value\":", JsonString(flag.value_name),
                ",\"repeats\":", flag.repeats ? "true" : "false",
                ",\"help\":", JsonString(flag.help), "}");
  });
}

std::string ObjectOf(const Verb& verb) {
  return Text("{\"name\":", JsonString(verb.name), ",\"summary\":", JsonString(verb.summary),
              ",\"usage\":", JsonString(verb.usage),
              ",\"description\":", JsonString(verb.description), ",\"flags\":", FlagsOf(verb.flags),
              "}");
}

}  // namespace

std::string HelpOfProgramAsJson(const Program& program) {
  std::string verbs;
  for (const Verb& verb : program.verbs) {
    if (!verb.hidden) verbs += Text(verbs.empty() ? "" : ",", ObjectOf(verb));
  }
  return Text("{\"verbs\":[", verbs, "],\"flags\":", FlagsOf(CommonFlags()), ",\"services\":",
              Array(program.services,
                    [](const BuiltinService& service) {
                      return Text("{\"name\":", JsonString(service.name),
                                  ",\"summary\":", JsonString(service.summary), "}");
                    }),
              "}\n");
}

std::string HelpOfVerbAsJson(const Verb& verb) { return ObjectOf(verb) + "\n"; }

}  // namespace jackfield
