#include "tools/wiring/plan.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/common_params.h"
#include "tools/wiring/allow_key.h"
#include "tools/wiring/instances.h"
#include "tools/wiring/program_file.h"
#include "tools/wiring/readiness.h"
#include "tools/wiring/restartable.h"
#include "tools/wiring/seen_from.h"
#include "tools/wiring/start_order.h"
#include "tools/wiring/topics_key.h"

namespace jackfield {
namespace {

class Planner {
 public:
  Planner(Wiring wiring, const Program& program, const PlanOptions& options)
      : wiring_(std::move(wiring)), program_(program), options_(options) {}

  absl::StatusOr<Plan> Make() {
    plan_.file = wiring_.file;
    plan_.name = wiring_.name;
    plan_.logs = wiring_.logs;
    if (plan_.name.empty()) plan_.name = std::filesystem::path(wiring_.file).stem().string();
    std::vector<Fault> faults;
    WireTopics(wiring_, faults, plan_.notes);
    wiring_ = WithInstances(std::move(wiring_));
    for (const auto& [place, sentence] : faults) Wrong(place, sentence);
    for (const ServiceEntry& entry : wiring_.services) AddService(entry);
    for (size_t i = 0; i < wiring_.services.size(); ++i) {
      for (const CallEntry& call : wiring_.services[i].calls) AddRole(i, call);
    }
    faults.clear();
    PlanAllow(wiring_, plan_, faults);
    for (const auto& [place, sentence] : faults) Wrong(place, sentence);
    if (wrongs_.empty()) CheckTogether();
    if (wrongs_.empty()) {
      if (const std::optional<Circle> circle = SortProvidersFirst(plan_)) {
        Wrong(plan_.channels[circle->channel].place,
              Text("calls go in a circle: ", circle->text, "; take one of these calls out"));
      }
    }
    if (!wrongs_.empty()) return absl::InvalidArgumentError(wrongs_);
    for (PlannedService& service : plan_.services) {
      if (service.called.empty())
        service.args.insert(service.args.end(), options_.args.begin(), options_.args.end());
    }
    return std::move(plan_);
  }

 private:
  void Wrong(Place place, std::string_view sentence) {
    const std::string line = Text(Prefix(wiring_.file, place), sentence);
    if (wrongs_.find(line) != std::string::npos)
      return;  // --over is wrong once, however many channels it concerns
    wrongs_ += Text(wrongs_.empty() ? "" : "\n", line);
  }

  void AddService(const ServiceEntry& entry) {
    PlannedService service;
    service.name = NameOf(entry);
    service.args.assign(entry.run.begin() + 1, entry.run.end());
    service.grace_ns = entry.grace_ns;
    service.memory_bytes = entry.memory_bytes;
    service.restart = entry.restart;
    service.topics = entry.topics;
    service.build = entry.build;
    service.ready = ReadyRuleOf(entry, DirectoryOf(wiring_.file));
    std::vector<Fault> faults;
    service.surroundings = SurroundingsOf(entry, DirectoryOf(wiring_.file), faults, plan_.notes);
    for (const auto& [place, sentence] : faults) Wrong(place, sentence);
    const std::string& what = entry.run[0];
    if (what.find('/') != std::string::npos) {
      service.program = what[0] == '/' ? what : WithoutDots(DirectoryOf(wiring_.file) + what);
      CheckProgram(entry, service);
    } else {
      std::vector<std::string_view> names;
      for (const BuiltinService& builtin : program_.services) {
        names.push_back(builtin.name);
        if (builtin.name == what) service.builtin = &builtin;
      }
      if (service.builtin == nullptr) {
        const std::string guess = DidYouMean(what, names);
        Wrong(entry.run_place,
              Text("there is no built-in service \"", Escaped(what), "\"",
                   guess.empty() ? Text("; a program is written with a '/', such as \"",
                                        InPath(what), Escaped(what), "\"")
                                 : guess));
      }
    }
    for (const ServeEntry& serve : entry.serves) AddServe(serve, entry, service);
    plan_.services.push_back(std::move(service));
  }

