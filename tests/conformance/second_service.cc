#include "tests/conformance/second_service.h"

#include <vector>

namespace jackfield::conformance {

SecondService::SecondService(World& world, const ServerSetup& setup) : world_(world) {
  const std::string serve(world.param().subject.serve);
  absl::StatusOr<std::unique_ptr<Port>> port =
      Port::Open(world.node(), {serve}, setup.ToPortOptions());
  if (!port.ok()) {
    ADD_FAILURE() << serve << ": " << port.status();
    return;
  }
  port_ = *std::move(port);
  service_ = std::make_unique<TestService>(*port_, setup);
  if (!world.Drive([&] { return port_->serving() || !port_->failure().ok(); }) ||
      !port_->serving()) {
    ADD_FAILURE() << serve << ": " << port_->failure();
    return;
  }
  absl::StatusOr<std::unique_ptr<Channel>> root =
      Channel::Open(world.node(), address(), {.reconnect = false});
  if (!root.ok()) {
    ADD_FAILURE() << address() << ": " << root.status();
    return;
  }
  root_ = *std::move(root);
  if (!world.Drive([&] { return root_->open() || !root_->ended_why().ok(); }) || !root_->open())
    ADD_FAILURE() << address() << " does not open: " << root_->ended_why();
}

SecondService::~SecondService() {
  root_.reset();
  port_.reset();
  service_.reset();
}

absl::StatusOr<std::string> SecondService::Call(uint32_t type, std::string_view payload,
                                                const CallOptions& options) {
  return world_.CallOn(*root_, type, payload, options);
}

}  // namespace jackfield::conformance
