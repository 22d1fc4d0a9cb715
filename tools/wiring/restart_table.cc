#include "tools/wiring/restart_table.h"

#include "kernel/base/text.h"
#include "kernel/base/units.h"

namespace jackfield {
namespace {

constexpr std::string_view kRestartKeys[] = {"when", "backoff", "max"};

class RestartTable {
 public:
  RestartTable(ServiceEntry& service, Findings& findings)
      : findings_(findings), service_(service) {}

  void Convert(const Entry& entry) {
    service_.restart_place = PlaceOf(*entry.value);
    if (entry.value->is_string()) return ConvertWhen(*entry.value);
    const toml::table* table = entry.value->as_table();
    if (table == nullptr) {
      return findings_.Wrong(service_.restart_place,
                             "restart is \"never\", \"on-failure\" or \"always\", or { when = "
                             "\"on-failure\", backoff = \"100ms..10s\", max = 5 }");
    }
    service_.restart.when = RestartRule::When::kOnFailure;
    for (const Entry& line : EntriesOf(*table)) {
      if (line.key == "when")
        ConvertWhen(*line.value);
      else if (line.key == "backoff")
        ConvertBackoff(line);
      else if (line.key == "max")
        ConvertRestartsMax(line);
      else
        findings_.WrongKey(line, kRestartKeys, Text(" in the restart of ", service_.name));
    }
  }

 private:
  void ConvertWhen(const toml::node& node) {
    const auto* text = node.as_string();
    const std::string_view when = text == nullptr ? "" : std::string_view(text->get());
    if (when == "never")
      service_.restart.when = RestartRule::When::kNever;
    else if (when == "on-failure")
      service_.restart.when = RestartRule::When::kOnFailure;
    else if (when == "always")
      service_.restart.when = RestartRule::When::kAlways;
    else
      findings_.Wrong(PlaceOf(node),
                      "a service is restarted \"never\", \"on-failure\" or \"always\"");
  }

  void ConvertBackoff(const Entry& entry) {
    const auto* node = entry.value->as_string();
    const std::string_view text = node == nullptr ? "" : std::string_view(node->get());
    const size_t dots = text.find("..");
    const auto least_ns = ParseDurationNs(text.substr(0, dots));
    const auto most_ns = dots == text.npos ? least_ns : ParseDurationNs(text.substr(dots + 2));
    if (!least_ns.ok() || !most_ns.ok() || *least_ns <= 0 || *least_ns > *most_ns ||
        *most_ns > kPauseNsMax) {
      return findings_.Wrong(PlaceOf(*entry.value),
                             Text("backoff is the least and the longest pause before a restart, "
                                  "such as \"100ms..10s\"; at most ",
                                  FormatDurationNs(kPauseNsMax)));
    }
    service_.restart.pause_least_ns = *least_ns;
    service_.restart.pause_most_ns = *most_ns;
  }

  void ConvertRestartsMax(const Entry& entry) {
    const auto number = entry.value->value<int64_t>();
    if (number && *number >= 1 && *number <= int64_t{kRestartsMax})
      service_.restart.restarts_max = static_cast<uint32_t>(*number);
    else
      findings_.Wrong(PlaceOf(*entry.value),
                      Text("max is how often in a row a service is restarted, a number from 1 to ",
                           kRestartsMax));
  }

  Findings& findings_;
  ServiceEntry& service_;
};

}  // namespace

void ReadRestart(const Entry& entry, ServiceEntry& service, Findings& findings) {
  RestartTable(service, findings).Convert(entry);
}

}  // namespace jackfield