  // Errors: as Carry, as one that says to whom the address is wrong.
  absl::StatusOr<Registry::Stacked> CarryFor(const Address& address, Role role, Carried carried,
                                             std::string_view what) const {
    absl::StatusOr<Registry::Stacked> stacked =
        Carry(*program_.registry, program_.machine, address, role, carried);
    if (stacked.ok() || stacked.status().code() != absl::StatusCode::kFailedPrecondition)
      return stacked;
    return absl::FailedPreconditionError(Text(what, ": ", std::string(stacked.status().message())));
  }

  // An address for the outside. Neither --over nor another service's calls change it.
  void AddServe(const ServeEntry& entry, const ServiceEntry& server, PlannedService& service) {
    absl::StatusOr<Address> address = ReadAddress(entry.address);
    absl::StatusOr<Registry::Stacked> stacked =
        address.ok() ? CarryFor(*address, Role::kServe, Carried::kCalls,
                                Text("what ", server.name, " serves"))
                     : address.status();
    if (!stacked.ok()) return Wrong(entry.place, std::string(stacked.status().message()));
    if (OnlyWithin(stacked->caps)) {
      return Wrong(entry.place, Text(address->ToString(),
                                     " joins only what this wiring starts, and serve is for "
                                     "others; write one such as \"tcp://127.0.0.1:7000\""));
    }
    if (const std::string why = WhyOnePlace(server, *address); !why.empty())
      return Wrong(entry.place, why);
    service.serves.push_back(address->Without("on_full"));
    ++service.edges;
  }

  // A channel to what is not ours to start.
  void AddOutside(size_t client, const CallEntry& call) {
    PlannedService& caller = plan_.services[client];
    absl::StatusOr<Address> address = ReadAddress(call.at);
    if (address.ok() && address->bare())
      address = absl::InvalidArgumentError(Text("at names the place where ", call.role,
                                                " serves, and \"", call.at,
                                                "\" names none; such as \"tcp://127.0.0.1:7000\""));
    absl::StatusOr<Registry::Stacked> stacked =
        address.ok() ? CarryFor(*address, Role::kConnect, CarriedBy(call),
                                Text("the calls of ", caller.name, " to ", call.role))
                     : address.status();
    if (!stacked.ok()) return Wrong(call.over_place, std::string(stacked.status().message()));
    if (OnlyWithin(stacked->caps)) {
      return Wrong(call.over_place,
                   Text(address->ToString(), " joins only what this wiring starts"));
    }
    caller.outside.push_back({call.role, *std::move(address), CarriedBy(call), call.place});
  }

  static Carried CarriedBy(const CallEntry& call) {
    return call.one_way ? Carried::kOneWay : Carried::kCalls;
  }
  static bool OnlyWithin(const Caps& caps) { return caps.inherited || caps.one_process; }

  // A place that begins with ./ or ../ is seen from the wiring file, as a program is; so is what a
  // parameter says. That holds for all media: they know whole paths only.
  absl::StatusOr<Address> ReadAddress(std::string_view text) const {
    absl::StatusOr<Address> address = program_.registry->Parse(text);
    if (!address.ok()) return address;
    const auto whole = [this](std::string_view path) {
      return SeenFrom(DirectoryOf(wiring_.file), path);
    };
    Address seen = *address;
    if (IsRelative(seen.target())) seen = seen.WithTarget(whole(seen.target()));
    for (const auto& [key, value] : address->params()) {
      if (IsRelative(value)) seen = seen.With(key, whole(value));
    }
    return seen;
  }

  void CheckProgram(const ServiceEntry& entry, PlannedService& service) {
    const ProgramFault fault = WhyNotRun(entry, wiring_.file, service.program);
    if (fault.why.empty()) return;
    if (!fault.not_there || entry.build.empty()) return Wrong(entry.run_place, fault.why);
    service.not_built = Text(Prefix(wiring_.file, entry.run_place), fault.why);
    if (entry.instance < 2)
      plan_.notes.push_back(Text(
          entry.name, " is not built yet; `jackfield up` does that first: ", entry.build[0].text));
  }

