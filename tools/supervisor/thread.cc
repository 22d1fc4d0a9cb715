#include "tools/supervisor/thread.h"

#include <pthread.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "tools/cli/program.h"

namespace jackfield {
namespace {

class ThreadService final : public RunningService {
 public:
  ThreadService(Node& node, size_t service, std::unique_ptr<Node> own_node, Grants grants, Watcher& watcher)
      : supervisor_(node),
        service_(service),
        name_(grants.name),
        watcher_(watcher),
        own_node_(std::move(own_node)),
        handle_(own_node_->handle()),
        running_(*own_node_, std::move(grants), [this](const std::vector<Address>& addresses) {
          supervisor_.handle().Run([this, copy = addresses] { watcher_.OnReady(service_, copy); });
        }) {}

  ~ThreadService() override {
    if (thread_.joinable()) thread_.join();
  }

  // The node goes with its thread; the Service stays until that is joined, as what is posted to it may come late.
  void Start(ServiceFunction run) {
    thread_ = std::thread([this, run] {
      pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
      const absl::Status status = run(running_);
      if (!status.ok()) std::fprintf(stderr, "%s: %s\n", name_.c_str(), std::string(status.message()).c_str());
      own_node_.reset();
      std::fflush(stdout);
      const Ending ending{status.ok() ? 0 : 1, 0};
      supervisor_.handle().Run([this, ending] { watcher_.OnEnded(service_, ending); });
    });
  }

  void AskToStop() override {
    handle_.Run([this] { running_.RequestStop(); });
  }
  void Kill() override {
    std::fprintf(stderr, "jackfield: %s is a thread and does not stop: the program ends with it\n", name_.c_str());
    _exit(kExitFailed);
  }
  std::string where() const override { return "a thread"; }

 private:
  Node& supervisor_;
  const size_t service_;
  const std::string name_;
  Watcher& watcher_;
  std::unique_ptr<Node> own_node_;
  const MailboxHandle handle_;
  Service running_;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RunningService>> StartThread(Node& node, size_t service, Grants grants, ServiceFunction run,
                                                            RunningService::Watcher& watcher) {
  absl::StatusOr<std::unique_ptr<Node>> own = Node::Create({.name = grants.name, .registry = &node.registry()});
  if (!own.ok()) return own.status();
  auto thread = std::make_unique<ThreadService>(node, service, *std::move(own), std::move(grants), watcher);
  thread->Start(run);
  return thread;
}

}  // namespace jackfield
