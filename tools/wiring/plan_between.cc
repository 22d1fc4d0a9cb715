#include "tools/wiring/plan_between.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "tools/wiring/call_name.h"

namespace jackfield {
namespace {

class Mixing {
 public:
  Mixing(const Plan& old, const Plan& wanted, const Taken& taken)
      : old_(old), wanted_(wanted), taken_(taken) {}

  Plan Make() {
    plan_.file = wanted_.file;
    plan_.name = old_.name;
    plan_.logs = wanted_.logs;
    plan_.one_process = old_.one_process;
    for (const PlannedService& is : wanted_.services) {
      if (FindPlanned(old_, is.name) != nullptr || taken_.services.contains(is.name))
        AddService(is.name);
    }
    for (const PlannedService& was : old_.services) {
      if (FindPlanned(wanted_, was.name) == nullptr && !taken_.gone.contains(was.name))
        AddService(was.name);
    }
    for (size_t i = 0; i < plan_.services.size(); ++i) AddCalls(i);
    return std::move(plan_);
  }

 private:
  const Plan& SourceOf(const std::string& service) const {
    return taken_.services.contains(service) ? wanted_ : old_;
  }

  void AddService(const std::string& name) {
    const PlannedService *was = FindPlanned(old_, name), *is = FindPlanned(wanted_, name);
    PlannedService service = *FindPlanned(SourceOf(name), name);
    if (is != nullptr) service.restart = is->restart;
    service.serves.clear();
    service.calls.clear();
    service.called.clear();
    service.outside.clear();
    service.edges = 0;
    if (was != nullptr) {
      TakeServes(
          old_, *was, [&](const ServeName& serve) { return !taken_.left.contains(serve); },
          service);
    }
    if (is != nullptr) {
      TakeServes(
          wanted_, *is,
          [&](const ServeName& serve) { return was == nullptr || taken_.served.contains(serve); },
          service);
    }
    plan_.services.push_back(std::move(service));
  }

  // Those of `from` that are `kept`, without inherited ends, which come with their channels. Edges
  // stand in front.
  template <class Kept>
  void TakeServes(const Plan& plan, const PlannedService& from, Kept kept, PlannedService& to) {
    for (size_t i = 0; i < from.serves.size(); ++i) {
      const bool edge = i < from.edges;
      if (!edge && std::any_of(from.called.begin(), from.called.end(), [&](size_t called) {
            return plan.channels[called].serve == i && plan.channels[called].caps.inherited;
          }))
        continue;
      const std::string text = from.serves[i].ToString();
      if (!kept({from.name, text})) continue;
      const auto same = std::find_if(to.serves.begin(), to.serves.end(),
                                     [&](const Address& a) { return a.ToString() == text; });
      const bool was_edge = same - to.serves.begin() < static_cast<ptrdiff_t>(to.edges);
      if (same != to.serves.end() && (was_edge || !edge)) continue;
      if (same != to.serves.end()) to.serves.erase(same);
      to.serves.insert(
          edge ? to.serves.begin() + static_cast<ptrdiff_t>(to.edges++) : to.serves.end(),
          from.serves[i]);
    }
  }

  void AddCalls(size_t client) {
    const std::string& name = plan_.services[client].name;
    const Plan& source = SourceOf(name);
    const PlannedService& planned = *FindPlanned(source, name);
    for (const size_t call : planned.calls)
      AddCall(client, {name, CallNameOf(source, source.channels[call])});
    for (const OutsideCall& call : planned.outside) AddCall(client, {name, call.role});
  }

  void AddCall(size_t client, const CallName& name) {
    const Plan& source = taken_.calls.contains(name) ? wanted_ : SourceOf(name.client);
    const FoundCall call = FindCall(source, name);
    if (call.outside != nullptr) plan_.services[client].outside.push_back(*call.outside);
    if (call.channel == nullptr) return;
    const std::string& server_name = source.services[call.channel->server].name;
    const auto server =
        std::find_if(plan_.services.begin(), plan_.services.end(),
                     [&](const PlannedService& s) { return s.name == server_name; });
    if (server == plan_.services.end()) return;
    const Address serve = ServeAddress(source, *call.channel);
    const auto same =
        std::find_if(server->serves.begin(), server->serves.end(),
                     [&](const Address& a) { return a.ToString() == serve.ToString(); });
    PlannedChannel channel = *call.channel;
    channel.client = client;
    channel.server = static_cast<size_t>(server - plan_.services.begin());
    channel.serve = static_cast<size_t>(same - server->serves.begin());
    if (channel.caps.inherited || same == server->serves.end()) {
      channel.serve = server->serves.size();
      server->serves.push_back(serve);
    }
    server->called.push_back(plan_.channels.size());
    plan_.services[client].calls.push_back(plan_.channels.size());
    plan_.channels.push_back(std::move(channel));
  }

  const Plan& old_;
  const Plan& wanted_;
  const Taken& taken_;
  Plan plan_;
};

}  // namespace

Plan Between(const Plan& old, const Plan& wanted, const Taken& taken) {
  return Mixing(old, wanted, taken).Make();
}

}  // namespace jackfield
