// A loop of somebody else's drives a node: here libuv. No wake is lost, of a frame, a timer or
// another thread: over epoll it sleeps in between, over io_uring never (docs/decisions/0019).
//
// A lost wake would be seen as a pause in which nothing happens at all: a guard ends the test then.
#include <uv.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/builtin.h"

namespace jackfield {
namespace {

constexpr uint32_t kEcho = 1;
constexpr int kCalls = 100'000;
constexpr uint64_t kGuardMs = 20'000;

// A node in a libuv loop, as the comment at Loop::PrepareSleep says.
class Driven {
 public:
  Driven(uv_loop_t& uv, Node& node) : node_(node) {
    uv_poll_init(&uv, &poll_, node.poll_fd());
    uv_timer_init(&uv, &timer_);
    uv_idle_init(&uv, &again_);
    poll_.data = timer_.data = again_.data = this;
    uv_poll_start(&poll_, UV_READABLE, [](uv_poll_t* poll, int, int) { RoundOf(poll->data); });
    uv_idle_start(&again_, [](uv_idle_t* idle) { RoundOf(idle->data); });
  }
  // Requires: uv_run until the loop has let them go, before this is destroyed.
  void Close() {
    uv_close(reinterpret_cast<uv_handle_t*>(&poll_), nullptr);
    uv_close(reinterpret_cast<uv_handle_t*>(&timer_), nullptr);
    uv_close(reinterpret_cast<uv_handle_t*>(&again_), nullptr);
  }
  uint64_t sleeps() const { return sleeps_; }

 private:
  static void RoundOf(void* driven) { static_cast<Driven*>(driven)->Round(); }
  void Round() {
    if (node_.Turn(Node::kDoNotSleep) || !node_.PrepareSleep()) {
      uv_idle_start(&again_, [](uv_idle_t* idle) { RoundOf(idle->data); });
      return;
    }
    ++sleeps_;
    uv_idle_stop(&again_);
    uv_timer_stop(&timer_);
    if (node_.wake_ns() == Timers::kNever) return;
    const int64_t ns = std::max<int64_t>(0, node_.wake_ns() - node_.clock().NowNs());
    uv_timer_start(
        &timer_, [](uv_timer_t* timer) { RoundOf(timer->data); },
        static_cast<uint64_t>(ns / 1'000'000 + 1), 0);
  }

  Node& node_;
  uv_poll_t poll_;
  uv_timer_t timer_;
  uv_idle_t again_;
  uint64_t sleeps_ = 0;
};

class LibuvTest : public testing::TestWithParam<NodeOptions::Wait> {
 public:
  void Done() { uv_stop(&uv_); }
  void Alive() {
    uv_timer_start(
        &guard_,
        [](uv_timer_t* guard) {
          ADD_FAILURE() << "nothing has happened for " << kGuardMs << " ms: a wake was lost";
          static_cast<LibuvTest*>(guard->data)->Done();
        },
        kGuardMs, 0);
  }

