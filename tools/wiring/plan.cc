#include "tools/wiring/plan.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "kernel/common_params.h"
#include "kernel/memory_limit.h"
#include "kernel/text.h"
#include "tools/wiring/carry.h"

namespace jackfield {
namespace {

std::string DirectoryOf(std::string_view file) {
  const size_t slash = file.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(file.substr(0, slash + 1));
}

class Planner {
 public:
  Planner(Wiring wiring, const Program& program, const PlanOptions& options)
      : wiring_(std::move(wiring)), program_(program), options_(options) {}

  absl::StatusOr<Plan> Make() {
    plan_.file = wiring_.file;
    plan_.name = wiring_.name.empty() ? "the wiring" : wiring_.name;
    for (const ServiceEntry& entry : wiring_.services) AddService(entry);
    for (size_t i = 0; i < wiring_.services.size(); ++i) {
      for (const CallEntry& call : wiring_.services[i].calls) AddChannel(i, call);
    }
    if (wrongs_.empty()) CheckTogether();
    if (wrongs_.empty()) Sort();
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
    service.name = entry.name;
    service.args.assign(entry.run.begin() + 1, entry.run.end());
    service.memory_bytes = entry.memory_bytes;
    const std::string& what = entry.run[0];
    if (what.find('/') != std::string::npos) {
      service.program = what[0] == '/' ? what : DirectoryOf(wiring_.file) + what;
      CheckProgram(entry, service.program);
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
                   guess.empty() ? Text("; a program is written with a '/', such as \"./",
                                        Escaped(what), "\"")
                                 : guess));
      }
    }
    plan_.services.push_back(std::move(service));
  }

  void CheckProgram(const ServiceEntry& entry, const std::string& path) {
    struct stat what {};
    if (stat(path.c_str(), &what) != 0) {
      return Wrong(entry.run_place, Text("the program of service ", entry.name, " is not there: ",
                                         Escaped(path), ": ", std::strerror(errno)));
    }
    if (!S_ISREG(what.st_mode))
      return Wrong(entry.run_place,
                   Text("the program of service ", entry.name, " is not a file: ", Escaped(path)));
    if (access(path.c_str(), X_OK) != 0) {
      Wrong(entry.run_place, Text("the program of service ", entry.name,
                                  " may not be run; try: chmod +x ", Escaped(path)));
    }
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

  void AddChannel(size_t client, const CallEntry& call) {
    const std::string& caller = wiring_.services[client].name;
    std::vector<std::string_view> names;
    for (const ServiceEntry& service : wiring_.services) names.push_back(service.name);
    const auto found = std::find(names.begin(), names.end(), call.service);
    if (found == names.end()) {
      return Wrong(call.place,
                   Text("service ", caller, " calls \"", Escaped(call.service),
                        "\", and there is no such service", DidYouMean(call.service, names)));
    }
    PlannedChannel channel;
    channel.client = client;
    channel.server = static_cast<size_t>(found - names.begin());
    channel.role = call.role;
    channel.place = call.place;
    const auto [over, place] = OverOf(call);
    if (over.empty())
      return Wrong(
          call.place,
          Text("over what does ", caller, " call ", call.service,
               "? say it here, or for all channels by a line at the top: over = \"unix:\""));
    absl::StatusOr<Address> address = program_.registry->Parse(over);
    if (!address.ok()) return Wrong(place, std::string(address.status().message()));
    channel.address = *std::move(address);
    // A bare address becomes a place only when its server chooses one, so a client's side can be
    // asked only about a place.
    for (const Role role : {Role::kServe, Role::kConnect}) {
      if (role == Role::kConnect && channel.address.bare()) break;
      absl::StatusOr<Registry::Stacked> stacked =
          CarryCalls(*program_.registry, program_.machine, channel.address, role);
      if (!stacked.ok()) {
        const std::string why(stacked.status().message());
        return Wrong(place, stacked.status().code() == absl::StatusCode::kFailedPrecondition
                                ? Text("the calls of ", caller, " to ", call.service, ": ", why)
                                : why);
      }
      if (role == Role::kServe) channel.caps = stacked->caps;
    }
    Connect(std::move(channel));
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
        if (other.server != channel.server && WithoutCommonParams(other.address).ToString() ==
                                                  WithoutCommonParams(channel.address).ToString()) {
          Wrong(channel.place, Text(plan_.services[other.server].name, " and ",
                                    plan_.services[channel.server].name, " cannot both serve at ",
                                    channel.address.ToString(), "; write \"",
                                    channel.address.WithTarget("").ToString(),
                                    "\" and each chooses a place of its own"));
        }
      }
    }
    for (size_t i = 0; i < plan_.services.size() && plan_.one_process; ++i) {
      if (plan_.services[i].builtin != nullptr) continue;
      const auto inside =
          std::find_if(plan_.channels.begin(), plan_.channels.end(),
                       [](const PlannedChannel& channel) { return channel.caps.one_process; });
      Wrong(wiring_.services[i].run_place,
            Text("service ", plan_.services[i].name, " is a program, and ",
                 inside->address.ToString(),
                 " joins only services of one process, which are built in; choose another medium, "
                 "such as \"unix:\""));
    }
    size_t bytes = 0;
    for (const std::string& arg : options_.args) {
      bytes += arg.size() + 5;
      if (arg.find('\n') != std::string::npos)
        return Wrong(
            {},
            "an argument behind \"--\" has a newline in it, which cannot be handed to a service");
    }
    if (bytes > 120'000 && !plan_.one_process) {
      Wrong({}, Text("the arguments behind \"--\" are ", bytes,
                     " bytes long; a service can be handed at most 120000"));
    }
  }

  // Providers first; else as in the file. Says so if that cannot be.
  void Sort() {
    std::vector<size_t> order, path;
    std::vector<int> state(plan_.services.size(), 0);  // 1: on the path, 2: in the order
    for (size_t i = 0; i < plan_.services.size(); ++i) {
      if (!Visit(i, state, path, order)) return;
    }
    std::vector<size_t> place(order.size());
    std::vector<PlannedService> sorted;
    for (size_t i = 0; i < order.size(); ++i) {
      place[order[i]] = i;
      sorted.push_back(std::move(plan_.services[order[i]]));
    }
    plan_.services = std::move(sorted);
    for (PlannedChannel& channel : plan_.channels) {
      channel.client = place[channel.client];
      channel.server = place[channel.server];
    }
  }

  // Depth at most kServicesMax.
  bool Visit(size_t service, std::vector<int>& state, std::vector<size_t>& path,
             std::vector<size_t>& order) {
    if (state[service] == 2) return true;
    state[service] = 1;
    path.push_back(service);
    for (const size_t call : plan_.services[service].calls) {
      const PlannedChannel& channel = plan_.channels[call];
      if (state[channel.server] == 1) {
        std::string circle;
        for (auto at = std::find(path.begin(), path.end(), channel.server); at != path.end(); ++at)
          circle += Text(plan_.services[*at].name, " → ");
        Wrong(channel.place,
              Text("calls go in a circle: ", circle, plan_.services[channel.server].name,
                   "; take one of these calls out"));
        return false;
      }
      if (!Visit(channel.server, state, path, order)) return false;
    }
    path.pop_back();
    state[service] = 2;
    order.push_back(service);
    return true;
  }

  const Wiring wiring_;
  const Program& program_;
  const PlanOptions& options_;
  Plan plan_;
  std::string wrongs_;
};

}  // namespace

absl::StatusOr<Plan> MakePlan(Wiring wiring, const Program& program, const PlanOptions& options) {
  return Planner(std::move(wiring), program, options).Make();
}

Address ClientAddress(const Address& wired, const Address& actual) {
  Address address = actual;
  for (const auto& [key, value] : wired.params()) {
    if (!address.Find(key)) address = address.With(key, value);
  }
  return address;
}

uint64_t MemoryOf(const Plan& plan, const PlannedService& service) {
  if (service.memory_bytes != 0) return service.memory_bytes;
  return DefaultMemoryBytes(MemoryLimitBytes() / std::max<size_t>(1, plan.services.size()));
}

std::string Summary(const Plan& plan) {
  return Text(plan.services.size(), plan.services.size() == 1 ? " service, " : " services, ",
              plan.channels.size(), plan.channels.size() == 1 ? " channel" : " channels");
}

}  // namespace jackfield
