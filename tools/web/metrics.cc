#include "tools/web/metrics.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "tools/running/why_stuck.h"
#include "tools/watch/recent_calls.h"
#include "tools/web/exposition.h"

namespace jackfield::web {
namespace {

using Type = Exposition::Type;

constexpr std::pair<std::string_view, size_t> kQuantiles[] = {
    {"0.5", 50}, {"0.9", 90}, {"0.99", 99}};

class Writer {
 public:
  explicit Writer(const Moment& moment) : moment_(moment) {}

  std::string Write() {
    Wiring();
    if (!moment_.trouble.empty()) return out_.text();
    Services();
    Channels();
    RecentCalls();
    RecentBytes();
    return out_.text();
  }

 private:
  using Service = Situation::Service;
  using Channel = Situation::Channel;

  void Wiring() {
    out_.Begin("jackfield_wiring_up", Type::kGauge, "1 if the wiring is up and answers.");
    out_.Add({{"wiring", moment_.wiring}}, moment_.trouble.empty());
    if (!moment_.trouble.empty()) return;
    out_.Begin("jackfield_wiring_uptime_seconds", Type::kGauge, "Since the wiring was started.");
    out_.AddSeconds({{"wiring", moment_.wiring}}, moment_.situation.up_ns);
    out_.Begin("jackfield_wiring_log_lines_lost_total", Type::kCounter,
               "Lines of services that the disk did not take.");
    out_.Add({{"wiring", moment_.wiring}}, moment_.situation.log_lines_lost);
  }

  void EachService(std::string_view name, Type type, std::string_view help, bool only_told,
                   const std::function<uint64_t(const Service&)>& value) {
    out_.Begin(name, type, help);
    for (const Service& service : moment_.situation.services) {
      if (!only_told || service.tells())
        out_.Add({{"wiring", moment_.wiring}, {"service", service.name}}, value(service));
    }
  }

  void Services() {
    EachService("jackfield_service_up", Type::kGauge,
                "1 if the service runs and nothing keeps it from its work.", false,
                [](const Service& service) { return service.is_well; });
    out_.Begin("jackfield_service_state", Type::kGauge, "1 for the state that the service is in.");
    for (const Service& service : moment_.situation.services) {
      for (const init::State state : init::EnumValuesState()) {
        out_.Add(
            {{"wiring", moment_.wiring}, {"service", service.name}, {"state", StateText(state)}},
            state == service.state);
      }
    }
    EachService("jackfield_service_stopped", Type::kGauge,
                "1 if its process is stopped by a signal.", false,
                [](const Service& service) { return service.stopped; });
    EachService("jackfield_service_silent", Type::kGauge,
                "1 if it runs and does not say within 0.3 s what it is doing.", false,
                [](const Service& service) { return service.silent; });
    EachService("jackfield_service_restarts_total", Type::kCounter,
                "How often it was started again.", false,
                [](const Service& service) { return service.restarts; });
    EachService("jackfield_service_clients", Type::kGauge, "Clients that are connected to it.",
                true, [](const Service& service) { return service.clients; });
    EachService("jackfield_service_calls_handling", Type::kGauge,
                "Calls that it has begun and not answered.", true,
                [](const Service& service) { return service.handling; });
    EachService("jackfield_service_calls_waiting", Type::kGauge,
                "Calls that have come and that it has not begun.", true,
                [](const Service& service) { return service.waiting; });
    EachService("jackfield_service_messages_handled_total", Type::kCounter,
                "Messages that it is done with, since it was started.", true,
                [](const Service& service) { return service.handled; });
    out_.Begin("jackfield_service_oldest_call_seconds", Type::kGauge,
               "Age of the oldest call that it has not answered; 0 if there is none.");
    for (const Service& service : moment_.situation.services) {
      if (service.tells())
        out_.AddSeconds({{"wiring", moment_.wiring}, {"service", service.name}}, service.oldest_ns);
    }
  }

  Exposition::Labels LabelsOf(const Channel& channel) const {
    return {{"wiring", moment_.wiring},
            {"client", channel.client},
            {"role", channel.role},
            {"server", channel.server_or_role()},
            {"over", channel.over}};
  }
  void EachChannel(std::string_view name, Type type, std::string_view help,
                   const std::function<uint64_t(const Channel&)>& value) {
    out_.Begin(name, type, help);
    for (const Channel& channel : moment_.situation.channels) {
      if (channel.told) out_.Add(LabelsOf(channel), value(channel));
    }
  }

