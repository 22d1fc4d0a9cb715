// The service jackfield.control.Control: tells whoever started this process what its channels and
// ports are doing.
//
// It answers while the node turns, whatever its handlers wait for. One that does not come back (it
// computes, or blocks in the system) keeps it from answering, and that says as much.
//
// Thread: the node's.
#ifndef JACKFIELD_SERVICES_CONTROL_CONTROL_H_
#define JACKFIELD_SERVICES_CONTROL_CONTROL_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "jackfield/port.h"
#include "services/control/control_service.h"

namespace jackfield {

class ControlPort final : private control::ControlService {
 public:
  // Serves at `address`. It is destroyed before the node.
  // Errors: those of Port::Open.
  static absl::StatusOr<std::unique_ptr<ControlPort>> Open(Node& node, const std::string& address);

 private:
  explicit ControlPort(std::unique_ptr<Port> port) : port_(std::move(port)) { RegisterOn(*port_); }
  Handling Look(CallOf<control::LookRequest, control::Process> call) override;

  const std::unique_ptr<Port> port_;
};

}  // namespace jackfield

#endif  // JACKFIELD_SERVICES_CONTROL_CONTROL_H_
