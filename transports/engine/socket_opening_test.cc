// What becomes of a connection that is none.
#include "transports/engine/socket_opening.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>
#include <optional>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/owned_fd.h"
#include "kernel/node.h"
#include "kernel/registry.h"

namespace jackfield {
namespace {

class SocketOpeningTest : public testing::Test, public LinkSink {
 protected:
  void OnServing(const Address&) override {}
  void OnLink(std::unique_ptr<LinkDriver>, LinkTraits) override {}
  void OnOpenFailed(absl::Status status) override { failed_ = std::move(status); }
  std::optional<absl::Status> failed_;
};

// Where nobody listens, at a port that the system gives out to clients, a client may be given the
// very port that it connects to, and meet itself (RFC 9293, 3.5: both ends may open at once).
TEST_F(SocketOpeningTest, AClientThatMetItselfFoundNobody) {
  for (const int family : {AF_INET, AF_INET6}) {
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_addr = in6addr_loopback;
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* name =
        family == AF_INET ? reinterpret_cast<sockaddr*>(&four) : reinterpret_cast<sockaddr*>(&six);
    socklen_t bytes = family == AF_INET ? sizeof four : sizeof six;
    OwnedFd fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd.ok() || bind(fd.get(), name, bytes) != 0) continue;  // no IPv6 here
    ASSERT_EQ(getsockname(fd.get(), name, &bytes), 0);
    ASSERT_EQ(connect(fd.get(), name, bytes), 0);
    Registry registry;
    const auto node = Node::Create({.registry = &registry}).value();
    bool connected = false;
    failed_.reset();
    const auto opening = MakeSocketClient(*node, *this, fd.Release(), 0, "connect there",
                                          [&connected](int it, LinkSink&) {
                                            connected = true;
                                            OwnedFd{it};
                                          });
    ASSERT_TRUE(node->RunUntil([&] { return connected || failed_.has_value(); },
                               SystemClock().NowNs() + 60'000'000'000));
    ASSERT_FALSE(connected);
    EXPECT_EQ(failed_->code(), absl::StatusCode::kUnavailable) << *failed_;
  }
}

}  // namespace
}  // namespace jackfield
