// The part of a change that starts services: those that are added, and those that are restarted.
#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "kernel/base/text.h"
#include "tools/supervisor/change.h"
#include "tools/wiring/call_name.h"
#include "tools/wiring/restartable.h"

namespace jackfield {
void Change::Restart(const std::string& service, std::string why) {
  restarts_.emplace(service, WhyRestarted{std::move(why)});
  SpreadRestarts(wanted_, changes_.added, restarts_);
}

// Those that are due, each with the others of its inherited ends; providers first.
std::vector<Change::Names> Change::Groups() const {
  std::vector<Names> groups;
  for (const PlannedService& service : wanted_.services) {
    if (!restarts_.contains(service.name) && !added_.contains(service.name)) continue;
    Names joined;
    for (auto group = groups.begin(); group != groups.end();) {
      if (!Share(*group, service.name)) {
        ++group;
        continue;
      }
      joined.insert(joined.end(), group->begin(), group->end());
      group = groups.erase(group);
    }
    joined.push_back(service.name);
    groups.push_back(std::move(joined));
  }
  return groups;
}

// Does `service` share inherited ends with one of the group?
bool Change::Share(const Names& group, const std::string& service) const {
  return std::any_of(
      wanted_.channels.begin(), wanted_.channels.end(), [&](const PlannedChannel& channel) {
        const std::string &client = ClientOf(channel), &server = ServerOf(channel);
        return channel.caps.inherited && ((client == service && Contains(group, server)) ||
                                          (server == service && Contains(group, client)));
      });
}

Task<void> Change::Launch(bool restarts) {
  const std::vector<Names> groups = Groups();
  for (const Names& group : groups) {
    if (live_.stopping()) co_return;
    const bool restarted = std::any_of(group.begin(), group.end(), [this](const std::string& name) {
      return restarts_.contains(name);
    });
    if (!restarts && (restarted || !Reachable(group))) continue;
    co_await Relaunch(group);
  }
}

// Is it known where all serve that the group calls?
bool Change::Reachable(const Names& group) const {
  return std::all_of(
      wanted_.channels.begin(), wanted_.channels.end(), [&](const PlannedChannel& channel) {
        return !Contains(group, ClientOf(channel)) || Contains(group, ServerOf(channel)) ||
               handing_.ServedAt(ServerOf(channel), ServeAddress(wanted_, channel));
      });
}

// What the group would call in vain, or take away from others; "": nothing.
std::string Change::Lacking(const Names& group) const {
  for (const PlannedChannel& channel : wanted_.channels) {
    if (!Contains(group, ClientOf(channel)) || Contains(group, ServerOf(channel))) continue;
    if (std::string why = WhyNotServed(channel); !why.empty()) return why;
  }
  const Plan& plan = live_.plan();
  for (const PlannedChannel& channel : plan.channels) {
    const std::string &client = plan.services[channel.client].name,
                      &server = plan.services[channel.server].name;
    if (channel.caps.inherited && Contains(group, server) && !Contains(group, client) &&
        Runs(client))
      return Text(client, " still calls ", server, " over ", channel.address.ToString(),
                  ", which ends with either of them");
  }
  return "";
}

Task<void> Change::Relaunch(Names group) {
  const std::string lacking = Lacking(group);
  if (!lacking.empty()) {
    for (const std::string& name : group) {
      const bool added = added_.erase(name) > 0;
      if (added) dropped_[name] = lacking;
      restarts_.erase(name);
      Not(name, Text(added ? "not added: " : "not restarted: ", lacking));
    }
    co_return;
  }
  Names ran, start;
  std::map<std::string, std::string> before;
  for (const std::string& name : group) {
    before[name] = WhereIs(name);
    const Supervised* service = live_.Find(name);
    const auto why = restarts_.find(name);
    // Whoever had finished does its work again only if its own lines have changed.
    const bool finished = service != nullptr && service->state == ServiceState::kEnded;
    if (service != nullptr && !finished) ran.push_back(name);  // or is about to
    if (!finished || (why != restarts_.end() && why->second.own)) start.push_back(name);
  }
  co_await Stopped(ran);
  if (live_.stopping()) co_return;
  const absl::Status taken = TakeOver(group);
  std::string problem(taken.message());
  if (taken.ok()) problem = co_await Started(start);
  if (live_.stopping()) co_return;
  if (!problem.empty()) {
    co_await RollBack(std::move(group), std::move(ran), std::move(problem));
    co_return;
  }
  for (const std::string& name : group) {
    live_.Release(name);
    const std::string where = WhereIs(name);
    const auto why = restarts_.find(name);
    if (why == restarts_.end())
      Done(name, Text("added (", where.empty() ? "it waits for those that it calls" : where, ")"));
    else if (!before[name].empty() && Contains(ran, name))
      Done(name, Text("restarted: ", why->second.text, " (", before[name], " → ",
                      where.empty() ? "it waits for those that it calls" : where, ")"));
    else
      Done(name, Text("changed: ", why->second.text));
    added_.erase(name);
    restarts_.erase(name);
    for (const MovedCall& call : changes_.moved) {
      if (call.call.client == name && taken_.calls.insert(call.call).second) Moved(call);
    }
  }
}

Task<void> Change::RollBack(Names group, Names ran, std::string why) {
  Names running;
  for (const std::string& name : group) {
    if (live_.Find(name) != nullptr && live_.Find(name)->state != ServiceState::kEnded)
      running.push_back(name);
  }
  co_await Stopped(running);
  if (live_.stopping()) co_return;
  const absl::Status given_back = GiveBack(group);
  std::string problem(given_back.message());
  if (given_back.ok()) problem = co_await Started(ran);
  if (live_.stopping()) co_return;
  for (const std::string& name : group) {
    if (live_.Find(name) != nullptr) live_.Release(name);
    if (added_.erase(name) > 0) {
      dropped_[name] = why;
      Not(name, Text("not added: ", why));
    } else {
      restarts_.erase(name);
      Not(name, problem.empty() ? Text("goes on as before: ", why)
                                : Text(why, "; and as before: ", problem));
      for (const Address& serve : FindPlanned(wanted_, name)->serves) {
        if (!handing_.ServedAt(name, serve))
          not_served_[{name, serve.ToString()}] = Text(name, " goes on as before");
      }
    }
  }
}

// They are as wanted, and get new ends. Requires: none of them runs.
absl::Status Change::TakeOver(const Names& group) {
  taken_.services.insert(group.begin(), group.end());
  for (const std::string& name : group) {
    const PlannedService& planned = *FindPlanned(wanted_, name);
    for (const Address& serve : planned.serves) taken_.served.insert({name, serve.ToString()});
  }
  GiveUpEnds(group);
  Adopt();
  return handing_.MakeEnds(node_.sys());
}

// They are as they were. Requires: none of them runs.
absl::Status Change::GiveBack(const Names& group) {
  for (const std::string& name : group) {
    taken_.services.erase(name);
    const PlannedService& planned = *FindPlanned(wanted_, name);
    for (const Address& serve : planned.serves) {
      if (!handing_.ServedAt(name, serve)) taken_.served.erase({name, serve.ToString()});
    }
    if (FindPlanned(old_, name) == nullptr) handing_.ForgetAll(name);
  }
  GiveUpEnds(group);
  Adopt();
  return handing_.MakeEnds(node_.sys());
}

void Change::GiveUpEnds(const Names& group) {
  for (const Plan* plan : {&live_.plan(), static_cast<const Plan*>(&wanted_)}) {
    for (const PlannedChannel& channel : plan->channels) {
      const std::string &client = plan->services[channel.client].name,
                        &server = plan->services[channel.server].name;
      if (channel.caps.inherited && (Contains(group, client) || Contains(group, server)))
        handing_.ForgetEnds(client, CallNameOf(*plan, channel));
      if (PlaceGoesWithProcess(channel) && Contains(group, server))
        handing_.Forget(server, ServeAddress(*plan, channel));
    }
  }
}

// ---- Waiting.

Task<void> Change::Stopped(Names services) {
  for (auto name = services.rbegin(); name != services.rend(); ++name) {
    if (live_.stopping()) co_return;
    live_.Stop(*name);
    while (live_.Find(*name)->state != ServiceState::kEnded) co_await stir_.Next();
  }
}

Task<std::string> Change::Started(Names services) {
  for (const std::string& name : services) live_.Start(name);
  for (const std::string& name : services) {
    const bool serves = !FindPlanned(live_.plan(), name)->serves.empty();
    const int64_t until_ns = node_.clock().NowNs() + kProvidersNs;
    for (;;) {
      if (live_.stopping()) co_return "";
      const Supervised& service = *live_.Find(name);
      const int64_t trial_ns = service.started_ns + kTrialNs, now_ns = node_.clock().NowNs();
      if (service.state == ServiceState::kEnded) {
        if (service.running == nullptr) co_return service.not_started;
        if (service.ending.clean() && !serves) break;  // done
        co_return Text(name, " (", service.running->where(), ") ", service.ending.ToString(),
                       serves ? " before it was ready" : " at once");
      }
      if (service.state == ServiceState::kReady) break;
      if (service.state == ServiceState::kStarted && !serves && now_ns >= trial_ns) break;
      // Whom it calls may be away for long, by a rule of theirs; it waits on without this change.
      if (service.state == ServiceState::kWaiting && now_ns >= until_ns) break;
      co_await stir_.Next(service.state == ServiceState::kWaiting ? until_ns
                          : serves                                ? Timers::kNever
                                                                  : trial_ns);
    }
  }
  co_return "";
}

}  // namespace jackfield
