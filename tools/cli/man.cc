#include "tools/cli/man.h"

#include <cstdint>
#include <cstdio>
#include <span>
#include <string_view>
#include <vector>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

// As text of a page: nothing of it is a request or an escape.
std::string Plain(std::string_view text) {
  std::string out = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i++]);
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";  // else a hyphen, which nobody can copy into a shell
    } else if (c == '"') {
      out += "\\(dq";
    } else if (c < 0x80) {
      out += static_cast<char>(c);
    } else {
      uint32_t code = c >= 0xf0 ? c & 0x07 : c >= 0xe0 ? c & 0x0f : c & 0x1f;
      while (i < text.size() && (text[i] & 0xc0) == 0x80)
        code = code << 6 | (static_cast<unsigned char>(text[i++]) & 0x3f);
      char escape[16];
      std::snprintf(escape, sizeof escape, "\\[u%04X]", static_cast<unsigned>(code));
      out += escape;
    }
  }
  return out;
}

std::string Head(std::string_view name, std::string_view summary) {
  std::string upper(name);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  const std::string_view version = VersionText();
  return Text(".TH ", upper, " 1 \"\" \"", version.substr(0, version.find(" (")), "\" Jackfield\n",
              ".SH NAME\n", Plain(name), " \\- ", Plain(summary), "\n");
}

// Paragraphs; what is indented keeps its lines. The exit status has a section of its own.
std::string Description(std::string_view text) {
  constexpr std::string_view kExit = "exit status: ";
  std::string page = ".SH DESCRIPTION\n";
  bool kept = false;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const bool keep = line.starts_with(' ');
    if (keep != kept) page += keep ? ".PP\n.nf\n" : ".fi\n";
    kept = keep;
    if (line.starts_with(kExit)) {
      page += ".SH EXIT STATUS\n";
      line.remove_prefix(kExit.size());
    }
    page += line.empty() ? ".PP\n" : Plain(line) + "\n";
  }
  if (kept) page += ".fi\n";
  while (page.ends_with(".PP\n")) page.resize(page.size() - 4);
  // A section needs no paragraph before it.
  if (const size_t at = page.find(".PP\n.SH"); at != page.npos) page.erase(at, 4);
  return page;
}

std::string Options(std::span<const Flag> flags) {
  std::string page;
  for (const Flag& flag : flags) {
    const std::string letter =
        flag.letter == '\0' ? std::string() : Text("\\fB\\-", flag.letter, "\\fR, ");
    page += Text(
        ".TP\n", letter, "\\fB\\-\\-", Plain(flag.name), "\\fR",
        flag.value_name.empty() ? std::string() : Text(" \\fI", Plain(flag.value_name), "\\fR"),
        "\n", Plain(flag.help), flag.repeats ? "; may be given more than once" : "", "\n");
  }
  return page;
}

}  // namespace

std::string ManOfProgram(const Program& program) {
  std::string page =
      Text(Head("jackfield", "small services joined by a wiring file, over any medium"),
           ".SH SYNOPSIS\n\\fBjackfield\\fR \\fIVERB\\fR [\\fIFLAGS\\fR]\n",
           ".SH VERBS\nEach has a page of its own, such as \\fBjackfield\\-up\\fR(1).\n");
  for (const Verb& verb : program.verbs) {
    if (!verb.hidden)
      page += Text(".TP\n\\fB", Plain(verb.name), "\\fR\n", Plain(verb.summary), "\n");
  }
  page += Text(".SH OPTIONS\nOf every verb:\n", Options(CommonFlags()));
  if (!program.services.empty()) {
    page += ".SH BUILT\\-IN SERVICES\nFor \\fBrun\\fR in a wiring file:\n";
    for (const BuiltinService& service : program.services)
      page += Text(".TP\n\\fB", Plain(service.name), "\\fR\n", Plain(service.summary), "\n");
  }
  return page;
}

std::string ManOfVerb(const Verb& verb) {
  std::string page = Text(Head(Text("jackfield-", verb.name), verb.summary), ".SH SYNOPSIS\n");
  page += Text("\\fBjackfield ", Plain(verb.name), "\\fR [\\fIFLAGS\\fR]",
               verb.usage.empty() ? "" : " ", Plain(verb.usage), "\n");
  if (!verb.description.empty()) page += Description(verb.description);
  std::vector<Flag> flags(verb.flags.begin(), verb.flags.end());
  flags.insert(flags.end(), CommonFlags().begin(), CommonFlags().end());
  return page + ".SH OPTIONS\n" + Options(flags) + ".SH SEE ALSO\n\\fBjackfield\\fR(1)\n";
}

}  // namespace jackfield
