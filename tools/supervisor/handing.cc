#include "tools/supervisor/handing.h"

#include <algorithm>
#include <utility>

#include "kernel/base/text.h"

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

absl::Status Handing::MakeEnds(const Sys& sys) {
  for (size_t i = 0; i < plan_.channels.size(); ++i) {
    if (!plan_.channels[i].caps.inherited) continue;
    int to_server[2], to_client[2];
    if (const int error = sys.Pipe(to_server); error < 0) return SysError(-error, "pipe");
    ends_[i].server_read = OwnedFd(to_server[0]);
    ends_[i].client_write = OwnedFd(to_server[1]);
    if (const int error = sys.Pipe(to_client); error < 0) return SysError(-error, "pipe");
    ends_[i].client_read = OwnedFd(to_client[0]);
    ends_[i].server_write = OwnedFd(to_client[1]);
  }
  return absl::OkStatus();
}

bool Handing::IsAlone(const PlannedService& client, const PlannedChannel& channel) const {
  return std::count_if(client.calls.begin(), client.calls.end(),
                       [&](size_t call) { return plan_.channels[call].role == channel.role; }) == 1;
}

Grants Handing::GrantsOf(size_t index, std::vector<OwnedFd>& handed) {
  const PlannedService& service = plan_.services[index];
  Grants grants;
  grants.name = service.name;
  grants.args = service.args;
  grants.grace_ns = service.grace_ns;
  grants.memory_bytes_max = MemoryOf(plan_, service);
  for (size_t i = 0; i < service.serves.size(); ++i) {
    grants.serves.push_back((served_[index].empty()
                                 ? service.serves[i]
                                 : ClientAddress(service.serves[i], served_[index][i]))
                                .ToString());
  }
  for (const size_t called : service.called) {
    const PlannedChannel& channel = plan_.channels[called];
    if (!channel.caps.inherited) continue;
    grants.serves[channel.serve] =
        HandedAddress(service.serves[channel.serve], ends_[called].server_read,
                      ends_[called].server_write, handed);
  }
  for (const size_t call : service.calls) {
    const PlannedChannel& channel = plan_.channels[call];
    std::string address =
        channel.caps.inherited
            ? HandedAddress(channel.address, ends_[call].client_read, ends_[call].client_write,
                            handed)
            : ClientAddress(channel.address, served_[channel.server][channel.serve]).ToString();
    grants.calls.push_back({channel.role, std::move(address),
                            IsAlone(service, channel) ? "" : plan_.services[channel.server].name});
  }
  for (const OutsideCall& call : service.outside)
    grants.calls.push_back({call.role, call.address.ToString()});
  return grants;
}

}  // namespace jackfield
