#include "tools/completion/complete.h"

#include <algorithm>
#include <utility>

#include "kernel/base/text.h"

namespace jackfield::completion {
namespace {

constexpr std::string_view kFiles = ":files";

std::vector<std::string_view> Cut(std::string_view text, std::string_view between) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = text.find(between);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + between.size());
  }
}

bool IsPlainWord(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

void AddSchemes(const Program& program, std::string_view behind, Completion& completion) {
  if (program.registry == nullptr) return;
  for (const auto& transport : program.registry->transports())
    completion.Add(Text(transport->scheme(), behind));
}

// What the usage of a verb, or the value of a flag, calls a word.
void AddMeant(const Program& program, std::string_view name, Completion& completion) {
  if (name == "FILE") {
    completion.files = true;
  } else if (name == "WIRING") {
    completion.wirings = true;
  } else if (name == "SERVICE") {
    completion.services = true;
  } else if (name == "TARGET") {
    completion.services = true;
    AddSchemes(program, ":", completion);
  } else if (name == "ADDRESS" || name == "ADDRESSES") {
    AddSchemes(program, ":", completion);
  } else if (name == "SCHEME") {
    AddSchemes(program, "", completion);
  } else if (name == "FORMAT") {
    completion.Add("table");
    completion.Add("json");
  } else if (name == "VERB") {
    for (const Verb& verb : program.verbs) {
      if (!verb.hidden) completion.Add(verb.name, verb.summary);
    }
  } else if (IsPlainWord(name)) {
    completion.Add(name);
  }
}

// "[SERVICE…]" → SERVICE; "[INTERFACE/]METHOD" stays as it is, and means nothing here.
std::string_view Bare(std::string_view word) {
  if (word.starts_with('[') && word.ends_with(']')) word = word.substr(1, word.size() - 2);
  if (word.ends_with("…")) word.remove_suffix(std::string_view("…").size());
  return word;
}

// "[INTERFACE/]METHOD" and "[INTERFACE[/METHOD]]"
bool IsMethod(std::string_view word) { return word.find("METHOD") != word.npos; }

// TARGET/METHOD, one word, as WordsOfTarget cuts it: an address is not cut.
void AddMethodBehind(Completion& completion) {
  const size_t slash = completion.typed.find('/');
  if (slash == std::string::npos || completion.typed.find(':') != std::string::npos) return;
  completion.methods_of = completion.typed.substr(0, slash);
  completion.before += completion.typed.substr(0, slash + 1);
  completion.typed.erase(0, slash + 1);
}

// The next operand of each way to use the verb; `operands` are those before it.
void AddOperand(const Program& program, const Verb& verb,
                std::span<const std::string_view> operands, Completion& completion) {
  const size_t place = operands.size();
  for (const std::string_view way : Cut(verb.usage, " | ")) {
    const std::vector<std::string_view> words = Cut(way, " ");
    size_t count = 0;
    while (count < words.size() && !words[count].starts_with('-') &&
           !words[count].starts_with("[-"))
      ++count;
    if (count == 0) continue;
    const bool repeats = words[count - 1].find("…") != std::string_view::npos;
    if (place >= count && !repeats) continue;
    const std::string_view word = words[std::min(place, count - 1)];
    if (IsMethod(word) && place > 0)
      completion.methods_of = operands[place - 1];
    else
      AddMeant(program, Bare(word), completion);
    if (Bare(word) == "TARGET" && place + 1 < count && IsMethod(words[place + 1]))
      AddMethodBehind(completion);
  }
}

const Flag* FindLong(std::span<const Flag> flags, std::string_view name) {
  for (const Flag& flag : flags) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

// Of "-abV" the last that is read as a letter, and whether its value stands in the same word.
std::pair<const Flag*, bool> FindLetters(std::span<const Flag> flags, std::string_view letters) {
  const Flag* found = nullptr;
  for (size_t i = 0; i < letters.size(); ++i) {
    found = nullptr;
    for (const Flag& flag : flags) {
      if (flag.letter != '\0' && flag.letter == letters[i]) found = &flag;
    }
    if (found == nullptr) break;
    if (!found->value_name.empty()) return {found, i + 1 < letters.size()};
  }
  return {found, false};
}

// What stands in front of the word that is being written.
struct Before {
  std::vector<std::string_view> given;  // names of flags
  const Flag* wants_value = nullptr;
  std::vector<std::string_view> operands;
  bool rest = false;  // "--" has come
};

Before ReadBefore(std::span<const Flag> flags, std::span<const std::string> words,
                  Completion& completion) {
  Before before;
  const auto take = [&](const Flag* flag, std::string_view value) {
    if (flag->name == "wiring") completion.wiring = value;
  };
  for (const std::string& text : words) {
    const std::string_view word = text;
    if (const Flag* flag = std::exchange(before.wants_value, nullptr); flag != nullptr) {
      take(flag, word);
      continue;
    }
    if (word == "--") {
      before.rest = true;
      break;
    }
    if (word.starts_with("--")) {
      const size_t equals = word.find('=');
      const Flag* flag = FindLong(flags, word.substr(2, equals - 2));
      if (flag == nullptr) continue;
      before.given.push_back(flag->name);
      if (equals != word.npos)
        take(flag, word.substr(equals + 1));
      else if (!flag->value_name.empty())
        before.wants_value = flag;
    } else if (word.size() > 1 && word[0] == '-') {
      const auto [flag, inside] = FindLetters(flags, word.substr(1));
      if (flag == nullptr) continue;
      before.given.push_back(flag->name);
      if (!flag->value_name.empty() && !inside) before.wants_value = flag;
    } else {
      before.operands.push_back(word);
    }
  }
  return before;
}

void CompleteVerb(const Program& program, const Verb& verb, std::span<const std::string> words,
                  Completion& completion) {
  if (verb.run_words != nullptr) {  // it reads its words itself
    completion.files = true;
    return;
  }
  std::vector<Flag> flags(verb.flags.begin(), verb.flags.end());
  flags.insert(flags.end(), CommonFlags().begin(), CommonFlags().end());
  const Before before = ReadBefore(flags, words.first(words.size() - 1), completion);
  const std::string_view typed = words.back();
  if (before.rest) {
    completion.files = true;
  } else if (before.wants_value != nullptr) {
    AddMeant(program, before.wants_value->value_name, completion);
  } else if (const size_t equals = typed.find('=');
             typed.starts_with("--") && equals != typed.npos) {
    const Flag* flag = FindLong(flags, typed.substr(2, equals - 2));
    completion.before = typed.substr(0, equals + 1);
    completion.typed = typed.substr(equals + 1);
    if (flag != nullptr) AddMeant(program, flag->value_name, completion);
  } else if (typed.starts_with('-')) {
    for (const Flag& flag : flags) {
      const bool given =
          std::find(before.given.begin(), before.given.end(), flag.name) != before.given.end();
      if (!given || flag.repeats) completion.Add(Text("--", flag.name), flag.help);
    }
  } else {
    AddOperand(program, verb, before.operands, completion);
  }
}

}  // namespace

void Completion::Add(std::string_view word, std::string_view about) {
  if (!word.starts_with(typed)) return;
  for (const Candidate& other : candidates) {
    if (other.word == word) return;
  }
  candidates.push_back({std::string(word), std::string(about)});
}

Completion Complete(const Program& program, std::span<const std::string> words) {
  Completion completion;
  if (!words.empty()) completion.typed = words.back();
  if (words.size() <= 1) {
    AddMeant(program, "VERB", completion);
    if (completion.typed.starts_with('-')) {
      completion.Add("--help");
      completion.Add("--version");
    }
    return completion;
  }
  for (const Verb& verb : program.verbs) {
    if (verb.name == words[0]) CompleteVerb(program, verb, words.subspan(1), completion);
  }
  return completion;
}

std::string ToLines(const Completion& completion) {
  std::string text;
  for (const Candidate& candidate : completion.candidates) {
    text += Text(completion.before, Escaped(candidate.word), candidate.about.empty() ? "" : "\t",
                 candidate.about, "\n");
  }
  if (completion.files) text += Text(kFiles, "\n");
  return text;
}

}  // namespace jackfield::completion
