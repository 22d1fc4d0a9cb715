#include "tools/doctor/finding.h"

#include <algorithm>

#include "kernel/base/text.h"
#include "tools/cli/program.h"

namespace jackfield::doctor {
namespace {

constexpr size_t kMarkWidth = 4;

std::string Padded(std::string_view text, size_t width) {
  return Text(text, std::string(width - text.size(), ' '));
}

}  // namespace

std::string_view Name(Mark mark) {
  switch (mark) {
    case Mark::kOk:
      return "ok";
    case Mark::kWarn:
      return "warn";
    case Mark::kFail:
      return "FAIL";
  }
  return "";
}

std::string AsTable(std::span<const Finding> findings) {
  size_t width = 0;
  for (const Finding& finding : findings) width = std::max(width, finding.what.size());
  std::string text;
  for (const Finding& finding : findings) {
    text += Text(Padded(Name(finding.mark), kMarkWidth), "  ", Padded(finding.what, width), "  ",
                 finding.value, "\n");
    if (!finding.help.empty())
      text += Text(std::string(kMarkWidth + 2, ' '), "try: ", finding.help, "\n");
  }
  return text;
}

std::string AsJson(std::span<const Finding> findings) {
  std::string text;
  for (const Finding& finding : findings)
    text += Text("{\"mark\":", JsonString(Name(finding.mark)),
                 ",\"what\":", JsonString(finding.what), ",\"value\":", JsonString(finding.value),
                 ",\"try\":", JsonString(finding.help), "}\n");
  return text;
}

}  // namespace jackfield::doctor
