#include "tools/supervisor/thread.h"

#include <pthread.h>
#include <unistd.h>

#include <cstdio>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "kernel/base/text.h"
#include "tools/cli/program.h"

namespace jackfield {
namespace {

class ThreadService final : public RunningService {
 public:
  ThreadService(Node& supervisor, size_t service, std::string name, Outlet& outlet,
                Watcher& watcher)
      : RunningService(service),
        supervisor_(supervisor),
        name_(std::move(name)),
        outlet_(outlet),
        watcher_(watcher) {}

  ~ThreadService() override {
    if (thread_.joinable()) thread_.join();
  }

  // The node is made, driven and destroyed on its own thread: an io_uring belongs to the thread
  // that made it. The Service stays until that is joined, as what is posted to it may come late.
  // Blocks: until the node is made. Errors: why it was not.
  absl::Status Start(Grants grants, ServiceFunction run) {
    std::promise<absl::Status> made;
    std::future<absl::Status> start = made.get_future();
    auto body = [this, run, made = std::move(made), grants = std::move(grants)]() mutable {
      pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
      absl::StatusOr<std::unique_ptr<Node>> node =
          Node::Create({.name = name_,
                        .registry = &supervisor_.registry(),
                        .memory_bytes_max = grants.memory_bytes_max});
      if (!node.ok()) return made.set_value(node.status());
      handle_ = (*node)->handle();
      running_.emplace(**node, std::move(grants), [this](const std::vector<Address>& addresses) {
        supervisor_.handle().Run([this, copy = addresses] { watcher_.OnReady(service(), copy); });
      });
      made.set_value(absl::OkStatus());
      ending_.exit_status = RunService(*running_, run);
      node->reset();
      std::fflush(stdout);
      supervisor_.handle().Run([this] { watcher_.OnEnded(service(), ending_); });
    };
    try {
      thread_ = std::thread(std::move(body));
    } catch (const std::system_error& failed) {  // the only way in which std::thread says it
      return SysError(failed.code().value(), "a thread (ulimit -u, pids.max)");
    }
    return start.get();
  }

  void AskToStop() override {
    handle_.Run([this] { running_->RequestStop(); });
  }
  // Not by way of stdio: the thread may be stuck in there.
  void Kill() override {
    outlet_.Write(
        Text("jackfield: ", name_, " is a thread and does not stop: the program ends with it\n"),
        Outlet::Whose::kOwn);
    outlet_.Flush(Outlet::kStalledNs, [] { return false; });
    _exit(kExitFailed);
  }
  std::string where() const override { return "a thread"; }
  int pid() const override { return 0; }

 private:
  Node& supervisor_;
  const std::string name_;
  Outlet& outlet_;
  Watcher& watcher_;
  MailboxHandle handle_;            // set before Start returns
  std::optional<Service> running_;  // the same
  Ending ending_;                   // read after OnEnded was posted
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RunningService>> StartThread(Node& node, size_t service,
                                                            Grants grants, ServiceFunction run,
                                                            Outlet& outlet,
                                                            RunningService::Watcher& watcher) {
  auto thread = std::make_unique<ThreadService>(node, service, grants.name, outlet, watcher);
  if (absl::Status status = thread->Start(std::move(grants), run); !status.ok()) return status;
  return thread;
}

}  // namespace jackfield
