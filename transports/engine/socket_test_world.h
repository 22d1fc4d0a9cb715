// What the tests of schemes over connected sockets share: a node that knows one scheme, and what
// must hold whether the running kernel has its medium or not. For tests only.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_SOCKET_TEST_WORLD_H_
#define JACKFIELD_TRANSPORTS_ENGINE_SOCKET_TEST_WORLD_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"

namespace jackfield {

class SocketTestWorld : public testing::Test {
 protected:
  explicit SocketTestWorld(std::unique_ptr<Transport> transport) {
    registry_.Add(std::move(transport));
    node_ = *Node::Create({.registry = &registry_, .wait = NodeOptions::Wait::kEpoll});
  }
  absl::Status Describe(std::string_view address, Role role) const {
    return registry_.Describe(*registry_.Parse(address), role).status();
  }
  static void Says(const absl::Status& status, std::string_view words) {
    EXPECT_NE(status.ToString().find(words), std::string::npos) << status;
  }
  // What becomes of a channel to `address`.
  absl::Status Connect(const std::string& address, ChannelOptions options = {}) {
    const auto channel = Channel::Open(*node_, address, options);
    return channel.ok() ? (*channel)->WaitOpen() : channel.status();
  }

  // Where the kernel has it, it works; where not, it is refused at once, and what is missing is
  // named with the command that mends it.
  // bare: "sctp:"; nowhere: an address at which nobody serves; mends: "modprobe sctp".
  void ItCarriesCallsOrSaysWhatTheKernelLacks(const std::string& bare, const std::string& nowhere,
                                              std::string_view mends) {
    const absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(*node_, {bare});
    absl::Status lack = port.status();
    if (lack.ok()) {
      (*port)->Handle(1, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
      lack = (*port)->WaitServing();
    }
    if (!lack.ok()) {
      EXPECT_EQ(ReasonOf(lack), Reason::kResource);
      Says(lack, mends);
      Says(Connect(nowhere), mends);
      GTEST_SKIP() << lack;
    }
    const auto channel = Channel::Open(*node_, (*port)->addresses()[0]);
    ASSERT_TRUE(channel.ok()) << channel.status();
    const std::string large(900'000, 'x');
    const absl::StatusOr<Message> answer = (*channel)->Call(1, Bytes(large)).Wait();
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_TRUE(answer->text() == large);
    ChannelOptions soon;
    soon.connect_timeout = 50ms;
    const absl::Status status = Connect(nowhere, soon);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  }

  Registry registry_;
  std::unique_ptr<Node> node_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_SOCKET_TEST_WORLD_H_
