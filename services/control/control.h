// The service jackfield.control.Control: tells whoever started this process what its channels and
// ports are doing, and lets them serve and reach other addresses while the process runs.
//
// It answers while the node turns, whatever its handlers wait for. One that does not come back (it
// computes, or blocks in the system) keeps it from answering, and that says as much.
//
// Thread: the node's.
#ifndef JACKFIELD_SERVICES_CONTROL_CONTROL_H_
#define JACKFIELD_SERVICES_CONTROL_CONTROL_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "jackfield/port.h"
#include "services/control/control_service.h"
#include "services/watch/watch.h"

namespace jackfield {

// What was granted to the process, as far as it can be changed. Outlives the ControlPort.
class Granted {
 public:
  // The port that serves what was granted; may be one that has gone, or null.
  virtual const Port* ServedPort() const = 0;
  // Whoever asks for the role from now on is given this address.
  virtual void Regrant(std::string_view role, std::string address) = 0;

 protected:
  ~Granted() = default;
};

class ControlPort final : private control::ControlService {
 public:
  // Serves at `address`. It is destroyed before the node and before `watch`, which may be null.
  // Errors: those of Port::Open.
  static absl::StatusOr<std::unique_ptr<ControlPort>> Open(Node& node, const std::string& address,
                                                           Granted& granted, Watch* watch);

 private:
  ControlPort(std::unique_ptr<Port> port, Granted& granted, Watch* watch)
      : port_(std::move(port)), granted_(granted), watch_(watch) {
    RegisterOn(*port_);
  }
  Handling Look(CallOf<control::LookRequest, control::Process> call) override;
  Handling Serve(CallOf<control::ServeRequest, control::Served> call) override;
  Handling Unserve(CallOf<control::UnserveRequest, control::Done> call) override;
  Handling Move(CallOf<control::MoveRequest, control::Done> call) override;
  Handling Tap(CallOf<control::TapRequest, control::Tapped> call) override;
  Handling Trace(CallOf<control::TraceRequest, control::Done> call) override;
  absl::Status Watched() const;  // or why it has no Watch
  absl::StatusOr<Port*> ServedPort() const;

  const std::unique_ptr<Port> port_;
  Granted& granted_;
  Watch* const watch_;
};

}  // namespace jackfield

#endif  // JACKFIELD_SERVICES_CONTROL_CONTROL_H_
