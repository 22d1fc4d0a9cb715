#include "tools/bench/data.h"

#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "tools/cli/program.h"
#include "tools/figures/quantile.h"

namespace jackfield::bench {
namespace {

// Key and value as JSON.
using Fields = std::vector<std::pair<std::string_view, std::string>>;

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}
std::string Number(std::optional<double> value) { return value ? Number(*value) : "null"; }

Fields FieldsOf(const Options& options, const Series& series, std::string_view prefix) {
  const Histogram& latency = series.latency();
  Fields fields = {{"name", JsonString(Text(prefix, series.name))},
                   {"mode", JsonString(Name(options.mode))},
                   {"size", std::to_string(options.size_bytes)},
                   {"count", std::to_string(series.count())}};
  constexpr std::pair<std::string_view, double> kQuantiles[] = {
      {"p50_ns", 0.5}, {"p90_ns", 0.9}, {"p99_ns", 0.99}, {"p999_ns", 0.999}};
  for (const auto& [key, q] : kQuantiles) {
    const std::optional<int64_t> value = figures::QuantileOf(latency, q);
    fields.emplace_back(key, value.has_value() ? std::to_string(*value) : "null");
  }
  const bool timed = latency.count() > 0;
  fields.insert(fields.end(), {{"max_ns", timed ? std::to_string(latency.max_ns()) : "null"},
                               {"msgs_per_s", Number(series.per_second())},
                               {"gb_per_s", Number(series.gb_per_second(options.size_bytes))},
                               {"connections", std::to_string(options.connections)},
                               {"depth", std::to_string(options.depth)},
                               {"rounds", std::to_string(series.figures().size())},
                               {"pin", JsonString(Name(options.pin))},
                               {"one_cpu", options.one_cpu ? "true" : "false"},
                               {"client_cpu_ns", Number(series.cpu_ns(Side::kClient))},
                               {"server_cpu_ns", Number(series.cpu_ns(Side::kServer))},
                               {"allocations", Number(series.allocations())},
                               {"noise", Number(series.noise())},
                               {"noisy", series.noisy() ? "true" : "false"}});
  return fields;
}

Fields FieldsOfBus(const Options& options, const Row& row) {
  Fields fields = FieldsOf(options, row.bus, "jackfield ");
  const std::optional<Ratio> ratio = row.ratio(options.mode);
  const auto of = [&](double Ratio::*field) {
    return ratio.has_value() ? Number((*ratio).*field) : std::string("null");
  };
  fields.insert(
      fields.end(),
      {{"system_calls", Number(row.system_calls)},
       {"interrupted", row.interrupted ? "true" : "false"},
       {"lacks", row.lacks.empty() ? "null" : JsonString(row.lacks)},
       {"ratio", of(&Ratio::median)},
       {"ratio_min", of(&Ratio::least)},
       {"ratio_max", of(&Ratio::most)},
       {"cpu_ratio", of(&Ratio::cpu)},
       {"floor", row.floor == nullptr ? "null" : JsonString(Text("floor ", row.floor->name))}});
  return fields;
}

std::vector<Fields> LinesOf(const Options& options, const Row& row) {
  std::vector<Fields> lines = {FieldsOfBus(options, row)};
  if (row.floor != nullptr && !row.floor->figures().empty())
    lines.push_back(FieldsOf(options, *row.floor, "floor "));
  return lines;
}

}  // namespace

std::string Json(const Options& options, const Row& row) {
  std::string text;
  for (const Fields& fields : LinesOf(options, row)) {
    for (size_t i = 0; i < fields.size(); ++i)
      text += Text(i == 0 ? "{" : ",", "\"", fields[i].first, "\":", fields[i].second);
    text += "}\n";
  }
  return text;
}

std::string Csv(const Options& options, std::span<const Row> rows) {
  std::string text;
  for (const Row& row : rows) {
    const std::vector<Fields> lines = LinesOf(options, row);
    if (text.empty()) {
      for (const auto& [key, value] : lines[0]) text += Text(text.empty() ? "" : ",", key);
      text += "\n";
    }
    for (const Fields& fields : lines) {
      std::string line;
      for (const auto& [key, value] : fields) {
        // A JSON string has its quotes already; those within it are doubled here, not escaped.
        std::string cell = value == "null" ? "" : value;
        for (size_t at = 0; (at = cell.find("\\\"", at)) != cell.npos; at += 2) cell[at] = '"';
        line += Text(&key == &fields[0].first ? "" : ",", cell);
      }
      const size_t missing = lines[0].size() - fields.size();  // of a floor
      text += line + std::string(missing, ',') + "\n";
    }
  }
  return text;
}

}  // namespace jackfield::bench
