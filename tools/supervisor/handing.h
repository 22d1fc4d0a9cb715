// What each service of a plan is handed: its grants, and the descriptors of channels whose ends are
// inherited.
//
// An inherited channel is two pipes; the address of an end has the target "fd=R,W": it reads from
// R, writes to W.
//
// Thread: the supervisor's. Owns the descriptors until they are handed on.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_HANDING_H_
#define JACKFIELD_TOOLS_SUPERVISOR_HANDING_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "kernel/base/owned_fd.h"
#include "kernel/loop/sys.h"
#include "services/allow/siphash.h"
#include "services/service.h"
#include "tools/wiring/plan.h"

namespace jackfield {

class Handing {
 public:
  // plan: the one in force. What is known of a service stays known when another plan takes its
  // place, by names: of the service, and of the address as it is wired.
  explicit Handing(const Plan& plan) : plan_(plan) {}

  // Makes the key of all badges (services/allow/badge.h), if there is none. Before GrantsOf.
  // Errors: as allow::NewKey.
  absl::Status MakeKey();

  // Makes the pipes of all inherited channels that have none. Errors: RESOURCE_EXHAUSTED
  // (descriptors).
  absl::Status MakeEnds(const Sys& sys);

  // Where a service serves, by its own report, which is in the order of the plan; its clients are
  // told.
  void SetServed(size_t service, const std::vector<Address>& addresses);
  // The same of one address more.
  void SetServedAt(const std::string& service, const Address& wired, Address actual);
  // It serves there no more, or its next process chooses a place of its own. Nothing where that is
  // not known.
  std::optional<Address> Forget(const std::string& service, const Address& wired);
  void ForgetAll(const std::string& service) { served_.erase(service); }
  // The ends of a channel go with its processes: the next ones get others.
  void ForgetEnds(const std::string& client, const std::string& call) {
    ends_.erase({client, call});
  }

  // All that is known, of what the plan says.
  std::vector<Address> served(size_t service) const;
  // Where it serves what is wired so.
  std::optional<Address> ServedAt(const std::string& service, const Address& wired) const;
  // The same of a channel of the plan.
  std::optional<Address> ServedAt(const PlannedChannel& channel) const {
    const PlannedService& server = plan_.services[channel.server];
    return ServedAt(server.name, server.serves[channel.serve]);
  }

  // The grants of one service; the descriptors that are its own move to `handed`. Once for a
  // service with such. One that has served is to serve at the same addresses again. Requires: the
  // addresses of all that it calls are set.
  Grants GrantsOf(size_t service, std::vector<OwnedFd>& handed);

 private:
  struct Ends {
    OwnedFd server_read, server_write, client_read, client_write;
  };
  struct Served {
    Address wired, actual;
  };

  // Of the client of a channel, for its server; "": that one does not ask.
  std::string BadgeOf(const PlannedChannel& channel) const;

  const Plan& plan_;
  std::optional<allow::Key> run_key_;
  std::map<std::pair<std::string, std::string>, Ends> ends_;  // by client and call
  std::map<std::string, std::vector<Served>, std::less<>> served_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_HANDING_H_
