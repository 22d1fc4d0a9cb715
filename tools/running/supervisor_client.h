// What a command does with a running wiring: it connects to its supervisor, asks, and goes.
//
//   absl::StatusOr<std::unique_ptr<SupervisorClient>> client =
//       SupervisorClient::Open(*program.registry, arguments);
//   absl::StatusOr<MessageOf<init::Wiring>> wiring = (*client)->init().Look(kNothing).Wait();
//
// Thread: the main one. It blocks.
#ifndef JACKFIELD_TOOLS_RUNNING_SUPERVISOR_CLIENT_H_
#define JACKFIELD_TOOLS_RUNNING_SUPERVISOR_CLIENT_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "kernel/call/channel.h"
#include "kernel/node.h"
#include "services/init/init_service.h"
#include "tools/running/wirings.h"

namespace jackfield {

class SupervisorClient {
 public:
  // wanted: as FindWiring. Errors: as FindWiring; UNAVAILABLE: it does not answer.
  static absl::StatusOr<std::unique_ptr<SupervisorClient>> Open(const Registry& registry,
                                                                std::string_view wanted);
  // Of one that was listed. Errors: UNAVAILABLE.
  static absl::StatusOr<std::unique_ptr<SupervisorClient>> Open(const Registry& registry,
                                                                RunningWiring wiring);

  init::InitClient& init() { return *init_; }
  // Errors: those of a call; DATA_LOSS.
  absl::StatusOr<MessageOf<init::Wiring>> Look();
  // Waits until the supervisor has gone. Errors: DEADLINE_EXCEEDED: it has not, after `limit_ns`.
  absl::Status WaitForEnd(int64_t limit_ns);

  bool IsUp() const { return channel_->ended_why().ok(); }  // as far as it has been heard

  const RunningWiring& wiring() const { return wiring_; }
  Node& node() { return *node_; }

 private:
  RunningWiring wiring_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<init::InitClient> init_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNNING_SUPERVISOR_CLIENT_H_
