// What does one subscriber that sleeps cost the others? One publisher, 100 subscribers in two
// processes, runs in which all read and runs in which one is stopped, in turn. It prints how long
// messages took to the 99 that read in both.
//
//   bazel run --config=opt //services/topics:fanout -- unix: [RUNS [MESSAGES_PER_SECOND]]
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "services/test_transports.h"
#include "services/topics/subscription.h"
#include "services/topics/topic_set.h"

namespace jackfield::topics {
namespace {

constexpr uint32_t kSubscribers = 100;
constexpr int64_t kRunNs = 3'000'000'000;
constexpr SubscriptionOptions kQueue{.items = 1024};

struct Sum {
  int64_t p50_ns = 0, p99_ns = 0;
  uint64_t read = 0, missed = 0;
};

// Reads until the topic "end" comes, and tells what it has seen.
class Readers {
 public:
  Readers(const std::string& address, uint32_t count)
      : node_(Node::Create({.name = "readers", .registry = &Transports()}).value()) {
    for (uint32_t i = 0; i < count; ++i) {
      channels_.push_back(Channel::Open(*node_, address).value());
      subscriptions_.push_back(Subscription::Open(*channels_.back(), ">", kQueue).value());
      node_->Spawn(Read(*node_, *this, *subscriptions_.back()));
    }
  }
  Sum Run() {
    node_->RunUntil([this] { return ended_ == subscriptions_.size(); });
    Sum sum{.read = took_ns_.size(), .missed = missed_};
    std::sort(took_ns_.begin(), took_ns_.end());
    if (took_ns_.empty()) return sum;
    sum.p50_ns = took_ns_[took_ns_.size() / 2];
    sum.p99_ns = took_ns_[took_ns_.size() * 99 / 100];
    return sum;
  }

 private:
  static Task<void> Read(Node& node, Readers& self, Subscription& from) {
    while (true) {
      const absl::StatusOr<TopicItem> item = co_await from.Read();
      if (!item.ok() || item->topic() == "end") break;
      int64_t sent_ns = 0;
      std::memcpy(&sent_ns, item->payload().data(), sizeof sent_ns);
      self.took_ns_.push_back(node.clock().NowNs() - sent_ns);
      self.missed_ += item->missed();
    }
    ++self.ended_;
  }
  std::unique_ptr<Node> node_;
  std::vector<std::unique_ptr<Channel>> channels_;
  std::vector<std::unique_ptr<Subscription>> subscriptions_;
  std::vector<int64_t> took_ns_;
  uint64_t missed_ = 0;
  size_t ended_ = 0;
};

// In a process of its own.
struct Child {
  Child(const std::string& address, uint32_t count) {
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    pid = fork();
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const Sum sum = Readers(address, count).Run();
      _exit(write(ends[1], &sum, sizeof sum) == sizeof sum ? 0 : 1);
    }
    close(ends[1]);
    result = ends[0];
  }
  ~Child() {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    close(result);
  }
  Sum Wait() const {
    Sum sum;
    if (read(result, &sum, sizeof sum) != sizeof sum) std::fprintf(stderr, "a reader died\n");
    return sum;
  }
  pid_t pid = 0;
  int result = -1;
};

Sum RunOnce(const std::string& place, bool one_sleeps, int64_t period_ns) {
  const auto node = Node::Create({.name = "publisher", .registry = &Transports()}).value();
  TopicSet topics(*node);
  const auto port = Port::Open(*node, {place}, TopicSet::OptionsForPort()).value();
  topics.RegisterOn(*port);
  if (!port->WaitServing().ok()) std::abort();
  const std::string address = port->addresses()[0].ToString();
  const Child readers(address, kSubscribers - 1), another(address, 1);
  node->RunUntil([&] { return topics.subscribers() == kSubscribers; });
  if (one_sleeps) kill(another.pid, SIGSTOP);
  const int64_t end_ns = node->clock().NowNs() + kRunNs;
  for (int64_t due_ns = node->clock().NowNs(); due_ns < end_ns; due_ns += period_ns) {
    node->RunUntil([&] { return node->clock().NowNs() >= due_ns; }, due_ns);
    const int64_t now_ns = node->clock().NowNs();
    topics.Publish("price.tea", std::as_bytes(std::span(&now_ns, 1))).IgnoreError();
  }
  topics.Publish("end", {}).IgnoreError();
  const auto left = one_sleeps ? 1u : 0u;
  node->RunUntil([&] { return topics.subscribers() <= left; });
  return readers.Wait();
}

int Main(int argc, char** argv) {
  const int runs = argc > 2 ? std::atoi(argv[2]) : 5;
  const int rate = argc > 3 ? std::atoi(argv[3]) : 500;
  if (argc < 2 || runs < 1 || rate < 1) {
    std::fprintf(stderr, "usage: fanout ADDRESS [RUNS [MESSAGES_PER_SECOND]]\n");
    return 2;
  }
  std::vector<int64_t> p99s[2];
  for (int run = 0; run < 2 * runs; ++run) {
    const bool sleeps = run % 2 == 1;
    const Sum sum = RunOnce(argv[1], sleeps, 1'000'000'000 / rate);
    p99s[sleeps].push_back(sum.p99_ns);
    std::printf("%s  p50 %6.0f us  p99 %6.0f us  %llu read, %llu missed\n",
                sleeps ? "one sleeps" : "all read  ", static_cast<double>(sum.p50_ns) / 1e3,
                static_cast<double>(sum.p99_ns) / 1e3, static_cast<unsigned long long>(sum.read),
                static_cast<unsigned long long>(sum.missed));
  }
  int64_t medians[2];
  for (int sleeps = 0; sleeps < 2; ++sleeps) {
    std::sort(p99s[sleeps].begin(), p99s[sleeps].end());
    medians[sleeps] = p99s[sleeps][p99s[sleeps].size() / 2];
  }
  std::printf("the medians of p99: %.0f us and %.0f us, which is %.2f times\n",
              static_cast<double>(medians[0]) / 1e3, static_cast<double>(medians[1]) / 1e3,
              static_cast<double>(medians[1]) / static_cast<double>(medians[0]));
  return 0;
}

}  // namespace
}  // namespace jackfield::topics

int main(int argc, char** argv) { return jackfield::topics::Main(argc, argv); }
