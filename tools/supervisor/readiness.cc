#include "tools/supervisor/readiness.h"

#include <utility>

#include "tools/supervisor/exec_readiness.h"
#include "tools/supervisor/notify_readiness.h"
#include "tools/supervisor/port_readiness.h"

namespace jackfield {

absl::StatusOr<std::unique_ptr<Readiness>> MakeReadiness(Node& node, const PlannedService& service,
                                                         std::function<void()> found) {
  switch (service.ready.how) {
    case ReadyRule::How::kItself:
      return nullptr;
    case ReadyRule::How::kNotify:
      return NotifyReadiness::Make(node, std::move(found));
    case ReadyRule::How::kPort:
      return std::make_unique<PortReadiness>(node, service.serves, std::move(found));
    case ReadyRule::How::kExec:
      return std::make_unique<ExecReadiness>(node, service.ready.command, service.surroundings,
                                             std::move(found));
  }
  return nullptr;
}

}  // namespace jackfield
