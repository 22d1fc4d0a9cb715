// The channels of a role, and the choice among them: a Pool without the types of its client.
//
// Thread: the node's.
#ifndef JACKFIELD_SERVICES_POOL_SERVERS_H_
#define JACKFIELD_SERVICES_POOL_SERVERS_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/call/channel.h"
#include "services/pool/choice.h"
#include "services/service.h"
#include "services/stubs/route.h"

namespace jackfield {

class PoolServers final : public Route::Chooser {
 public:
  // Errors: INVALID_ARGUMENT: none, more than kServersOfRoleMax, or two of one name.
  // calls_max: ChannelOptions.calls_max of them; a server with so many under way is full.
  static absl::StatusOr<std::unique_ptr<PoolServers>> Make(std::vector<Service::Server> servers,
                                                           uint32_t calls_max);
  PoolServers(const PoolServers&) = delete;

  size_t size() const { return servers_.size(); }
  // Require: server < size().
  Channel& channel(size_t server) const { return *servers_[server].channel; }
  const std::string& name(size_t server) const { return servers_[server].name; }
  Node& node() const { return servers_[0].channel->node(); }

  size_t One() { return Choose(kNobody); }
  size_t ByKey(uint64_t key) const { return ChooseByKey(hashes_, key); }  // key: by HashOf

 private:
  PoolServers(std::vector<Service::Server> servers, uint32_t calls_max);
  size_t Choose(size_t avoided);
  Channel& Another(const Channel& tried) override;

  const std::vector<Service::Server> servers_;
  std::vector<uint64_t> hashes_;  // of their names
  const uint32_t calls_max_;
};

}  // namespace jackfield

#endif  // JACKFIELD_SERVICES_POOL_SERVERS_H_