  void Channels() {
    EachChannel("jackfield_channel_open", Type::kGauge, "1 if its other end is connected.",
                [](const Channel& channel) { return channel.open; });
    out_.Begin("jackfield_channel_stuck", Type::kGauge,
               "1 if its oldest call has been under way for 1 s, or waits for a service that is "
               "stopped or silent.");
    for (const Channel& channel : moment_.situation.channels)
      out_.Add(LabelsOf(channel), channel.stuck);
    EachChannel("jackfield_channel_calls", Type::kGauge, "Calls under way.",
                [](const Channel& channel) { return channel.calls; });
    out_.Begin("jackfield_channel_oldest_call_seconds", Type::kGauge,
               "Age of the oldest call under way; 0 if there is none. Streams do not count.");
    for (const Channel& channel : moment_.situation.channels) {
      if (channel.told) out_.AddSeconds(LabelsOf(channel), channel.oldest_ns);
    }
    EachChannel("jackfield_channel_messages_sent_total", Type::kCounter,
                "Messages that the client has sent, since it was started.",
                [](const Channel& channel) { return channel.sent; });
    Outcomes();
  }

  void Outcomes() {
    constexpr std::pair<std::string_view, uint64_t Channel::*> kOutcomes[] = {
        {"delivered", &Channel::delivered}, {"failed", &Channel::failed},
        {"in_doubt", &Channel::in_doubt},   {"refused", &Channel::refused},
        {"dropped", &Channel::dropped},
    };
    out_.Begin(
        "jackfield_channel_messages_total", Type::kCounter,
        "What became of the client's messages, since it was started: the medium took them, "
        "or the link ended before (failed), or nobody knows (in_doubt), or there was no room "
        "(refused, dropped).");
    for (const Channel& channel : moment_.situation.channels) {
      if (!channel.told) continue;
      for (const auto& [name, count] : kOutcomes) {
        Exposition::Labels labels = LabelsOf(channel);
        labels.push_back({"outcome", name});
        out_.Add(labels, channel.*count);
      }
    }
  }

  void RecentCalls() {
    using Who = std::tuple<std::string, std::string, std::string>;  // client, server, method
    std::map<Who, std::vector<int64_t>> took;
    std::map<std::pair<Who, std::string>, uint64_t> ended;  // by status, too
    const auto methods = watch::MethodsOf(moment_.pages);
    for (const watch::PageCopy& page : moment_.pages) {
      for (const watch::RecentCall& call : watch::RecentCalls(page, methods)) {
        if (!call.made || !call.answered) continue;
        const Who who{call.client, call.server, call.method};
        took[who].push_back(call.took_ns);
        ++ended[{who, absl::StatusCodeToString(static_cast<absl::StatusCode>(call.code))}];
      }
    }
    const auto labels_of = [this](const Who& who) {
      const auto& [client, server, method] = who;
      return Exposition::Labels{
          {"wiring", moment_.wiring}, {"client", client}, {"server", server}, {"method", method}};
    };
    out_.Begin("jackfield_recent_calls", Type::kGauge,
               "Answered calls among the last 1,024 messages of the client, by their status. No "
               "counter: older messages are not kept.");
    for (const auto& [key, count] : ended) {
      Exposition::Labels labels = labels_of(key.first);
      labels.push_back({"status", key.second});
      out_.Add(labels, count);
    }
    out_.Begin("jackfield_recent_call_seconds", Type::kSummary,
               "How long these calls took, from the client's turn that sent them to the one in "
               "which the answer came. Quantiles of the same window, without sum and count.");
    for (auto& [who, all] : took) {
      std::sort(all.begin(), all.end());
      for (const auto& [quantile, hundredths] : kQuantiles) {
        Exposition::Labels labels = labels_of(who);
        labels.push_back({"quantile", quantile});
        out_.AddSeconds(labels, watch::QuantileOf(all, hundredths));
      }
    }
  }

  void RecentBytes() {
    out_.Begin("jackfield_service_messages_total", Type::kCounter,
               "Messages that it has sent or received, since it was started.");
    for (const watch::PageCopy& page : moment_.pages) {
      if (!page.events.empty()) out_.Add(LabelsOf(page), page.events.back().number);
    }
    out_.Begin("jackfield_recent_bytes", Type::kGauge,
               "Bytes in the last 1,024 messages of the service, headers included. No counter: "
               "older messages are not kept.");
    for (const watch::PageCopy& page : moment_.pages) {
      uint64_t sent = 0, received = 0;
      for (const watch::Event& event : page.events)
        (event.way == FrameWay::kSent ? sent : received) += event.frame_bytes;
      for (const auto& [way, bytes] :
           {std::pair<std::string_view, uint64_t>{"sent", sent}, {"received", received}}) {
        Exposition::Labels labels = LabelsOf(page);
        labels.push_back({"way", way});
        out_.Add(labels, bytes);
      }
    }
    out_.Begin("jackfield_recent_window_seconds", Type::kGauge,
               "From the oldest to the newest of the last 1,024 messages of the service.");
    for (const watch::PageCopy& page : moment_.pages) {
      if (!page.events.empty())
        out_.AddSeconds(LabelsOf(page),
                        page.events.back().realtime_ns - page.events.front().realtime_ns);
    }
  }

  Exposition::Labels LabelsOf(const watch::PageCopy& page) const {
    return {{"wiring", moment_.wiring}, {"service", page.name}};
  }

  const Moment& moment_;
  Exposition out_;
};

}  // namespace

std::string MetricsText(const Moment& moment) { return Writer(moment).Write(); }

}  // namespace jackfield::web