 protected:
  void SetUp() override {
    AddBuiltinTransports(registry_);
    absl::StatusOr<std::unique_ptr<Node>> client = Make("client");
    if (!client.ok()) GTEST_SKIP() << client.status();
    client_ = *std::move(client);
    std::promise<std::string> serving;
    server_ = std::thread([this, &serving] { Serve(serving); });
    channel_ = Channel::Open(*client_, serving.get_future().get()).value();
    uv_loop_init(&uv_);
    uv_timer_init(&uv_, &guard_);
    guard_.data = this;
    driven_ = std::make_unique<Driven>(uv_, *client_);
  }
  void TearDown() override {
    if (client_ == nullptr) return;
    driven_->Close();
    uv_close(reinterpret_cast<uv_handle_t*>(&guard_), nullptr);
    uv_run(&uv_, UV_RUN_DEFAULT);
    EXPECT_EQ(uv_loop_close(&uv_), 0);
    channel_.reset();
    stop_();
    server_.join();
  }
  // In a thread of its own, so that the client has to wait for it.
  void Serve(std::promise<std::string>& serving) {
    const std::unique_ptr<Node> node = Make("server").value();
    const std::unique_ptr<Port> port = Port::Open(*node, {"unix:"}).value();
    port->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
    EXPECT_TRUE(port->WaitServing().ok());
    stop_ = [handle = node->handle(), on = node.get()] { handle.Run([on] { on->Stop(); }); };
    serving.set_value(port->addresses()[0].ToString());
    EXPECT_TRUE(node->Run().ok());
  }
  absl::StatusOr<std::unique_ptr<Node>> Make(const char* name) {
    return Node::Create({.name = name, .registry = &registry_, .wait = GetParam()});
  }
  // Until Done(); what happens meanwhile calls Alive().
  void Run() {
    Alive();
    uv_run(&uv_, UV_RUN_DEFAULT);
    uv_timer_stop(&guard_);
  }
  void CallNext() {
    ASSERT_TRUE(channel_
                    ->CallAsync(kEcho, Bytes("hello"), {},
                                [this](Answer& reply) {
                                  ASSERT_TRUE(reply.ok()) << reply.status();
                                  if (++answers_ == kCalls) return Done();
                                  if (answers_ % 1000 == 0) Alive();
                                  CallNext();
                                })
                    .ok());
  }

  Registry registry_;
  std::thread server_;
  std::function<void()> stop_;
  int posts_ = 0;  // what is posted runs when the client ends at the latest
  std::atomic<int> seen_{0};
  std::unique_ptr<Node> client_;
  std::unique_ptr<Channel> channel_;
  uv_loop_t uv_;
  uv_timer_t guard_;
  std::unique_ptr<Driven> driven_;
  int answers_ = 0;
};

TEST_P(LibuvTest, ACallAfterAnotherIsAnswered) {
  CallNext();
  Run();
  EXPECT_EQ(answers_, kCalls);
  if (GetParam() == NodeOptions::Wait::kEpoll)
    EXPECT_GT(driven_->sleeps(), 0u) << "it never slept, so nothing was shown";
  else
    EXPECT_EQ(driven_->sleeps(), 0u) << "io_uring's wakes are lost by who sleeps elsewhere";
  std::printf("%d calls, %llu sleeps\n", answers_,
              static_cast<unsigned long long>(driven_->sleeps()));
}

TEST_P(LibuvTest, ATimerWakesItWhereNothingElseDoes) {
  int woken = 0;
  client_->Spawn([](Node& node, int& woken, LibuvTest& test) -> Task<void> {
    for (; woken < 20; ++woken) {
      co_await node.Sleep(2ms);
      test.Alive();
    }
    test.Done();
  }(*client_, woken, *this));
  Run();
  EXPECT_EQ(woken, 20);
}

TEST_P(LibuvTest, AnotherThreadWakesIt) {
  constexpr int kPosts = 2000;
  std::thread other([this, handle = client_->handle()] {
    for (int i = 0; i < kPosts; ++i) {
      handle.Run([this] {
        Alive();
        seen_.store(++posts_);
        if (posts_ == kPosts) Done();
      });
      // One at a time, so that each finds the node asleep or on its way there.
      while (seen_.load() <= i) std::this_thread::yield();
    }
  });
  Run();
  EXPECT_EQ(posts_, kPosts);
  seen_.store(kPosts);  // if it failed: the thread is to end all the same
  other.join();
}

INSTANTIATE_TEST_SUITE_P(Reactors, LibuvTest,
                         testing::Values(NodeOptions::Wait::kUring, NodeOptions::Wait::kEpoll),
                         [](const testing::TestParamInfo<NodeOptions::Wait>& param) {
                           return param.param == NodeOptions::Wait::kUring ? "uring" : "epoll";
                         });

}  // namespace
}  // namespace jackfield
