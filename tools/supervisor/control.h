// How other commands reach a running wiring: its supervisor serves jackfield.init.Init
// (services/init) at an abstract socket that has the wiring's name and the supervisor's number in
// it. It is there as long as the supervisor is, and a crash leaves nothing behind; other users are
// refused (unix: asks the system who connects).
//
// Thread: the supervisor's. tools/running/ is the other side.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_CONTROL_H_
#define JACKFIELD_TOOLS_SUPERVISOR_CONTROL_H_

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "services/init/init_service.h"
#include "tools/supervisor/changes.h"
#include "tools/supervisor/reach.h"

namespace jackfield {

// What can be asked of a running wiring.
class Commands {
 public:
  virtual flatbuffers::Offset<init::Wiring> Look(flatbuffers::FlatBufferBuilder& fbb,
                                                 const Reach::Answers& answers) const = 0;
  virtual void StopAll() = 0;
  // Errors: NOT_FOUND, FAILED_PRECONDITION; nothing was done.
  virtual absl::Status Restart(std::string_view service) = 0;
  virtual std::shared_ptr<ChangeReport> Reload(Changes::Asked asked) = 0;
  // In which process a service runs. Errors: NOT_FOUND, UNAVAILABLE.
  virtual absl::StatusOr<int> PidOf(std::string_view service) const = 0;
  // Errors: NOT_FOUND.
  struct Last {
    std::string_view page;  // lent for the moment
    std::string ending;
  };
  virtual absl::StatusOr<Last> LastOf(std::string_view service) const = 0;

 protected:
  ~Commands() = default;
};

class Control final : private init::InitService {
 public:
  // Requires: all outlive it.
  Control(Commands& commands, Reach& reach) : commands_(commands), reach_(reach) {}

  // Errors: those of Port::Open; the wiring then runs, and nobody reaches it.
  absl::Status Serve(Node& node, std::string_view wiring);

 private:
  Handling Look(CallOf<init::LookRequest, init::Wiring> call) override;
  Handling Stop(CallOf<init::StopRequest, init::Done> call) override;
  Handling Restart(CallOf<init::RestartRequest, init::Done> call) override;
  Handling Tap(CallOf<init::TapRequest, init::Tapped> call) override;
  Handling Trace(CallOf<init::TraceRequest, init::Done> call) override;
  Handling LastOf(CallOf<init::LastRequest, init::Last> call) override;

  Handling Reload(ServerStreamOf<init::ReloadRequest, init::ChangeLine> call) override;

  Commands& commands_;
  Reach& reach_;
  std::unique_ptr<Port> port_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_CONTROL_H_
