#include "tools/verbs/ls.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {
    {'r', "resources", "", "FIFOs, log files and whatever else has a name in the system"},
    kOutputFlag};

std::string_view Name(Resource::Owner owner) {
  switch (owner) {
    case Resource::Owner::kLives:
      return "lives";
    case Resource::Owner::kDead:
      return "dead";
    case Resource::Owner::kUnknown:
      return "unknown";
  }
  return "";
}

std::string Age(int64_t seconds) {
  if (seconds < 0) return "?";
  if (seconds < 120) return Text(seconds, " s");
  if (seconds < 120 * 60) return Text(seconds / 60, " min");
  if (seconds < 48 * 3600) return Text(seconds / 3600, " h");
  return Text(seconds / 86400, " d");
}

std::string AsJson(std::string_view scheme, const Resource& resource) {
  return Text("{\"scheme\":", JsonString(scheme), ",\"what\":", JsonString(resource.what),
              ",\"place\":", JsonString(resource.place),
              ",\"owner\":", JsonString(Name(resource.owner)), ",\"pid\":", resource.pid,
              ",\"age_seconds\":", resource.age_seconds,
              ",\"keeps\":", resource.keeps ? "true" : "false", "}\n");
}

std::string AsTable(const std::vector<Resource>& resources) {
  std::vector<std::array<std::string, 4>> rows = {{"WHAT", "PLACE", "AGE", "OWNER"}};
  for (const Resource& resource : resources) {
    rows.push_back({resource.what, Escaped(resource.place), Age(resource.age_seconds),
                    OwnerOf(resource) + (resource.keeps ? "; it is kept" : "")});
  }
  std::array<size_t, 4> widths{};
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    for (size_t i = 0; i + 1 < row.size(); ++i)
      text += row[i] + std::string(widths[i] + 2 - row[i].size(), ' ');
    text += row.back() + "\n";
  }
  return text;
}

int RunLs(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return Complain(kExitUsage, std::string(output.status().message()));
  if (!arguments.Has("resources")) {
    return Complain(kExitUsage, "ls: say what to list\n  try: jackfield ls --resources");
  }
  std::vector<Resource> all;
  std::string text;
  for (const auto& resources : program.resources) {
    for (const Resource& resource : resources->List()) {
      all.push_back(resource);
      text += AsJson(resources->scheme(), resource);
    }
  }
  if (*output == Output::kTable) text = AsTable(all);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitOk;
}

}  // namespace

std::string OwnerOf(const Resource& resource) {
  const std::string pid = resource.pid > 0 ? Text(resource.pid, ", ") : std::string();
  return Text(pid, Name(resource.owner));
}

Verb LsVerb() {
  return {.name = "ls",
          .summary = "what the bus holds in the system, with owner and age",
          .usage = "--resources",
          .description =
              "Lists what this user's programs made under a name and hold, or left behind when\n"
              "they died. What the bus makes without a name, most of it, goes with its process.\n",
          .flags = kFlags,
          .run = RunLs};
}

}  // namespace jackfield
