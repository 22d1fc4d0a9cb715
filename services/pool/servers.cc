#include "services/pool/servers.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

Candidate CandidateOf(const Channel& channel, uint32_t calls_max) {
  const uint32_t calls = channel.calls_under_way();
  const Fitness fitness = !channel.ended_why().ok() ? Fitness::kEnded
                          : !channel.open()         ? Fitness::kConnecting
                          : calls >= calls_max      ? Fitness::kFull
                                                    : Fitness::kReady;
  return {fitness, calls};
}

}  // namespace

absl::StatusOr<std::unique_ptr<PoolServers>> PoolServers::Make(std::vector<Service::Server> servers,
                                                               uint32_t calls_max) {
  if (servers.empty() || servers.size() > kServersOfRoleMax) {
    return absl::InvalidArgumentError(
        Text("a pool has 1 to ", kServersOfRoleMax, " servers, not ", servers.size()));
  }
  for (size_t i = 1; i < servers.size(); ++i) {
    for (size_t other = 0; other < i; ++other) {
      if (servers[i].name == servers[other].name)
        return absl::InvalidArgumentError(
            Text("the server ", Escaped(servers[i].name), " is in a pool twice"));
    }
  }
  return std::unique_ptr<PoolServers>(new PoolServers(std::move(servers), calls_max));
}

PoolServers::PoolServers(std::vector<Service::Server> servers, uint32_t calls_max)
    : servers_(std::move(servers)), calls_max_(calls_max) {
  for (const Service::Server& server : servers_) hashes_.push_back(HashOf(server.name));
}

size_t PoolServers::Choose(size_t avoided) {
  std::array<Candidate, kServersOfRoleMax> candidates;
  for (size_t i = 0; i < servers_.size(); ++i)
    candidates[i] = CandidateOf(*servers_[i].channel, calls_max_);
  return ChooseOne({candidates.data(), servers_.size()}, node().NextRandom(), avoided);
}

Channel& PoolServers::Another(const Channel& tried) {
  const auto found =
      std::find_if(servers_.begin(), servers_.end(),
                   [&tried](const Service::Server& s) { return s.channel.get() == &tried; });
  return channel(Choose(static_cast<size_t>(found - servers_.begin())));
}

}  // namespace jackfield
