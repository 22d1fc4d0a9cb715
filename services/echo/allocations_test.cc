// A typed call allocates nothing once it has been made a few times: operator new is counted over
// 1,000 of them, at the client and at the server, which share this program's one node.
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>

#include "gtest/gtest.h"
#include "jackfield/node.h"
#include "jackfield/transports.h"
#include "services/echo/echo.h"

namespace {
std::atomic<int> allocations{0};  // by any thread; read between calls
}

void* operator new(size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace jackfield::echo {
namespace {

// Says it after a turn of the node, from a coroutine.
class SlowEcho final : public EchoService {
 public:
  Handling Say(CallOf<SayRequest, SayReply> call) override {
    co_await call.node().Sleep(0s);
    co_return call.Reply([&call](flatbuffers::FlatBufferBuilder& fbb) {
      return CreateSayReply(fbb, fbb.CreateString(call->text()));
    });
  }
  Handling Hear(OneWayOf<SayRequest>) override { return absl::OkStatus(); }
  Handling Repeat(ServerStreamOf<RepeatRequest, SayReply>) override {
    return absl::UnimplementedError("");
  }
  Handling Join(ClientStreamOf<SayRequest, Joined>) override {
    return absl::UnimplementedError("");
  }
  Handling Chat(BothStreamsOf<SayRequest, SayReply>) override {
    return absl::UnimplementedError("");
  }
};

constexpr auto kSayHello = [](flatbuffers::FlatBufferBuilder& fbb) {
  return CreateSayRequestDirect(fbb, "hello");
};

// Calls `call` often, and returns how many allocations that took after the first hundred.
template <class Server, class OneCall>
int AllocationsOf(Server& server, OneCall one_call) {
  Registry registry;
  AddBuiltinTransports(registry);
  const std::unique_ptr<Node> node = *Node::Create({.name = "echo", .registry = &registry});
  const std::unique_ptr<Port> port = *Port::Open(*node, {"unix:"});
  server.RegisterOn(*port);
  EXPECT_TRUE(port->WaitServing().ok());
  const std::unique_ptr<Channel> channel = *Channel::Open(*node, port->addresses()[0]);
  EXPECT_TRUE(channel->WaitOpen().ok());
  EchoClient client(*channel);
  int wrong = 0;
  for (int i = 0; i < 100; ++i) wrong += !one_call(*node, client);
  const int before = allocations.load();
  for (int i = 0; i < 1000; ++i) wrong += !one_call(*node, client);
  const int after = allocations.load();
  EXPECT_EQ(wrong, 0);
  return after - before;
}

bool SayBlocking(Node&, EchoClient& client) {
  const absl::StatusOr<MessageOf<SayReply>> reply = client.Say(kSayHello).Wait();
  return reply.ok() && (*reply)->text()->string_view() == "hello";
}

bool SayWithCallback(Node& node, EchoClient& client) {
  bool done = false, right = false;
  const absl::Status started =
      client.SayAsync(kSayHello, {}, [&](absl::StatusOr<MessageOf<SayReply>> reply) {
        right = reply.ok() && (*reply)->text()->string_view() == "hello";
        done = true;
      });
  return started.ok() && node.RunUntil([&done] { return done; }) && right;
}

TEST(Allocations, ABlockingCallAllocatesNothing) {
  Echo echo;
  EXPECT_EQ(AllocationsOf(echo, SayBlocking), 0);
}

TEST(Allocations, ACallWithACallbackAllocatesNothing) {
  Echo echo;
  EXPECT_EQ(AllocationsOf(echo, SayWithCallback), 0);
}

TEST(Allocations, ACoroutineHandlerThatWaitsAllocatesNothing) {
  SlowEcho echo;
  EXPECT_EQ(AllocationsOf(echo, SayBlocking), 0);
}

}  // namespace
}  // namespace jackfield::echo
