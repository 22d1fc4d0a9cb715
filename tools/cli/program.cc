#include "tools/cli/program.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "kernel/base/text.h"
#include "services/standard_streams.h"

namespace jackfield {
namespace {

constexpr Flag kCommonFlags[] = {
    {'h', "help", "", "print this and end"},
    {'V', "version", "", "print the version and end"},
    {'q', "quiet", "", "no messages but errors"},
    {'v', "verbose", "", "more messages"},
};

int Print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitOk;
}

int UsageError(const Verb& verb, std::string_view sentence) {
  return Complain(kExitUsage,
                  Text(verb.name, ": ", sentence, "\n  try: jackfield ", verb.name, " --help"));
}

int RunVerb(const Program& program, const Verb& verb, int argc, char** argv) {
  if (verb.run_words != nullptr) return verb.run_words(program, argc, argv);
  std::vector<Flag> flags(verb.flags.begin(), verb.flags.end());
  flags.insert(flags.end(), std::begin(kCommonFlags), std::end(kCommonFlags));
  const std::vector<std::string> words(argv + 1, argv + argc);
  absl::StatusOr<Arguments> arguments = ParseArguments(words, flags, verb.rest);
  if (!arguments.ok()) return UsageError(verb, std::string(arguments.status().message()));
  if (arguments->Has("help")) return Print(HelpOfVerb(verb));
  if (arguments->Has("version")) return Print(VersionText());
  const size_t count = arguments->operands.size();
  if (count < verb.operands_min)
    return UsageError(verb, Text("something is missing: jackfield ", verb.name, " ", verb.usage));
  if (count > verb.operands_max) {
    return UsageError(verb, Text("\"", Escaped(arguments->operands[verb.operands_max]),
                                 "\" is one word too many: jackfield ", verb.name,
                                 verb.usage.empty() ? "" : " ", verb.usage));
  }
  return verb.run(program, *arguments);
}

int RunWords(const Program& program, int argc, char** argv) {
  if (argc < 2) {
    const std::string help = HelpOfProgram(program);
    std::fwrite(help.data(), 1, help.size(), stderr);
    return kExitUsage;
  }
  const std::string_view word = argv[1];
  if (word == "-h" || word == "--help") return Print(HelpOfProgram(program));
  if (word == "-V" || word == "--version") return Print(VersionText());
  if (!word.empty() && word[0] == '-') {
    return Complain(kExitUsage, Text("the verb comes first, then its flags: \"", Escaped(word),
                                     "\" is a flag\n  try: jackfield help"));
  }
  std::vector<std::string_view> names;
  for (const Verb& verb : program.verbs) {
    if (verb.name == word) return RunVerb(program, verb, argc - 1, argv + 1);
    if (!verb.hidden) names.push_back(verb.name);
  }
  return Complain(kExitUsage, Text("no verb \"", Escaped(word), "\"", DidYouMean(word, names),
                                   "\n  try: jackfield help"));
}

}  // namespace

std::span<const Flag> CommonFlags() { return kCommonFlags; }

absl::StatusOr<Output> OutputOf(const Arguments& arguments) {
  const std::string_view format = arguments.Find("output").value_or("table");
  if (format == "table") return Output::kTable;
  if (format == "json") return Output::kJson;
  constexpr std::string_view kFormats[] = {"table", "json"};
  return absl::InvalidArgumentError(
      Text("no output format \"", Escaped(format), "\"; there are ", Listed(kFormats)));
}

int RunProgram(const Program& program, int argc, char** argv) {
  OpenMissingStandardStreams();
  // Beyond RLIMIT_FSIZE a write to stdout or stderr fails, and is told like any other.
  signal(SIGXFSZ, SIG_IGN);
  const int exit_status = RunWords(program, argc, argv);
  if (exit_status != kExitOk) return exit_status;
  // What was printed may lie in a buffer still, and the disk be full.
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return kExitOk;
  return Complain(kExitFailed, Text("cannot write to standard output", errno == 0 ? "" : ": ",
                                    errno == 0 ? "" : std::strerror(errno)));
}

std::string HelpOfProgram(const Program& program) {
  std::string text =
      "jackfield: small services joined by a wiring file, over any medium\n"
      "\n"
      "usage: jackfield VERB [FLAGS…] …\n"
      "\n";
  size_t width = 0;
  for (const Verb& verb : program.verbs) {
    if (!verb.hidden) width = std::max(width, verb.name.size());
  }
  for (const Verb& verb : program.verbs) {
    if (!verb.hidden)
      text +=
          Text("  ", verb.name, std::string(width - verb.name.size() + 2, ' '), verb.summary, "\n");
  }
  if (!program.services.empty()) {
    text += "\nbuilt-in services, for run = \"NAME\" in a wiring file:\n";
    width = 0;
    for (const BuiltinService& service : program.services)
      width = std::max(width, service.name.size());
    for (const BuiltinService& service : program.services) {
      text += Text("  ", service.name, std::string(width - service.name.size() + 2, ' '),
                   service.summary, "\n");
    }
  }
  return text + "\n  jackfield help VERB   what a verb does, and its flags\n";
}

std::string HelpOfVerb(const Verb& verb) {
  std::string text =
      Text("jackfield ", verb.name, ": ", verb.summary, "\n\nusage: jackfield ", verb.name,
           " [FLAGS…]", verb.usage.empty() ? "" : " ", verb.usage, "\n\n");
  if (!verb.description.empty()) text += Text(verb.description, "\n");
  std::vector<Flag> flags(verb.flags.begin(), verb.flags.end());
  flags.insert(flags.end(), std::begin(kCommonFlags), std::end(kCommonFlags));
  return text + DescribeFlags(flags);
}

std::string_view VersionText() {
  return "jackfield " JACKFIELD_VERSION " (wiring format 1)\n";  // of //:version.bzl
}

int Complain(int exit_status, std::string_view sentence) {
  std::string text = "jackfield: ";
  while (!sentence.empty()) {
    const size_t end = std::min(sentence.find('\n'), sentence.size());
    text += Shortened(sentence.substr(0, end)) + "\n";
    sentence.remove_prefix(std::min(end + 1, sentence.size()));
  }
  std::fwrite(text.data(), 1, text.size(), stderr);
  return exit_status;
}

std::string Shortened(std::string_view line) {
  if (line.size() <= kLineBytesMax) return std::string(line);
  const auto inside = [line](size_t at) { return (line[at] & 0xc0) == 0x80; };  // of a character
  size_t head = kLineBytesMax / 2, tail = line.size() - kLineBytesMax / 2;
  while (inside(head)) --head;
  while (inside(tail)) ++tail;
  return Text(line.substr(0, head), " … (", tail - head, " bytes) … ", line.substr(tail));
}

std::string JsonString(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[7];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned char>(c));
      out += escape;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace jackfield
