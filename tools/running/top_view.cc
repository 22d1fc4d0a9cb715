#include "tools/running/top_view.h"

#include <algorithm>
#include <cstdio>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/cli/table.h"
#include "tools/running/why_stuck.h"

namespace jackfield {
namespace {

std::string RateText(double rate) {
  char text[32];
  if (rate < 0) return "-";
  if (rate < 9.95)
    std::snprintf(text, sizeof text, "%.1f", rate);
  else if (rate < 99'950)
    std::snprintf(text, sizeof text, "%.0f", rate);
  else
    std::snprintf(text, sizeof text, "%.0fk", rate / 1000);
  return text;
}

std::string TimeText(const watch::Quantiles& of, int64_t ns) {
  return of.calls == 0 ? "-" : watch::TookText(ns);
}

// The first `columns` characters of it.
std::string Cut(const std::string& line, size_t columns) {
  size_t at = 0;
  for (size_t characters = 0; at < line.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(line[at]) & 0xc0) != 0x80;
    if (begins && characters++ == columns) break;
  }
  return line.substr(0, at);
}

std::string_view NameOf(TopView::Order order) {
  return order == TopView::Order::kRate     ? "rate"
         : order == TopView::Order::kOldest ? "oldest"
                                            : "name";
}

}  // namespace

void TopView::Take(const init::Wiring& wiring, int64_t now_ns, const watch::ByChannel& took) {
  situation_ = SituationOf(wiring);
  rates_.Fill(situation_, now_ns);
  FillTimes(situation_, took);
}

void TopView::NextOrder() {
  order_ = order_ == Order::kRate     ? Order::kOldest
           : order_ == Order::kOldest ? Order::kName
                                      : Order::kRate;
}

std::vector<const Situation::Channel*> TopView::Sorted() const {
  std::vector<const Situation::Channel*> sorted;
  for (const Situation::Channel& row : situation_.channels) sorted.push_back(&row);
  std::stable_sort(sorted.begin(), sorted.end(), [this](const auto* a, const auto* b) {
    switch (order_) {
      case Order::kRate:
        return a->sent_per_s > b->sent_per_s;
      case Order::kOldest:
        return a->oldest_ns > b->oldest_ns;
      case Order::kName:
        return a->client < b->client;
    }
    return false;
  });
  return sorted;
}

std::vector<std::string> TopView::JsonLines() const {
  std::vector<std::string> lines;
  for (const Situation::Channel* channel : Sorted()) lines.push_back(JsonOf(*channel));
  return lines;
}

std::vector<std::string> TopView::Lines(size_t columns, size_t lines_max) const {
  const std::vector<const Situation::Channel*> sorted = Sorted();
  Table table(
      {"CLIENT", "SERVER", "OVER", "SENT/s", "P50", "P99", "CALLS", "OLDEST", "IN DOUBT", ""});
  for (const Situation::Channel* row : sorted) {
    table.Add({row->client, row->server_or_role(), row->over, RateText(row->sent_per_s),
               TimeText(row->took, row->took.p50_ns), TimeText(row->took, row->took.p99_ns),
               Text(row->calls), row->oldest_ns == 0 ? "-" : FormatDurationNs(row->oldest_ns),
               Text(row->in_doubt), row->open ? "" : "not connected"});
  }
  std::vector<std::string> lines = {Text(
      situation_.wiring, "  up ", FormatDurationNs(situation_.up_ns), "  ", situation_.CountWell(),
      " of ", situation_.services.size(), " services get on  sorted by ", NameOf(order_))};
  std::string text = table.ToString();
  for (size_t end; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1))
    lines.push_back(text.substr(0, end));
  for (const Situation::Service& service : situation_.services) {
    if (!service.is_well)
      lines.push_back(Text(service.name, "  ", StateText(service.state),
                           service.note.empty() ? "" : "  ", service.note));
  }
  if (lines.size() > lines_max) lines.resize(lines_max);
  for (std::string& line : lines) line = Cut(line, columns);
  return lines;
}

}  // namespace jackfield
