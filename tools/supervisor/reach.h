// What the services of a plan tell the supervisor of themselves: a channel to the control port of
// each (services/control), over a pair of pipes that is made for each of its processes.
//
// Thread: the supervisor's.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_REACH_H_
#define JACKFIELD_TOOLS_SUPERVISOR_REACH_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/base/owned_fd.h"
#include "kernel/call/channel.h"
#include "kernel/node.h"
#include "services/control/control_service.h"

namespace jackfield {

// How long a service may take to answer. One whose handler does not come back never does.
inline constexpr nanoseconds kAnswerTimeout = 300ms;

class Reach {
 public:
  Reach(Node& node, size_t services)
      : node_(node), channels_(services), methods_(std::make_shared<Methods>(services)) {}

  // For a process that is about to be started: what its grants say, and the descriptors that it is
  // handed. Errors: RESOURCE_EXHAUSTED (descriptors), and those of Channel::Open.
  absl::StatusOr<std::string> Connect(size_t service, std::vector<OwnedFd>& handed);
  void Disconnect(size_t service);  // it has ended
  // Asks it what its methods are called, for later: it may not be able to answer then.
  void Learn(size_t service);

  // What each tells, as in the plan; nothing from one that is not connected, or has not answered in
  // time. Asks all of them at once.
  using Answers = std::vector<std::optional<MessageOf<control::Process>>>;
  Task<Answers> Ask();

  // A program that is no service of the bus never is, nor one that has not begun.
  bool connected(size_t service) const {
    return channels_[service] != nullptr && channels_[service]->open();
  }
  // "shop.Stock/Reserve", or "type 7" where that is not known.
  std::string MethodOf(size_t service, uint32_t type) const;

 private:
  using Methods = std::vector<std::map<uint32_t, std::string>>;  // as in the plan; by type
  static void Note(Methods& methods, size_t service, const control::Process& process);

  Node& node_;
  std::vector<std::unique_ptr<Channel>> channels_;
  // Shared with answers that come when this has gone: the node tells of them at its end.
  const std::shared_ptr<Methods> methods_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_REACH_H_
