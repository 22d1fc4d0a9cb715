#include "tools/verbs/caps.h"

#include <algorithm>
#include <cstdio>

#include "kernel/caps.h"
#include "kernel/text.h"
#include "kernel/transport.h"
#include "kernel/units.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {kOutputFlag};

struct Row {
  std::string address;  // bare
  std::string role;     // "serve", "connect", or "both" when they can do the same
  Caps caps;
};

// What each bare address can do, asked in both roles. A transport whose client must know a place is
// asked as server only.
std::vector<Row> RowsOf(const Registry& registry) {
  std::vector<Row> rows;
  for (const auto& transport : registry.transports()) {
    const Address bare(std::string(transport->scheme()), "");
    const absl::StatusOr<Caps> serve = registry.Describe(bare, Role::kServe);
    const absl::StatusOr<Caps> connect = registry.Describe(bare, Role::kConnect);
    if (serve.ok())
      rows.push_back(
          {bare.ToString(), !connect.ok() || *connect == *serve ? "both" : "serve", *serve});
    if (connect.ok() && (!serve.ok() || !(*connect == *serve)))
      rows.push_back({bare.ToString(), "connect", *connect});
  }
  std::sort(rows.begin(), rows.end(),
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

// One column for each address: there are more properties than addresses, and they have the longer
// names.
std::string AsTable(const std::vector<Row>& rows) {
  constexpr size_t kNameWidth = 16;
  const auto padded = [](std::string text, size_t width) {
    return text + std::string(std::max(text.size() + 2, width) - text.size(), ' ');
  };
  const auto line = [&](std::string_view name, auto cell) {
    std::string text = padded(std::string(name), kNameWidth);
    for (const Row& row : rows) text += padded(cell(row), 12);
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  };
  std::string text = line("", [](const Row& row) { return row.address; });
  if (std::any_of(rows.begin(), rows.end(), [](const Row& row) { return row.role != "both"; })) {
    text += line("role", [](const Row& row) { return row.role; });
  }
  for (const CapsField& field : CapsFields()) {
    text += line(field.name,
                 [&](const Row& row) { return std::string(row.caps.*field.field ? "yes" : "-"); });
  }
  text += line("priority_levels",
               [](const Row& row) { return std::to_string(row.caps.priority_levels); });
  text +=
      line("frame_bytes_max", [](const Row& row) { return FormatBytes(row.caps.frame_bytes_max); });
  return text +
         line("depth_frames", [](const Row& row) { return std::to_string(row.caps.depth_frames); });
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