  // The address of a channel, and where it is written.
  std::pair<std::string, Place> OverOf(const CallEntry& call) const {
    const bool set = !call.over.empty() && call.over_place.line == 0;
    if (!options_.over.empty() && !set) {
      const bool word =
          options_.over.find(':') == std::string::npos;  // --over tcp means --over tcp:
      return {word ? options_.over + ":" : options_.over, Place{}};
    }
    if (!call.over.empty()) return {call.over, call.over_place};
    return {wiring_.over, wiring_.over_place};
  }

  // A channel to each that is in it.
  void AddRole(size_t client, const CallEntry& call) {
    if (!call.at.empty()) return AddOutside(client, call);
    const auto servers = ServersOf(wiring_, wiring_.services[client], call);
    if (!servers.ok()) return Wrong(call.place, std::string(servers.status().message()));
    for (const size_t server : *servers) AddChannel(client, server, call);
    if (plan_.services[client].calls.size() > kChannelsOfServiceMax)
      Wrong(call.place, Text("service ", wiring_.services[client].name, " has more than ",
                             kChannelsOfServiceMax, " channels, one to each server of its roles"));
  }

  void AddChannel(size_t client, size_t server, const CallEntry& call) {
    const std::string &caller = wiring_.services[client].name,
                      &called = wiring_.services[server].name;
    PlannedChannel channel;
    channel.client = client;
    channel.server = server;
    channel.role = call.role;
    channel.place = call.place;
    channel.carries = CarriedBy(call);
    const auto [over, place] = OverOf(call);
    channel.over_place = place;
    if (over.empty())
      return Wrong(
          call.place,
          Text("over what does ", caller, " call ", called,
               "? say it here, or for all channels by a line at the top: over = \"unix:\""));
    absl::StatusOr<Address> address = ReadAddress(over);
    if (!address.ok()) return Wrong(place, std::string(address.status().message()));
    channel.address = *std::move(address);
    // A bare address becomes a place only when its server chooses one, so a client's side can be
    // asked only about a place.
    for (const Role role : {Role::kServe, Role::kConnect}) {
      if (role == Role::kConnect && channel.address.bare()) break;
      absl::StatusOr<Registry::Stacked> stacked = CarryFor(
          channel.address, role, channel.carries, Text("the calls of ", caller, " to ", called));
      if (!stacked.ok())
        return Wrong(place,
                     Text(std::string(stacked.status().message()), OneWayHint(channel, role)));
      if (role == Role::kServe) channel.caps = stacked->caps;
    }
    if (const std::string why = WhyOnePlace(wiring_.services[server], channel.address);
        !why.empty() && !channel.caps.inherited)
      return Wrong(place, why);
    Connect(std::move(channel));
  }

  // Where nothing is answered, one-way messages may be all that was meant.
  std::string OneWayHint(const PlannedChannel& channel, Role role) const {
    if (channel.carries == Carried::kOneWay ||
        !Carry(*program_.registry, program_.machine, channel.address, role, Carried::kOneWay).ok())
      return "";
    return Text("; for one-way messages alone it would do: ", channel.role, " = { over = \"",
                channel.address.ToString(), "\", one_way = true }");
  }

  void Connect(PlannedChannel channel) {
    PlannedService& server = plan_.services[channel.server];
    const Address serve = channel.address.Without("on_full");
    const auto same =
        std::find_if(server.serves.begin(), server.serves.end(),
                     [&](const Address& other) { return other.ToString() == serve.ToString(); });
    channel.serve = static_cast<size_t>(same - server.serves.begin());
    // Ends that are handed out belong to one channel each.
    if (channel.caps.inherited || same == server.serves.end()) {
      channel.serve = server.serves.size();
      server.serves.push_back(serve);
    }
    plan_.one_process |= channel.caps.one_process;
    server.called.push_back(plan_.channels.size());
    plan_.services[channel.client].calls.push_back(plan_.channels.size());
    plan_.channels.push_back(std::move(channel));
  }

