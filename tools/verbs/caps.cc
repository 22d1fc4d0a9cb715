#include "tools/verbs/caps.h"

#include <algorithm>
#include <cstdio>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/caps.h"
#include "kernel/transport.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {kOutputFlag};

struct Row {
  std::string address;  // bare
  std::string role;     // "serve", "connect", or "both" when they can do the same
  Caps caps;
};

// Places that a client of some transport or other can be asked about; none is looked at.
constexpr std::string_view kPlaces[] = {"", "/example", "127.0.0.1:1", "1"};

absl::StatusOr<Caps> CapsOfClient(const Registry& registry, std::string_view scheme) {
  absl::StatusOr<Caps> caps;
  for (const std::string_view place : kPlaces) {
    caps = registry.Describe(Address(std::string(scheme), std::string(place)), Role::kConnect);
    if (caps.ok()) break;
  }
  return caps;
}

// What each bare address can do, asked in both roles.
std::vector<Row> RowsOf(const Registry& registry) {
  std::vector<Row> rows;
  for (const auto& transport : registry.transports()) {
    const Address bare(std::string(transport->scheme()), "");
    const absl::StatusOr<Caps> serve = registry.Describe(bare, Role::kServe);
    const absl::StatusOr<Caps> connect = CapsOfClient(registry, transport->scheme());
    if (serve.ok())
      rows.push_back(
          {bare.ToString(), !connect.ok() || *connect == *serve ? "both" : "serve", *serve});
    if (connect.ok() && (!serve.ok() || !(*connect == *serve)))
      rows.push_back({bare.ToString(), "connect", *connect});
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.address < b.address; });
  return rows;
}

std::string AsJson(const Row& row) {
  std::string text =
      Text("{\"address\":", JsonString(row.address), ",\"role\":", JsonString(row.role));
  for (const CapsField& field : CapsFields())
    text += Text(",\"", field.name, "\":", row.caps.*field.field ? "true" : "false");
  return Text(text, ",\"priority_levels\":", static_cast<uint32_t>(row.caps.priority_levels),
              ",\"frame_bytes_max\":", row.caps.frame_bytes_max,
              ",\"depth_frames\":", row.caps.depth_frames, "}\n");
}

std::vector<std::string> NamesOf(bool with_roles) {
  std::vector<std::string> names = {""};
  if (with_roles) names.push_back("role");
  for (const CapsField& field : CapsFields()) names.push_back(std::string(field.name));
  for (const char* name : {"priority_levels", "frame_bytes_max", "depth_frames"})
    names.push_back(name);
  return names;
}

std::vector<std::string> ColumnOf(const Row& row, bool with_roles) {
  std::vector<std::string> cells = {row.address};
  if (with_roles) cells.push_back(row.role);
  for (const CapsField& field : CapsFields()) cells.push_back(row.caps.*field.field ? "yes" : "-");
  cells.push_back(std::to_string(row.caps.priority_levels));
  cells.push_back(FormatBytes(row.caps.frame_bytes_max));
  cells.push_back(std::to_string(row.caps.depth_frames));
  return cells;
}

size_t WidthOf(const std::vector<std::string>& cells) {
  size_t width = 0;
  for (const std::string& cell : cells) width = std::max(width, cell.size());
  return width + 2;
}

// One column for each address: there are more properties than addresses, and they have the longer
// names. Addresses that do not fit beside the others begin another table below.
std::string AsTable(const std::vector<Row>& rows) {
  constexpr size_t kLineMax = 96;
  const bool with_roles =
      std::any_of(rows.begin(), rows.end(), [](const Row& row) { return row.role != "both"; });
  const std::vector<std::string> names = NamesOf(with_roles);
  std::string text;
  for (size_t next = 0; next < rows.size();) {
    std::vector<std::vector<std::string>> columns = {names};
    for (size_t width = WidthOf(names); next < rows.size(); ++next) {
      columns.push_back(ColumnOf(rows[next], with_roles));
      width += WidthOf(columns.back());
      if (width <= kLineMax || columns.size() == 2) continue;
      columns.pop_back();
      break;
    }
    if (!text.empty()) text += "\n";
    for (size_t line = 0; line < names.size(); ++line) {
      for (const auto& column : columns)
        text += column[line] + std::string(WidthOf(column) - column[line].size(), ' ');
      text.erase(text.find_last_not_of(' ') + 1);
      text += "\n";
    }
  }
  return text;
}

int RunCaps(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return Complain(kExitUsage, std::string(output.status().message()));
  const std::vector<Row> rows = RowsOf(*program.registry);
  std::string text;
  if (*output == Output::kTable)
    text = AsTable(rows);
  else
    for (const Row& row : rows) text += AsJson(row);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitOk;
}

}  // namespace

Verb CapsVerb() {
  return {.name = "caps",
          .summary = "what each transport can do",
          .usage = "",
          .description =
              "A bare address is asked. Parameters can change the answer: jackfield explain "
              "unix:@x?type=seqpacket\n",
          .flags = kFlags,
          .run = RunCaps};
}

}  // namespace jackfield
