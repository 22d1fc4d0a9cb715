#include "tools/web/exposition.h"

#include <cstdio>

#include "kernel/base/text.h"

namespace jackfield::web {
namespace {

std::string_view NameOf(Exposition::Type type) {
  return type == Exposition::Type::kCounter ? "counter"
         : type == Exposition::Type::kGauge ? "gauge"
                                            : "summary";
}

std::string LabelValue(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

void Exposition::Begin(std::string_view name, Type type, std::string_view help) {
  name_ = name;
  head_ = Text("# HELP ", name, " ", help, "\n# TYPE ", name, " ", NameOf(type), "\n");
}

void Exposition::Add(const Labels& labels, uint64_t value) { AddLine(labels, Text(value)); }

void Exposition::AddSeconds(const Labels& labels, int64_t ns) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9f", static_cast<double>(ns) / 1e9);
  AddLine(labels, text);
}

void Exposition::AddLine(const Labels& labels, std::string_view value) {
  text_ += head_;
  head_.clear();
  text_ += name_;
  for (size_t i = 0; i < labels.size(); ++i)
    text_ += Text(i == 0 ? "{" : ",", labels[i].first, "=\"", LabelValue(labels[i].second), "\"");
  text_ += Text(labels.empty() ? "" : "}", " ", value, "\n");
}

}  // namespace jackfield::web
