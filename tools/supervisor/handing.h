// What each service of a plan is handed: its grants, and the descriptors of channels whose ends are
// inherited.
//
// An inherited channel is two pipes; the address of an end has the target "fd=R,W": it reads from
// R, writes to W.
//
// Thread: the supervisor's. Owns the descriptors until they are handed on.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_HANDING_H_
#define JACKFIELD_TOOLS_SUPERVISOR_HANDING_H_

#include <vector>

#include "absl/status/status.h"
#include "kernel/base/owned_fd.h"
#include "kernel/loop/sys.h"
#include "services/service.h"
#include "tools/wiring/plan.h"

namespace jackfield {

class Handing {
 public:
  explicit Handing(const Plan& plan)
      : plan_(plan), ends_(plan.channels.size()), served_(plan.services.size()) {}

  // Makes the pipes of all inherited channels. Errors: RESOURCE_EXHAUSTED (descriptors).
  absl::Status MakeEnds(const Sys& sys);

  // Where a service serves, by its own report; its clients are told.
  void SetServed(size_t service, std::vector<Address> addresses) {
    served_[service] = std::move(addresses);
  }
  const std::vector<Address>& served(size_t service) const { return served_[service]; }

  // The grants of one service; the descriptors that are its own move to `handed`. Once for a
  // service with such. One that has served is to serve at the same addresses again. Requires: the
  // addresses of all that it calls are set.
  Grants GrantsOf(size_t service, std::vector<OwnedFd>& handed);

 private:
  // Has the role of that channel one server?
  bool IsAlone(const PlannedService& client, const PlannedChannel& channel) const;

  struct Ends {
    OwnedFd server_read, server_write, client_read, client_write;
  };

  const Plan& plan_;
  std::vector<Ends> ends_;                    // as the plan's channels
  std::vector<std::vector<Address>> served_;  // as the plan's services
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_HANDING_H_
