#include "tools/web/page_data.h"

#include <algorithm>
#include <vector>

#include "absl/status/status.h"
#include "kernel/base/text.h"
#include "tools/cli/program.h"
#include "tools/running/why_stuck.h"
#include "tools/watch/recent_calls.h"

namespace jackfield::web {
namespace {

std::string JsonOf(const Situation::Service& service) {
  return Text(
      "{\"name\":", JsonString(service.name), ",\"state\":", JsonString(StateText(service.state)),
      ",\"note\":", JsonString(service.note), ",\"well\":", service.is_well ? "true" : "false",
      ",\"stopped\":", service.stopped ? "true" : "false",
      ",\"silent\":", service.silent ? "true" : "false",
      ",\"told\":", service.tells() ? "true" : "false", ",\"pid\":", service.pid,
      ",\"restarts\":", service.restarts, ",\"clients\":", service.clients,
      ",\"handling\":", service.handling, ",\"waiting\":", service.waiting,
      ",\"handled\":", service.handled, ",\"since_ns\":", service.since_ns, "}");
}

std::string JsonOf(const watch::RecentCall& call) {
  const std::string status = absl::StatusCodeToString(static_cast<absl::StatusCode>(call.code));
  return Text("{\"client\":", JsonString(call.client), ",\"server\":", JsonString(call.server),
              ",\"method\":", JsonString(call.method), ",\"begun_us\":", call.begun_ns / 1000,
              ",\"took_ns\":", call.answered ? Text(call.took_ns) : "null",
              ",\"status\":", call.answered ? JsonString(status) : "null", "}");
}

template <class All>
std::string ArrayOf(const All& all) {
  std::string text = "[";
  for (const auto& one : all) {
    if (text.size() > 1) text += ',';
    text += JsonOf(one);
  }
  return text + "]";
}

}  // namespace

std::string DataJson(const Moment& moment) {
  const std::string head = Text("{\"wiring\":", JsonString(moment.wiring), ",\"trouble\":");
  if (!moment.trouble.empty()) return Text(head, JsonString(moment.trouble), "}");
  const Situation& situation = moment.situation;
  return Text(head, "null,\"up_ns\":", situation.up_ns, ",\"file\":", JsonString(situation.file),
              ",\"well\":", situation.CountWell(), ",\"services\":", ArrayOf(situation.services),
              ",\"channels\":", ArrayOf(situation.channels), "}");
}

std::optional<std::string> CallsJson(const Moment& moment, std::string_view service) {
  const auto& services = moment.situation.services;
  if (std::none_of(services.begin(), services.end(),
                   [&](const Situation::Service& one) { return one.name == service; }))
    return std::nullopt;
  std::vector<watch::RecentCall> calls;
  for (const watch::PageCopy& page : moment.pages) {
    if (page.name == service) calls = watch::RecentCalls(page, watch::MethodsOf(moment.pages));
  }
  const auto first_open = std::find_if(
      calls.begin(), calls.end(), [](const watch::RecentCall& call) { return !call.answered; });
  if (const auto answered = static_cast<size_t>(first_open - calls.begin()); answered > kCallsMax)
    calls.erase(calls.begin(), first_open - static_cast<ptrdiff_t>(kCallsMax));
  return Text("{\"service\":", JsonString(service), ",\"calls\":", ArrayOf(calls), "}");
}

}  // namespace jackfield::web
