#include "tools/wiring/topics_key.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "kernel/base/text.h"
#include "services/topics/names.h"
#include "tools/cli/arguments.h"

namespace jackfield {
namespace {

constexpr std::string_view kTopicsKeys[] = {"pub", "sub", "service", "over"};
constexpr std::string_view kBuiltin = "topics";  // of `run`

std::vector<TopicsRule::Pattern> PatternsOf(const Entry& entry, Findings& findings) {
  std::vector<TopicsRule::Pattern> patterns;
  const auto* array = entry.value->as_array();
  if (array == nullptr) {
    findings.Wrong(PlaceOf(*entry.value), Text(entry.key, " is an array of patterns of topics: ",
                                               entry.key, " = [\"order.*\", \"price.>\"]"));
    return patterns;
  }
  for (const toml::node& node : *array) {
    std::string text = findings.TextOf(node, Text("each pattern in ", entry.key));
    const absl::Status checked = topics::CheckPattern(text);
    if (checked.ok())
      patterns.push_back({std::move(text), PlaceOf(node)});
    else if (node.is_string())
      findings.Wrong(PlaceOf(node), std::string(checked.message()));
  }
  return patterns;
}

// Does it say anything by that key?
bool Says(const toml::table& table, std::string_view key) {
  const toml::node* node = table.get(key);
  return node != nullptr && !(node->is_array() && node->as_array()->empty());
}

class TopicsWirer {
 public:
  TopicsWirer(Wiring& wiring, std::vector<Fault>& faults, std::vector<std::string>& notes)
      : wiring_(wiring), faults_(faults), notes_(notes) {}

  void Wire() {
    size_t patterns = 0;
    // By index: one may be added.
    for (size_t i = 0; i < wiring_.services.size(); ++i) {
      const TopicsRule& rule = wiring_.services[i].topics;
      if (!rule.wanted()) continue;
      patterns += rule.publish.size() + rule.subscribe.size();
      if (patterns > kTopicPatternsMax)
        return Wrong(rule.place, Text("the services of a wiring publish and subscribe to at most ",
                                      kTopicPatternsMax, " patterns; \"a.>\" stands for many"));
      if (const std::optional<size_t> server = ServerOf(i)) Join(i, *server);
    }
    for (const Joined& joined : joined_) WarnOfSilence(joined);
  }

 private:
  struct Joined {
    size_t client, server;
  };
  void Wrong(Place place, std::string sentence) {
    faults_.emplace_back(place, std::move(sentence));
  }

  static bool HasTopics(const ServiceEntry& service) {
    const std::string& program = service.run[0];
    return program.substr(program.rfind('/') + 1) == kBuiltin;
  }

  // Where the topics of that service are; nothing: it is said what is wrong.
  std::optional<size_t> ServerOf(size_t client) {
    const ServiceEntry& service = wiring_.services[client];
    const TopicsRule& rule = service.topics;
    std::optional<size_t> found;
    std::vector<std::string_view> names;
    for (size_t i = 0; i < wiring_.services.size(); ++i) {
      const ServiceEntry& other = wiring_.services[i];
      names.push_back(other.name);
      if (rule.service.empty() ? !HasTopics(other) : other.name != rule.service) continue;
      if (found) {
        Wrong(rule.place, Text("which topics are those of ", service.name, ", of ",
                               wiring_.services[*found].name, " or of ", other.name,
                               "? say it: topics = { …, service = \"", other.name, "\" }"));
        return std::nullopt;
      }
      found = i;
    }
    if (!found && rule.service.empty()) return AddServer(rule.place, names);
    std::string why;
    if (!found)
      why = Text("there is no such service", DidYouMean(rule.service, names));
    else if (!HasTopics(wiring_.services[*found]))
      why = "it is none of topics; run = \"topics\" is";
    else if (*found == client)
      why = "it cannot call itself";
    else if (wiring_.services[*found].instances > 1)
      why = "it has instances, of which each would have topics of its own";
    if (why.empty()) return found;
    Wrong(rule.place,
          Text("the topics of ", service.name, " are those of \"",
               Escaped(found ? wiring_.services[*found].name : rule.service), "\", and ", why));
    return std::nullopt;
  }

