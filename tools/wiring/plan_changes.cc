#include "tools/wiring/plan_changes.h"

#include <algorithm>
#include <utility>

#include "kernel/base/text.h"
#include "tools/wiring/call_name.h"
#include "tools/wiring/restartable.h"

namespace jackfield {
namespace {

const std::string& ClientOf(const Plan& plan, const PlannedChannel& channel) {
  return plan.services[channel.client].name;
}
const std::string& ServerOf(const Plan& plan, const PlannedChannel& channel) {
  return plan.services[channel.server].name;
}

// The names of its calls (CallNameOf).
std::vector<std::string> CallsOf(const Plan& plan, const PlannedService& service) {
  std::vector<std::string> calls;
  for (const size_t call : service.calls) calls.push_back(CallNameOf(plan, plan.channels[call]));
  for (const OutsideCall& call : service.outside) calls.push_back(call.role);
  std::sort(calls.begin(), calls.end());
  return calls;
}

// The first role of `some` that `others` lacks; "": none.
std::string Lacks(const std::vector<std::string>& some, const std::vector<std::string>& others) {
  for (const std::string& role : some) {
    if (!std::binary_search(others.begin(), others.end(), role)) return role;
  }
  return "";
}

// Why what is given at the start is not the same; "": it is.
std::string WhyRestart(const Plan& old, const PlannedService& was, const Plan& wanted,
                       const PlannedService& is) {
  if (was.builtin != is.builtin || was.program != is.program) return "it runs another program";
  if (was.args != is.args) return "its arguments have changed";
  if (was.surroundings.environment != is.surroundings.environment)
    return "its environment has changed";
  if (was.surroundings.secrets != is.surroundings.secrets) return "a secret of it has changed";
  if (was.surroundings.directory != is.surroundings.directory) return "it runs elsewhere";
  if (was.surroundings.descriptors_max != is.surroundings.descriptors_max ||
      was.memory_bytes != is.memory_bytes)
    return "its limits have changed";
  if (was.ready != is.ready) return "it is ready by another rule";
  if (was.allows != is.allows) return "others may call it";
  if (was.grace_ns != is.grace_ns) return "its grace has changed";
  const std::vector<std::string> had = CallsOf(old, was), has = CallsOf(wanted, is);
  if (const std::string role = Lacks(has, had); !role.empty()) return Text("it calls ", role);
  if (const std::string role = Lacks(had, has); !role.empty())
    return Text("it calls ", role, " no more");
  return "";
}

std::string TargetText(const Plan& plan, const FoundCall& call) {
  return call.channel != nullptr ? ServerOf(plan, *call.channel)
                                 : Text(call.outside->role, " outside");
}
std::string AddressText(const FoundCall& call) {
  return (call.channel != nullptr ? call.channel->address : call.outside->address).ToString();
}
bool Inherited(const FoundCall& call) {
  return call.channel != nullptr && call.channel->caps.inherited;
}

class Comparison {
 public:
  Comparison(const Plan& old, const Plan& wanted) : old_(old), wanted_(wanted) {}

  absl::StatusOr<PlanChanges> Make() {
    if (old_.one_process != wanted_.one_process) {
      return absl::FailedPreconditionError(
          Text("the services of ", old_.name, old_.one_process ? " are threads" : " are processes",
               " and would be ", old_.one_process ? "processes" : "threads",
               ", which takes a new start: jackfield down, then up"));
    }
    if (old_.logs != wanted_.logs)
      changes_.noted.push_back(Text(old_.name, ": how much of its logs is kept has changed"));
    for (const PlannedService& is : wanted_.services) CompareService(is);
    for (auto was = old_.services.rbegin(); was != old_.services.rend(); ++was) {
      if (FindPlanned(wanted_, was->name) == nullptr) changes_.removed.push_back(was->name);
    }
    CompareInheritedEnds();
    CompareBadges();
    SpreadRestarts(wanted_, changes_.added, changes_.restarted);
    for (const PlannedService& is : wanted_.services) {
      const PlannedService* was = FindPlanned(old_, is.name);
      if (was == nullptr) continue;
      CompareEdges(*was, is);
      CompareCalls(is);
    }
    if (old_.name != wanted_.name)
      changes_.noted.push_back(Text("the name stays ", old_.name,
                                    " until the wiring is down, and "
                                    "is then ",
                                    wanted_.name));
    return std::move(changes_);
  }

 private:
  void CompareService(const PlannedService& is) {
    const PlannedService* was = FindPlanned(old_, is.name);
    if (was == nullptr) {
      changes_.added.push_back(is.name);
      return;
    }
    if (const std::string why = WhyRestart(old_, *was, wanted_, is); !why.empty())
      changes_.restarted.emplace(is.name, WhyRestarted{why});
    if (was->restart != is.restart)
      changes_.noted.push_back(Text(is.name, ": its restart rule has changed"));
  }

  bool IsAdded(const std::string& service) const { return Contains(changes_.added, service); }
  void Restart(const std::string& service, std::string why, bool own) {
    if (!IsAdded(service)) changes_.restarted.emplace(service, WhyRestarted{std::move(why), own});
  }

