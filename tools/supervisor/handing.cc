#include "tools/supervisor/handing.h"

#include <algorithm>
#include <utility>

#include "kernel/base/text.h"
#include "services/allow/badge.h"
#include "tools/wiring/call_name.h"

namespace jackfield {
namespace {

// `address` with these ends in it, which move to `handed`.
std::string HandedAddress(const Address& address, OwnedFd& read, OwnedFd& write,
                          std::vector<OwnedFd>& handed) {
  const std::string text = address.WithTarget(Text("fd=", read.get(), ",", write.get())).ToString();
  handed.push_back(std::move(read));
  handed.push_back(std::move(write));
  return text;
}

}  // namespace

absl::Status Handing::MakeKey() {
  if (run_key_) return absl::OkStatus();
  const absl::StatusOr<allow::Key> key = allow::NewKey();
  if (key.ok()) run_key_ = *key;
  return key.status();
}

absl::Status Handing::MakeEnds(const Sys& sys) {
  for (const PlannedChannel& channel : plan_.channels) {
    const std::pair name{plan_.services[channel.client].name, CallNameOf(plan_, channel)};
    if (!channel.caps.inherited || ends_.contains(name)) continue;
    int to_server[2], to_client[2];
    Ends ends;
    if (const int error = sys.Pipe(to_server); error < 0) return SysError(-error, "pipe");
    ends.server_read = OwnedFd(to_server[0]);
    ends.client_write = OwnedFd(to_server[1]);
    if (const int error = sys.Pipe(to_client); error < 0) return SysError(-error, "pipe");
    ends.client_read = OwnedFd(to_client[0]);
    ends.server_write = OwnedFd(to_client[1]);
    ends_.emplace(name, std::move(ends));
  }
  return absl::OkStatus();
}

void Handing::SetServed(size_t index, const std::vector<Address>& addresses) {
  const PlannedService& service = plan_.services[index];
  std::vector<Served>& served = served_[service.name];
  served.clear();
  for (size_t i = 0; i < addresses.size() && i < service.serves.size(); ++i)
    served.push_back({service.serves[i], addresses[i]});
}

void Handing::SetServedAt(const std::string& service, const Address& wired, Address actual) {
  Forget(service, wired);
  served_[service].push_back({wired, std::move(actual)});
}

std::optional<Address> Handing::Forget(const std::string& service, const Address& wired) {
  std::vector<Served>& served = served_[service];
  const auto known = std::find_if(
      served.begin(), served.end(),
      [text = wired.ToString()](const Served& one) { return one.wired.ToString() == text; });
  if (known == served.end()) return std::nullopt;
  std::optional<Address> actual = std::move(known->actual);
  served.erase(known);
  return actual;
}

std::vector<Address> Handing::served(size_t service) const {
  std::vector<Address> addresses;
  const auto known = served_.find(plan_.services[service].name);
  if (known == served_.end()) return addresses;
  const std::vector<Address>& wired = plan_.services[service].serves;
  for (const Served& one : known->second) {
    if (std::any_of(wired.begin(), wired.end(), [text = one.wired.ToString()](const Address& at) {
          return at.ToString() == text;
        }))
      addresses.push_back(one.actual);
  }
  return addresses;
}

std::optional<Address> Handing::ServedAt(const std::string& service, const Address& wired) const {
  const auto known = served_.find(service);
  if (known == served_.end()) return std::nullopt;
  const std::string text = wired.ToString();
  for (const Served& one : known->second) {
    if (one.wired.ToString() == text) return one.actual;
  }
  return std::nullopt;
}

std::string Handing::BadgeOf(const PlannedChannel& channel) const {
  const PlannedService& server = plan_.services[channel.server];
  if (server.allows.empty()) return "";
  return allow::MakeBadge(allow::KeyOf(*run_key_, server.name),
                          plan_.services[channel.client].name);
}

Grants Handing::GrantsOf(size_t index, std::vector<OwnedFd>& handed) {
  const PlannedService& service = plan_.services[index];
  Grants grants;
  grants.name = service.name;
  grants.args = service.args;
  grants.grace_ns = service.grace_ns;
  grants.memory_bytes_max = MemoryOf(plan_, service);
  grants.allows = service.allows;
  if (!service.allows.empty())
    grants.badge_key = allow::ToHex(allow::KeyOf(*run_key_, service.name));
  for (const Address& wired : service.serves) {
    const std::optional<Address> actual = ServedAt(service.name, wired);
    grants.serves.push_back((actual ? ClientAddress(wired, *actual) : wired).ToString());
  }
  for (const size_t called : service.called) {
    const PlannedChannel& channel = plan_.channels[called];
    if (!channel.caps.inherited) continue;
    Ends& ends = ends_[{plan_.services[channel.client].name, CallNameOf(plan_, channel)}];
    grants.serves[channel.serve] =
        HandedAddress(service.serves[channel.serve], ends.server_read, ends.server_write, handed);
  }
  for (const size_t call : service.calls) {
    const PlannedChannel& channel = plan_.channels[call];
    const std::string server =
        IsAloneInRole(plan_, channel) ? "" : plan_.services[channel.server].name;
    std::string address;
    if (channel.caps.inherited) {
      Ends& ends = ends_[{service.name, CallNameOf(plan_, channel)}];
      address = HandedAddress(channel.address, ends.client_read, ends.client_write, handed);
    } else {
      const Address actual = ServedAt(channel).value_or(Address());
      address = ClientAddress(channel.address, actual).ToString();
    }
    grants.calls.push_back({channel.role, std::move(address), server, BadgeOf(channel)});
  }
  for (const OutsideCall& call : service.outside)
    grants.calls.push_back({call.role, call.address.ToString()});
  return grants;
}

}  // namespace jackfield
