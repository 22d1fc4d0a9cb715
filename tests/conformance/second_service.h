// A second service, on the test's own node, that the first one can call back: for chains of calls,
// and for clients that live where the first service does. The subject's medium carries both ways.
//
//   test ── root() ──▶ second service ◀── calls back ── world's service
//                          └──────── kRelay ────────────▶
//
// Thread: the test's. Make it after the world and let it go before.
#ifndef JACKFIELD_TESTS_CONFORMANCE_SECOND_SERVICE_H_
#define JACKFIELD_TESTS_CONFORMANCE_SECOND_SERVICE_H_

#include <memory>
#include <string>
#include <string_view>

#include "tests/conformance/world.h"

namespace jackfield::conformance {

class SecondService {
 public:
  // Fails the test, and is not ok(), if it cannot be reached.
  explicit SecondService(World& world, const ServerSetup& setup = {});
  ~SecondService();
  SecondService(const SecondService&) = delete;

  bool ok() const { return root_ != nullptr && root_->open(); }
  Port& port() { return *port_; }
  std::string address() const { return port_->addresses()[0].ToString(); }
  Channel& root() { return *root_; }  // from the test to this service; nobody waits for the test

  // A call to this service through root(), driven to its end; the answer's text.
  absl::StatusOr<std::string> Call(uint32_t type, std::string_view payload,
                                   const CallOptions& options = {});

 private:
  World& world_;
  std::unique_ptr<Port> port_;
  std::unique_ptr<TestService> service_;
  std::unique_ptr<Channel> root_;
};

}  // namespace jackfield::conformance

#endif  // JACKFIELD_TESTS_CONFORMANCE_SECOND_SERVICE_H_