  // What no service and no channel shows alone.
  void CheckTogether() {
    for (const PlannedChannel& channel : plan_.channels) {
      if (channel.address.bare() || channel.caps.inherited) continue;
      for (const PlannedChannel& other : plan_.channels) {
        if (&other == &channel) break;
        const bool many_readers = channel.caps.fan_out && channel.carries == Carried::kOneWay &&
                                  other.carries == channel.carries;
        if (!many_readers && other.server != channel.server &&
            WithoutCommonParams(other.address).ToString() ==
                WithoutCommonParams(channel.address).ToString()) {
          Wrong(channel.place, Text(plan_.services[other.server].name, " and ",
                                    plan_.services[channel.server].name, " cannot both serve at ",
                                    channel.address.ToString(), "; write \"",
                                    channel.address.WithTarget("").ToString(),
                                    "\" and each chooses a place of its own"));
        }
      }
    }
    for (size_t i = 0; i < plan_.services.size(); ++i) {
      for (size_t edge = 0; edge < plan_.services[i].edges; ++edge) CheckEdge(i, edge);
    }
    for (size_t i = 0; i < plan_.services.size() && plan_.one_process; ++i) CheckThread(i);
    for (size_t i = 0; i < plan_.services.size(); ++i) {
      CheckRestart(i);
      CheckReady(i);
    }
  }

  // A service of a wiring that must be one process.
  void CheckThread(size_t service) {
    const PlannedService& planned = plan_.services[service];
    const auto inside =
        std::find_if(plan_.channels.begin(), plan_.channels.end(),
                     [](const PlannedChannel& channel) { return channel.caps.one_process; });
    if (planned.builtin == nullptr)
      Wrong(wiring_.services[service].run_place,
            Text("service ", wiring_.services[service].name, " is a program, and ",
                 inside->address.ToString(),
                 " joins only services of one process, which are built in; choose another medium, "
                 "such as \"unix:\""));
    if (!planned.surroundings.inherited() || planned.ready != ReadyRule())
      Wrong(wiring_.services[service].place,
            Text("env, env_file, secrets, cwd, ready and limits.nofile of service ",
                 wiring_.services[service].name, " are of a process of its own, and ",
                 inside->address.ToString(),
                 " joins threads of one process; choose another medium, such as \"unix:\""));
  }

  void CheckReady(size_t index) {
    const ServiceEntry& entry = wiring_.services[index];
    if (const std::string why = WhyNeverReady(plan_.services[index]); !why.empty())
      Wrong(entry.ready_place, Text("service ", plan_.services[index].name, " ", why));
  }

  // Where the file says both it is wrong; where the command line chose the medium it has the last
  // word.
  void CheckRestart(size_t index) {
    PlannedService& service = plan_.services[index];
    if (service.restart.when == RestartRule::When::kNever) return;
    const std::optional<NoRestart> not_so = WhyNoRestart(plan_, index);
    if (!not_so) return;
    if (not_so->channel->over_place.line == 0) {
      service.restart.when = RestartRule::When::kNever;
      plan_.notes.push_back(Text(service.name, " will not be restarted: ", not_so->why));
    } else {
      Wrong(wiring_.services[index].restart_place,
            Text("service ", wiring_.services[index].name, " is to be restarted, and ", not_so->why,
                 "; choose a medium with a place, such as \"unix:\", or say restart = \"never\""));
    }
  }

  // A place belongs to one server.
  void CheckEdge(size_t service, size_t edge) {
    const Address& place = plan_.services[service].serves[edge];
    for (size_t other = 0; other < plan_.services.size(); ++other) {
      if (other == service || place.bare()) continue;
      for (const Address& taken : plan_.services[other].serves) {
        if (WithoutCommonParams(taken).ToString() != WithoutCommonParams(place).ToString())
          continue;
        Wrong(wiring_.services[service].serves[edge].place,
              Text(plan_.services[service].name, " and ", plan_.services[other].name,
                   " cannot both serve at ", place.ToString()));
      }
    }
  }

  Wiring wiring_;
  const Program& program_;
  const PlanOptions& options_;
  Plan plan_;
  std::string wrongs_;
};

}  // namespace

absl::StatusOr<Plan> MakePlan(Wiring wiring, const Program& program, const PlanOptions& options) {
  return Planner(std::move(wiring), program, options).Make();
}

}  // namespace jackfield
