// What the services of a plan tell the supervisor of themselves: a channel to the control port of
// each (services/control), over a pair of pipes that is made for each of its processes.
//
// Thread: the supervisor's.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_REACH_H_
#define JACKFIELD_TOOLS_SUPERVISOR_REACH_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
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

// How long it may take to change what it serves or calls: it may be in the middle of something.
inline constexpr nanoseconds kChangeTimeout = 2s;

// How long it may take to let its messages be seen.
inline constexpr nanoseconds kTapTimeout = 1s;

class Reach {
 public:
  explicit Reach(Node& node) : node_(node) {}

  // For a process that is about to be started: what its grants say, and the descriptors that it is
  // handed. Errors: RESOURCE_EXHAUSTED (descriptors), and those of Channel::Open.
  absl::StatusOr<std::string> Connect(const std::string& service, std::vector<OwnedFd>& handed);
  void Disconnect(const std::string& service);  // it has ended
  // Asks it what its methods are called, for later: it may not be able to answer then.
  void Learn(const std::string& service);

  // What each tells, by its name; nothing from one that is not connected, or has not answered in
  // time. Asks all of them at once.
  using Answers = std::map<std::string, MessageOf<control::Process>, std::less<>>;
  Task<Answers> Ask();

  // To serve at one more address, and where it does; to take no new clients there; to reach the
  // role at another address. Errors: UNAVAILABLE (not connected), FAILED_PRECONDITION (it cannot do
  // that while it runs), DEADLINE_EXCEEDED, and those of the service.
  Task<absl::StatusOr<Address>> Serve(std::string service, std::string address);
  Task<absl::Status> Unserve(std::string service, std::string actual);
  Task<absl::Status> Move(std::string service, std::string role, std::string address);
  // To copy its messages where they can be read; the descriptor of that, in its process. Errors:
  // UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED.
  Task<absl::StatusOr<int>> Tap(std::string service);

  // To begin traces. Errors: as Tap.
  Task<absl::Status> Trace(std::string service, uint32_t one_in);

  // A program that is no service of the bus never is, nor one that has not begun.
  bool connected(const std::string& service) const {
    const auto channel = channels_.find(service);
    return channel != channels_.end() && channel->second->open();
  }
  // "shop.Stock/Reserve", or "type 7" where that is not known.
  std::string MethodOf(const std::string& service, uint32_t type) const;

 private:
  using Methods = std::map<uint32_t, std::string>;  // by type
  // Shared with answers that come when this has gone: the node tells of them at its end.
  const std::shared_ptr<Methods>& MethodsOf(const std::string& service);
  static void Note(Methods& methods, const control::Process& process);
  static absl::Status NotConnected(const std::string& service);
  static absl::Status InWords(absl::Status status, const std::string& service,
                              nanoseconds within = kChangeTimeout);

  Node& node_;
  std::map<std::string, std::unique_ptr<Channel>, std::less<>> channels_;
  std::map<std::string, std::shared_ptr<Methods>, std::less<>> methods_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_REACH_H_