  // The one that the wiring lacks.
  std::optional<size_t> AddServer(Place place, const std::vector<std::string_view>& names) {
    if (std::find(names.begin(), names.end(), kBuiltin) != names.end()) {
      Wrong(place,
            "the topics need a service, and the one that is called topics is another one; "
            "write one: [service.feed] with run = \"topics\"");
      return std::nullopt;
    }
    ServiceEntry server;
    server.name = kBuiltin;
    server.run = {std::string(kBuiltin)};
    server.place = server.run_place = place;
    wiring_.services.push_back(std::move(server));
    notes_.push_back(
        "a service topics is started for what is published and subscribed to; "
        "[service.topics] with run = \"topics\" says more of it");
    return wiring_.services.size() - 1;
  }

  void Join(size_t client, size_t server) {
    ServiceEntry& service = wiring_.services[client];
    const TopicsRule& rule = service.topics;
    for (const CallEntry& call : service.calls) {
      if (call.role == kTopicsRole)
        return Wrong(call.place, Text("service ", service.name,
                                      " has the role topics twice, by its calls and by topics = …; "
                                      "take one of them out"));
    }
    const bool says_over = !rule.over.empty() || wiring_.over.empty();
    service.calls.push_back({.role = std::string(kTopicsRole),
                             .services = {wiring_.services[server].name},
                             .over = !rule.over.empty() ? rule.over
                                     : says_over        ? "unix:"
                                                        : "",
                             .place = rule.place,
                             .over_place = rule.over.empty() ? rule.place : rule.over_place});
    std::vector<std::string>& run = wiring_.services[server].run;
    for (const TopicsRule::Pattern& pattern : rule.publish)
      run.insert(run.end(), {"--pub", Text(service.name, "=", pattern.text)});
    for (const TopicsRule::Pattern& pattern : rule.subscribe)
      run.insert(run.end(), {"--sub", Text(service.name, "=", pattern.text)});
    joined_.push_back({client, server});
  }

  // May somebody publish to those topics of whom the wiring does not say what?
  bool IsOpen(size_t server) const {
    const ServiceEntry& topics = wiring_.services[server];
    if (!topics.serves.empty()) return true;
    return std::any_of(
        wiring_.services.begin(), wiring_.services.end(), [&](const ServiceEntry& other) {
          return std::any_of(other.calls.begin(), other.calls.end(), [&](const CallEntry& call) {
            const bool by_rule = other.topics.wanted() && call.role == kTopicsRole;
            return !by_rule && std::find(call.services.begin(), call.services.end(), topics.name) !=
                                   call.services.end();
          });
        });
  }

  void WarnOfSilence(const Joined& joined) {
    if (IsOpen(joined.server)) return;
    const ServiceEntry& service = wiring_.services[joined.client];
    for (const TopicsRule::Pattern& wanted : service.topics.subscribe) {
      const bool is_heard = std::any_of(joined_.begin(), joined_.end(), [&](const Joined& other) {
        const auto& published = wiring_.services[other.client].topics.publish;
        return other.server == joined.server &&
               std::any_of(published.begin(), published.end(), [&](const auto& pattern) {
                 return topics::Overlap(pattern.text, wanted.text);
               });
      });
      if (!is_heard)
        notes_.push_back(Text(Prefix(wiring_.file, wanted.place), service.name, " subscribes to \"",
                              wanted.text, "\", and no service may publish any of it"));
    }
  }

  Wiring& wiring_;
  std::vector<Fault>& faults_;
  std::vector<std::string>& notes_;
  std::vector<Joined> joined_;
};

}  // namespace

void ReadTopics(const Entry& entry, ServiceEntry& service, Findings& findings) {
  TopicsRule& rule = service.topics;
  rule.place = entry.place;
  const toml::table* table = entry.value->as_table();
  if (table == nullptr || !(Says(*table, "pub") || Says(*table, "sub")))
    return findings.Wrong(PlaceOf(*entry.value),
                          "topics is what the service may publish and subscribe to: topics = { pub "
                          "= [\"order.*\"], sub = [\"price.>\"] }");
  for (const Entry& line : EntriesOf(*table)) {
    if (line.key == "pub") {
      rule.publish = PatternsOf(line, findings);
    } else if (line.key == "sub") {
      rule.subscribe = PatternsOf(line, findings);
    } else if (line.key == "service") {
      rule.service = findings.TextOf(*line.value, "service");
    } else if (line.key == "over") {
      rule.over = findings.TextOf(*line.value, "over");
      rule.over_place = PlaceOf(*line.value);
    } else {
      findings.WrongKey(line, kTopicsKeys, Text(" in the topics of ", service.name));
    }
  }
}

void WireTopics(Wiring& wiring, std::vector<Fault>& faults, std::vector<std::string>& notes) {
  TopicsWirer(wiring, faults, notes).Wire();
}

}  // namespace jackfield
