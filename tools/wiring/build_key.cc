#include "tools/wiring/build_key.h"

#include <string>
#include <string_view>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

constexpr std::string_view kExample = "\"//services/kv\" or \"make -C ../kv\"";

bool IsLabel(std::string_view word) { return word.starts_with("//") || word.starts_with("@"); }

// Of a line for Bazel every word is a label or a flag. "": all are.
std::string_view WrongWord(std::string_view line) {
  while (!line.empty()) {
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(line.size(), word.size() + 1));
    if (!word.empty() && !IsLabel(word) && !word.starts_with("-")) return word;
  }
  return "";
}

void ReadStep(const toml::node& node, ServiceEntry& service, Findings& findings) {
  const std::string text = findings.TextOf(node, "each part of build");
  if (!node.is_string()) return;
  if (text.find_first_not_of(" \t\n") == text.npos || text.find('\0') != text.npos ||
      text[0] == ':')
    return findings.Wrong(
        PlaceOf(node),
        Text("build is a label, which begins with //, or a command for sh: ", kExample));
  BuildStep step{.text = text};
  if (IsLabel(text)) {
    step.how = BuildStep::How::kBazel;
    if (const std::string_view wrong = WrongWord(text); !wrong.empty())
      return findings.Wrong(PlaceOf(node),
                            Text("build begins with a label, so \"", Escaped(wrong),
                                 "\" is to be one, too, or a flag of `bazel build`"));
  }
  service.build.push_back(std::move(step));
}

}  // namespace

void ReadBuild(const Entry& entry, ServiceEntry& service, Findings& findings) {
  if (entry.value->is_string()) return ReadStep(*entry.value, service, findings);
  const auto* array = entry.value->as_array();
  if (array == nullptr || array->empty() || array->size() > kBuildStepsMax)
    return findings.Wrong(PlaceOf(*entry.value),
                          Text("build is what builds the service, ", kExample,
                               ", or an array of at most ", kBuildStepsMax));
  for (const toml::node& node : *array) ReadStep(node, service, findings);
}

}  // namespace jackfield
