// A service is ready when a Jackfield service answers at each of its places.
//
// Thread: the supervisor's.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_PORT_READINESS_H_
#define JACKFIELD_TOOLS_SUPERVISOR_PORT_READINESS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kernel/call/channel.h"
#include "kernel/loop/timers.h"
#include "tools/supervisor/readiness.h"

namespace jackfield {

class PortReadiness final : public Readiness {
 public:
  PortReadiness(Node& node, std::vector<Address> places, std::function<void()> found);
  ~PortReadiness() override;

  void Begin() override;
  std::string awaits() const override;

 private:
  void Look();

  Node& node_;
  const std::vector<Address> places_;
  const std::function<void()> found_;
  size_t place_ = 0;                  // those before it have answered
  std::unique_ptr<Channel> channel_;  // to it
  std::string last_;                  // why the last look failed
  int64_t pause_ns_ = kPauseLeastNs;
  Timer timer_{[](Timer& timer) { static_cast<PortReadiness*>(timer.user)->Look(); }, this};
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_PORT_READINESS_H_
