#include "tools/wiring/load_table.h"

#include <utility>

#include "kernel/base/text.h"
#include "tools/wiring/loads.h"

namespace jackfield {
namespace {

// A text, a number or a switch, as the command line would have it.
bool AddFlag(const std::string& name, const toml::node& value, LoadEntry& load) {
  std::string text;
  if (const auto* word = value.as_string()) {
    text = word->get();
  } else if (const auto* number = value.as_integer()) {
    text = std::to_string(number->get());
  } else if (const auto* on = value.as_boolean()) {
    if (!on->get()) return true;  // as if it were not there
    text = "true";
  } else {
    return false;
  }
  load.flags.push_back({name, std::move(text), PlaceOf(value)});
  return true;
}

void ReadFlag(const Entry& entry, LoadEntry& load, Findings& findings) {
  bool right = true;
  if (const auto* list = entry.value->as_array()) {
    for (const toml::node& one : *list) right &= AddFlag(entry.key, one, load);
  } else {
    right = AddFlag(entry.key, *entry.value, load);
  }
  if (right) return;
  findings.Wrong(PlaceOf(*entry.value),
                 Text(Escaped(entry.key), " in load ", load.name,
                      " is a text, a whole number, true or false, or a list of them"));
}

}  // namespace

std::vector<LoadEntry> ReadLoads(const Entry& entry, Findings& findings) {
  std::vector<LoadEntry> loads;
  const toml::table* tables = entry.value->as_table();
  if (tables == nullptr || tables->size() > kLoadsMax) {
    findings.Wrong(entry.place,
                   tables == nullptr
                       ? "load is a table of loads: [load.NAME]"
                       : Text(tables->size(), " loads; a wiring has at most ", kLoadsMax));
    return loads;
  }
  for (const Entry& line : EntriesOf(*tables)) {
    const toml::table* table = line.value->as_table();
    if (table == nullptr) {
      findings.Wrong(line.place, Text("load ", Escaped(line.key), " is a table: [load.",
                                      Escaped(line.key), "] with a line target = …"));
      continue;
    }
    LoadEntry& load = loads.emplace_back();
    load.name = Escaped(line.key);
    load.place = line.place;
    for (const Entry& key : EntriesOf(*table)) {
      if (key.key == "target")
        load.target = findings.TextOf(*key.value, "target");
      else if (key.key == "data")
        load.data = findings.TextOf(*key.value, "data");
      else
        ReadFlag(key, load, findings);
    }
    if (!table->contains("target")) {
      findings.Wrong(line.place,
                     Text("load ", load.name, " has no line target = \"SERVICE/METHOD\""));
    }
  }
  return loads;
}

absl::StatusOr<std::vector<LoadEntry>> ParseLoads(std::string_view file, std::string_view text) {
  const toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) {
    return absl::InvalidArgumentError(
        Text(Prefix(file, PlaceOf(parsed.error().source().begin)), parsed.error().description()));
  }
  Findings findings(file);
  std::vector<LoadEntry> loads;
  for (const Entry& entry : EntriesOf(parsed.table())) {
    if (entry.key == "load") loads = ReadLoads(entry, findings);
  }
  if (!findings.none()) return absl::InvalidArgumentError(findings.text());
  return loads;
}

}  // namespace jackfield