  // Ends that are handed out at the start are there from the start, or never.
  void CompareInheritedEnds() {
    for (const PlannedService& is : wanted_.services) {
      if (FindPlanned(old_, is.name) == nullptr) continue;
      for (const std::string& role : CallsOf(wanted_, is)) {
        const CallName name{is.name, role};
        const FoundCall had = FindCall(old_, name), has = FindCall(wanted_, name);
        if (had.there() && Same(had, has)) continue;
        if (!Inherited(has)) continue;
        const std::string why =
            Text(is.name, " calls it over ", AddressText(has), ", whose ends are inherited");
        Restart(
            is.name,
            Text("its call ", role, " comes to ", AddressText(has), ", whose ends are inherited"),
            true);
        Restart(ServerOf(wanted_, *has.channel), why, false);
      }
    }
    for (const PlannedChannel& channel : wanted_.channels) {
      if (channel.caps.inherited && IsAdded(ClientOf(wanted_, channel)))
        Restart(ServerOf(wanted_, channel),
                Text(ClientOf(wanted_, channel), " calls it over ", channel.address.ToString(),
                     ", whose ends are inherited"),
                false);
    }
  }

  // A service is given what proves its name to another one when it starts.
  void CompareBadges() {
    for (const PlannedService& is : wanted_.services) {
      if (FindPlanned(old_, is.name) == nullptr) continue;
      for (const std::string& role : CallsOf(wanted_, is)) {
        const CallName name{is.name, role};
        const std::string asked = WhoAsks(old_, FindCall(old_, name)),
                          asks = WhoAsks(wanted_, FindCall(wanted_, name));
        if (!asks.empty() && asks != asked)
          Restart(is.name, Text(asks, " asks who calls, and its badge is given to it at its start"),
                  false);
      }
    }
  }

  // The server that wants a badge of who calls it so; "": it does not.
  static std::string WhoAsks(const Plan& plan, const FoundCall& call) {
    if (call.channel == nullptr) return "";
    const PlannedService& server = plan.services[call.channel->server];
    return server.allows.empty() ? "" : server.name;
  }

  bool Same(const FoundCall& had, const FoundCall& has) const {
    return (had.channel != nullptr) == (has.channel != nullptr) &&
           TargetText(old_, had) == TargetText(wanted_, has) &&
           AddressText(had) == AddressText(has);
  }

  void CompareCalls(const PlannedService& is) {
    for (const std::string& role : CallsOf(wanted_, is)) {
      const CallName name{is.name, role};
      const FoundCall had = FindCall(old_, name), has = FindCall(wanted_, name);
      if (!had.there() || Same(had, has)) continue;
      const bool same_server = TargetText(old_, had) == TargetText(wanted_, has);
      const auto text = [same_server](const Plan& plan, const FoundCall& call) {
        return same_server ? AddressText(call)
                           : Text(TargetText(plan, call), " over ", AddressText(call));
      };
      changes_.moved.push_back({name, text(old_, had), text(wanted_, has)});
    }
  }

  void CompareEdges(const PlannedService& was, const PlannedService& is) {
    const auto only = [](const PlannedService& some, const PlannedService& other,
                         std::vector<ServeName>& found) {
      for (size_t i = 0; i < some.edges; ++i) {
        const std::string address = some.serves[i].ToString();
        if (std::none_of(other.serves.begin(), other.serves.begin() + other.edges,
                         [&](const Address& edge) { return edge.ToString() == address; }))
          found.push_back({some.name, address});
      }
    };
    only(is, was, changes_.served);
    only(was, is, changes_.left);
  }

  const Plan& old_;
  const Plan& wanted_;
  PlanChanges changes_;
};

}  // namespace

bool Contains(const std::vector<std::string>& services, const std::string& name) {
  return std::find(services.begin(), services.end(), name) != services.end();
}

absl::StatusOr<PlanChanges> ChangesBetween(const Plan& in_force, const Plan& wanted) {
  return Comparison(in_force, wanted).Make();
}

// Each round adds a service, or is the last.
void SpreadRestarts(const Plan& plan, const std::vector<std::string>& added,
                    RestartedServices& restarted) {
  const auto restart = [&](const std::string& service, const std::string& other,
                           const PlannedChannel& channel) {
    if (Contains(added, service)) return;
    restarted.emplace(
        service,
        WhyRestarted{Text("its channel with ", other, " over ", channel.address.ToString(),
                          channel.caps.inherited ? " ends with either of them"
                                                 : " is at a place that goes with its process"),
                     false});
  };
  for (size_t before = restarted.size() + 1; before != restarted.size();) {
    before = restarted.size();
    for (const PlannedChannel& channel : plan.channels) {
      const std::string &client = ClientOf(plan, channel), &server = ServerOf(plan, channel);
      if (restarted.contains(server) && (channel.caps.inherited || PlaceGoesWithProcess(channel)))
        restart(client, server, channel);
      if (restarted.contains(client) && channel.caps.inherited) restart(server, client, channel);
    }
  }
}

FoundCall FindCall(const Plan& plan, const CallName& name) {
  FoundCall found;
  const PlannedService* client = FindPlanned(plan, name.client);
  if (client == nullptr) return found;
  for (const size_t call : client->calls) {
    if (CallNameOf(plan, plan.channels[call]) == name.call) found.channel = &plan.channels[call];
  }
  for (const OutsideCall& call : client->outside) {
    if (call.role == name.call) found.outside = &call;
  }
  return found;
}

const PlannedService* FindPlanned(const Plan& plan, std::string_view name) {
  const auto found = std::find_if(plan.services.begin(), plan.services.end(),
                                  [&](const PlannedService& s) { return s.name == name; });
  return found == plan.services.end() ? nullptr : &*found;
}

Address ServeAddress(const Plan& plan, const PlannedChannel& channel) {
  return plan.services[channel.server].serves[channel.serve];
}

}  // namespace jackfield
