// A role with many servers: a channel to each of them, and a choice for each call.
//
//   absl::StatusOr<Pool<PackerClient>> pool = Pool<PackerClient>::Open(service, "packer");
//
//   co_await pool->One().Pack(parcel);             // the less busy of two that are drawn
//   co_await pool->For(customer).Pack(parcel);     // always the same one for the same key
//   co_await pool->All([&](auto& client) { return client.Pack(parcel); });   // each (survey.h)
//
// What a client is asked goes to the server that was chosen when One() or For() was called; so they
// are called anew for each call.
//
// One() passes over servers that are not open, or have as many calls under way as their channel may
// have (ChannelOptions.calls_max), while there are others. A server that is slow or stopped keeps
// its calls longer, and gets fewer of the next ones (choice.h); one-way messages are no calls under
// way. A server that could not be connected to within ChannelOptions.connect_timeout when the pool
// was opened is out of it; one that goes later is waited for. A call of an idempotent method that
// is made again (services/stubs/tries.h) goes to another server, if there is one that is as fit.
//
// For(key) stays with its server, also while that is away: the call waits for it, and when it is
// made again it goes there, too. Servers are told apart by their names in the wiring, which all
// clients know them by; where nobody has named them, by their addresses.
//
// Thread: the node's. Ownership: the pool owns the channels; it outlives its clients, their calls
// and streams, and is destroyed before the node. It can be moved. Memory: One() and For() allocate
// nothing.
#ifndef JACKFIELD_SERVICES_POOL_POOL_H_
#define JACKFIELD_SERVICES_POOL_POOL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "services/pool/servers.h"
#include "services/pool/survey.h"
#include "services/service.h"

namespace jackfield {

// Client: a generated one, or any class that is made from a Route.
template <class Client>
class Pool {
 public:
  // Of all that the wiring put into that role, one or more; an empty role means the only one.
  // Returns at once: calls wait until the channels are open. options: of each channel.
  // Errors: those of Service::ConnectAll.
  static absl::StatusOr<Pool> Open(Service& service, std::string_view role,
                                   const ChannelOptions& options = {}) {
    absl::StatusOr<std::vector<Service::Server>> servers = service.ConnectAll(role, options);
    if (!servers.ok()) return servers.status();
    return Make(*std::move(servers), options.calls_max);
  }
  // Of channels of one node that are there already. calls_max: their ChannelOptions.calls_max.
  // Errors: INVALID_ARGUMENT: none, more than kServersOfRoleMax, or two of one name.
  static absl::StatusOr<Pool> Make(std::vector<Service::Server> servers,
                                   uint32_t calls_max = ChannelOptions().calls_max) {
    absl::StatusOr<std::unique_ptr<PoolServers>> made =
        PoolServers::Make(std::move(servers), calls_max);
    if (!made.ok()) return made.status();
    return Pool(*std::move(made));
  }

  Client One() { return Client(Route(servers_->channel(servers_->One()), *servers_)); }
  Client For(std::string_view key) { return At(servers_->ByKey(HashOf(key))); }
  Client For(uint64_t key) { return At(servers_->ByKey(HashOf(key))); }
  // Requires: server < size().
  Client At(size_t server) { return Client(Route(servers_->channel(server))); }

  template <class Ask>
  Survey<Client, Ask> All(Ask ask, const SurveyOptions& options = {}) {
    return Survey<Client, Ask>(*servers_, std::move(ask), options);
  }

  size_t size() const { return servers_->size(); }
  // Require: server < size(). name: in the wiring, "packer.2"; or its address.
  const std::string& name(size_t server) const { return servers_->name(server); }
  Channel& channel(size_t server) const { return servers_->channel(server); }

 private:
  explicit Pool(std::unique_ptr<PoolServers> servers) : servers_(std::move(servers)) {}
  std::unique_ptr<PoolServers> servers_;
};

}  // namespace jackfield

#endif  // JACKFIELD_SERVICES_POOL_POOL_H_
