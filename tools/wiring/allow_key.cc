#include "tools/wiring/allow_key.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "kernel/base/text.h"
#include "tools/cli/arguments.h"
#include "tools/wiring/instance_name.h"

namespace jackfield {
namespace {

using allow::kEverything;
using allow::Who;

constexpr std::string_view kExample =
    "allow = [\"orders\", \"uid:1000\"], or a table with such an array for \"*\", for an interface "
    "or for a method: allow = { \"kv.Store/Put\" = [\"orders\"] }";

bool IsWhat(std::string_view what) {
  return what == kEverything ||
         (!what.empty() && what.find_first_of(" \t\n") == what.npos &&
          std::all_of(what.begin(), what.end(), [](char c) { return c > ' ' && c < 127; }));
}

void ReadWho(std::string_view what, const toml::node& value, ServiceEntry& service,
             Findings& findings) {
  const auto* array = value.as_array();
  if (array == nullptr) return findings.Wrong(PlaceOf(value), Text("allow is ", kExample));
  if (array->empty())
    return findings.Wrong(
        PlaceOf(value), Text("an empty allow says nothing; for nobody at all write [\"nobody\"]"));
  for (const toml::node& node : *array) {
    const std::string who = findings.TextOf(node, "each word in allow");
    if (!node.is_string()) continue;
    if (const absl::StatusOr<Who> read = Who::Parse(who); !read.ok())
      findings.Wrong(PlaceOf(node), std::string(read.status().message()));
    else
      service.allow.entries.push_back({{std::string(what), who}, PlaceOf(node)});
  }
}

bool Allows(const std::vector<AllowRule::Entry>& entries, std::string_view client) {
  const bool everybody = std::none_of(entries.begin(), entries.end(), [](const auto& entry) {
    return entry.rule.what == kEverything;
  });
  // Who runs as which user is known when it calls.
  return everybody || std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
           const absl::StatusOr<Who> who = Who::Parse(entry.rule.who);
           const bool system = entry.rule.who.find(':') != std::string::npos;
           return system || (who.ok() && who->Means({}, client));
         });
}

class AllowPlanner {
 public:
  AllowPlanner(const Wiring& wiring, Plan& plan, std::vector<Fault>& faults)
      : wiring_(wiring), plan_(plan), faults_(faults) {
    for (const ServiceEntry& service : wiring.services) names_.push_back(service.name);
  }

  void Run() {
    for (size_t i = 0; i < plan_.services.size(); ++i) {
      for (const AllowRule::Entry& entry : wiring_.services[i].allow.entries) Add(i, entry);
    }
    for (const PlannedChannel& channel : plan_.channels) CheckChannel(channel);
  }

 private:
  void Add(size_t service, const AllowRule::Entry& entry) {
    const absl::StatusOr<Who> who = Who::Parse(entry.rule.who);
    const bool known =
        !who.ok() || !who->is_service() ||
        std::any_of(plan_.services.begin(), plan_.services.end(),
                    [&](const PlannedService& other) { return Means(entry.rule.who, other.name); });
    if (!known)
      faults_.emplace_back(entry.place, Text("allow of ", wiring_.services[service].name,
                                             " names \"", Escaped(entry.rule.who),
                                             "\", and there is no such service in the wiring",
                                             DidYouMean(entry.rule.who, names_)));
    plan_.services[service].allows.push_back(entry.rule);
  }

  void CheckChannel(const PlannedChannel& channel) {
    const std::vector<AllowRule::Entry>& entries = wiring_.services[channel.server].allow.entries;
    if (entries.empty()) return;
    const std::string &client = plan_.services[channel.client].name,
                      &server = plan_.services[channel.server].name;
    if (!channel.caps.reply) {
      faults_.emplace_back(channel.over_place,
                           Text(server, " says who may call it, and ", channel.address.ToString(),
                                " brings no word of who sends; choose a medium with answers, such "
                                "as \"unix:\""));
    } else if (!Allows(entries, client)) {
      faults_.emplace_back(channel.place, Text(client, " calls ", server, ", and allow of ", server,
                                               " does not name it: add \"", GroupOrName(client),
                                               "\" there, or take the call out"));
    }
  }

  static std::string_view GroupOrName(std::string_view name) {
    return GroupOf(name).empty() ? name : GroupOf(name);
  }

  const Wiring& wiring_;
  Plan& plan_;
  std::vector<Fault>& faults_;
  std::vector<std::string_view> names_;
};

}  // namespace

void ReadAllow(const Entry& entry, ServiceEntry& service, Findings& findings) {
  service.allow.place = entry.place;
  if (const toml::table* table = entry.value->as_table()) {
    if (table->empty()) return findings.Wrong(PlaceOf(*entry.value), Text("allow is ", kExample));
    for (const Entry& line : EntriesOf(*table)) {
      if (!IsWhat(line.key))
        findings.Wrong(line.place, Text("\"", Escaped(line.key),
                                        "\" is no method, no interface and not \"*\"; such as "
                                        "\"kv.Store/Put\""));
      else
        ReadWho(line.key, *line.value, service, findings);
    }
  } else {
    ReadWho(kEverything, *entry.value, service, findings);
  }
  if (service.allow.entries.size() > kAllowEntriesMax)
    findings.Wrong(entry.place,
                   Text("allow of ", service.name, " has more than ", kAllowEntriesMax, " words"));
}

void PlanAllow(const Wiring& wiring, Plan& plan, std::vector<Fault>& faults) {
  AllowPlanner(wiring, plan, faults).Run();
}

}  // namespace jackfield
