#include "tools/running/top_view.h"

#include <algorithm>
#include <cstdio>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/cli/program.h"
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

std::string NsOf(const watch::Quantiles& of, int64_t ns) {
  return of.calls == 0 ? "null" : std::to_string(ns);
}

std::string SchemeOf(const flatbuffers::String* address) {
  if (address == nullptr) return "-";
  const std::string_view text = address->string_view();
  return Escaped(text.substr(0, text.find(':')));
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
  const double seconds = static_cast<double>(now_ns - taken_ns_) / 1e9;
  std::map<Key, uint64_t> sent;
  rows_.clear();
  troubles_.clear();
  size_t well = 0;
  for (const init::Service* service : *wiring.services()) {
    const std::string name = TextOf(service->name());
    const std::string note = NoteOf(*service);
    const bool serves =
        service->state() == init::State::Started || service->state() == init::State::Ready;
    if (serves && WhyStuck(*service).empty())
      ++well;
    else
      troubles_.push_back(Text(name, "  ", StateOf(*service), note.empty() ? "" : "  ", note));
    for (const init::Call* call : *service->calls()) {
      Row row{.client = name,
              .server = TextOf(call->service() == nullptr ? call->role() : call->service()),
              .over = SchemeOf(call->address()),
              .open = call->open(),
              .rate = -1,
              .calls = call->calls(),
              .in_doubt = call->in_doubt(),
              .oldest_ns = call->oldest_ns(),
              .took = {}};
      const Key key{name, TextOf(call->role()), row.server};
      const auto before = sent_.find(key);
      if (taken_ns_ != 0 && before != sent_.end() && seconds > 0) {
        // A client that was started again counts from 0.
        const uint64_t base = call->sent() < before->second ? 0 : before->second;
        row.rate = static_cast<double>(call->sent() - base) / seconds;
      }
      // Two channels may join the same two: one that has sent nothing has no times.
      const auto times = took.find({name, row.server});
      if (times != took.end() && row.rate != 0) row.took = times->second;
      if (!service->silent()) sent[key] = call->sent();
      rows_.push_back(std::move(row));
    }
  }
  sent_ = std::move(sent);
  taken_ns_ = now_ns;
  head_ = Text(TextOf(wiring.name()), "  up ", FormatDurationNs(wiring.up_ns()), "  ", well, " of ",
               wiring.services()->size(), " services get on");
}

void TopView::NextOrder() {
  order_ = order_ == Order::kRate     ? Order::kOldest
           : order_ == Order::kOldest ? Order::kName
                                      : Order::kRate;
}

std::vector<const TopView::Row*> TopView::Sorted() const {
  std::vector<const Row*> sorted;
  for (const Row& row : rows_) sorted.push_back(&row);
  std::stable_sort(sorted.begin(), sorted.end(), [this](const Row* a, const Row* b) {
    switch (order_) {
      case Order::kRate:
        return a->rate > b->rate;
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
  for (const Row* row : Sorted()) {
    char rate[32] = "null";
    if (row->rate >= 0) std::snprintf(rate, sizeof rate, "%.3f", row->rate);
    lines.push_back(
        Text("{\"client\":", JsonString(row->client), ",\"server\":", JsonString(row->server),
             ",\"over\":", JsonString(row->over), ",\"open\":", row->open ? "true" : "false",
             ",\"sent_per_s\":", rate, ",\"p50_ns\":", NsOf(row->took, row->took.p50_ns),
             ",\"p99_ns\":", NsOf(row->took, row->took.p99_ns), ",\"calls\":", row->calls,
             ",\"oldest_ns\":", row->oldest_ns, ",\"in_doubt\":", row->in_doubt, "}"));
  }
  return lines;
}

std::vector<std::string> TopView::Lines(size_t columns, size_t lines_max) const {
  const std::vector<const Row*> sorted = Sorted();
  Table table(
      {"CLIENT", "SERVER", "OVER", "SENT/s", "P50", "P99", "CALLS", "OLDEST", "IN DOUBT", ""});
  for (const Row* row : sorted) {
    table.Add({row->client, row->server, row->over, RateText(row->rate),
               TimeText(row->took, row->took.p50_ns), TimeText(row->took, row->took.p99_ns),
               Text(row->calls), row->oldest_ns == 0 ? "-" : FormatDurationNs(row->oldest_ns),
               Text(row->in_doubt), row->open ? "" : "not connected"});
  }
  std::vector<std::string> lines = {Text(head_, "  sorted by ", NameOf(order_))};
  std::string text = table.ToString();
  for (size_t end; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1))
    lines.push_back(text.substr(0, end));
  lines.insert(lines.end(), troubles_.begin(), troubles_.end());
  if (lines.size() > lines_max) lines.resize(lines_max);
  for (std::string& line : lines) line = Cut(line, columns);
  return lines;
}

}  // namespace jackfield
