#define TOML_IMPLEMENTATION
#include "tools/wiring/findings.h"

#include <algorithm>

#include "kernel/base/text.h"
#include "tools/cli/arguments.h"

namespace jackfield {

std::vector<Entry> EntriesOf(const toml::table& table) {
  std::vector<Entry> entries;
  for (const auto& [key, value] : table)
    entries.push_back({std::string(key.str()), PlaceOf(key), &value});
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.place.line != b.place.line ? a.place.line < b.place.line
                                        : a.place.column < b.place.column;
  });
  return entries;
}

void Findings::Wrong(Place place, std::string_view sentence) {
  text_ += Text(text_.empty() ? "" : "\n", Prefix(file_, place), sentence);
}

void Findings::WrongKey(const Entry& entry, std::span<const std::string_view> known,
                        std::string_view where) {
  const std::string guess = DidYouMean(entry.key, known);
  Wrong(entry.place, Text("unknown key \"", Escaped(entry.key), "\"", where,
                          guess.empty() ? Text("; known here: ", Listed(known)) : guess));
}

std::string Findings::TextOf(const toml::node& node, std::string_view what) {
  const auto* text = node.as_string();
  if (text == nullptr) Wrong(PlaceOf(node), Text(what, " is a text in quotes, such as \"unix:\""));
  return text == nullptr ? "" : text->get();
}

}  // namespace jackfield
