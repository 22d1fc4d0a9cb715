#include "tools/wiring/instances.h"

#include <algorithm>
#include <utility>

#include "kernel/base/text.h"
#include "tools/cli/arguments.h"
#include "tools/wiring/instance_name.h"

namespace jackfield {

Wiring WithInstances(Wiring wiring) {
  std::vector<ServiceEntry> services;
  for (ServiceEntry& service : wiring.services) {
    if (service.instances == 1) {
      services.push_back(std::move(service));
      continue;
    }
    for (service.instance = 1; service.instance <= service.instances; ++service.instance)
      services.push_back(service);
  }
  wiring.services = std::move(services);
  return wiring;
}

std::string NameOf(const ServiceEntry& service) {
  return service.instance == 0 ? service.name : InstanceName(service.name, service.instance);
}

absl::StatusOr<std::vector<size_t>> ServersOf(const Wiring& wiring, const ServiceEntry& caller,
                                              const CallEntry& call) {
  std::vector<size_t> servers;
  for (const std::string& wanted : call.services) {
    bool found = false;
    for (size_t i = 0; i < wiring.services.size(); ++i) {
      if (!Means(wanted, NameOf(wiring.services[i]))) continue;
      found = true;
      if (std::find(servers.begin(), servers.end(), i) != servers.end())
        return absl::InvalidArgumentError(Text(NameOf(wiring.services[i]),
                                               " stands twice in the role ", call.role, " of ",
                                               caller.name, "; take one of them out"));
      servers.push_back(i);
    }
    if (!found) {
      std::vector<std::string_view> names;
      for (const ServiceEntry& service : wiring.services) names.push_back(service.name);
      return absl::NotFoundError(Text("service ", caller.name, " calls \"", Escaped(wanted),
                                      "\", and there is no such service",
                                      DidYouMean(wanted, names)));
    }
  }
  if (servers.size() > kServersOfRoleMax)
    return absl::InvalidArgumentError(Text("the role ", call.role, " of ", caller.name, " has ",
                                           servers.size(), " servers, and a role has at most ",
                                           kServersOfRoleMax));
  return servers;
}

std::string WhyOnePlace(const ServiceEntry& service, const Address& address) {
  if (service.instance == 0 || address.bare()) return "";
  return Text("service ", service.name, " has ", service.instances, " instances, and ",
              address.ToString(), " is one place; write \"", address.WithTarget("").ToString(),
              "\" and each chooses a place of its own");
}

}  // namespace jackfield
