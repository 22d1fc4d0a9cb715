// A service is ready when it sends READY=1 to NOTIFY_SOCKET, as systemd's do (sd_notify(3)).
//
// Thread: the supervisor's.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_NOTIFY_READINESS_H_
#define JACKFIELD_TOOLS_SUPERVISOR_NOTIFY_READINESS_H_

#include <functional>
#include <memory>
#include <string>

#include "kernel/base/owned_fd.h"
#include "kernel/loop/reactor.h"
#include "tools/supervisor/readiness.h"

namespace jackfield {

class NotifyReadiness final : public Readiness {
 public:
  static absl::StatusOr<std::unique_ptr<Readiness>> Make(Node& node, std::function<void()> found);
  ~NotifyReadiness() override;

  Variables environment() const override { return {{"NOTIFY_SOCKET", place_}}; }
  void Begin() override;
  std::string awaits() const override { return "it sends READY=1 to NOTIFY_SOCKET"; }

 private:
  NotifyReadiness(Node& node, OwnedFd fd, std::string place, std::function<void()> found);
  void Read();

  Node& node_;
  const OwnedFd fd_;
  const std::string place_;  // "@00a3f": abstract, so it goes with us
  const std::function<void()> found_;
  Op op_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_NOTIFY_READINESS_H_
