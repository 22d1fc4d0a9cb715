// For tests of one-way file media: a directory, a node over io_uring or epoll, channels that send
// notes, and ports that gather them.
//
// Thread: the test's.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_RECORDS_ONE_WAY_WORLD_H_
#define JACKFIELD_TRANSPORTS_ENGINE_RECORDS_ONE_WAY_WORLD_H_

#include <fcntl.h>
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/owned_fd.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"

namespace jackfield {

class OneWayWorld : public testing::TestWithParam<NodeOptions::Wait> {
 protected:
  static constexpr uint32_t kNote = 1;

  // From SetUp. The runtime directory is in directory_, too.
  void Begin(std::unique_ptr<Transport> transport) {
    char name[] = "/tmp/jf-one-way-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
    setenv("XDG_RUNTIME_DIR", name, 1);
    registry_.Add(std::move(transport));
    absl::StatusOr<std::unique_ptr<Node>> node = MakeNode();
    if (!node.ok()) GTEST_SKIP() << node.status();
    node_ = *std::move(node);
  }
  void TearDown() override {
    node_.reset();
    EXPECT_FALSE(std::filesystem::exists(directory_ + "/jackfield")) << "a record is left";
    std::filesystem::remove_all(directory_);
  }
  absl::StatusOr<std::unique_ptr<Node>> MakeNode() {
    return Node::Create({.registry = &registry_, .wait = GetParam()});
  }
  static absl::StatusOr<std::unique_ptr<Channel>> Connect(Node& node, const std::string& address) {
    ChannelOptions options;
    options.needs = SendNeeds();
    return Channel::Open(node, address, std::move(options));
  }
  // `got` outlives the port.
  std::unique_ptr<Port> Serve(const std::string& address, std::vector<std::string>& got) {
    PortOptions options;
    options.needs = ReceiveNeeds();
    absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(*node_, {address}, options);
    EXPECT_TRUE(port.ok()) << port.status();
    (*port)->Handle(kNote, [&got](ServerCall& call) { got.emplace_back(call.message().text()); });
    EXPECT_TRUE((*port)->WaitServing().ok()) << (*port)->failure();
    return *std::move(port);
  }
  bool AwaitNotes(const std::vector<std::string>& got, size_t count) {
    return node_->RunUntil([&] { return got.size() >= count; },
                           SystemClock().NowNs() + 60'000'000'000);
  }

  // By a server without a place that finds too few descriptors: first none, then one more each time
  // until it serves.
  void ExpectNothingLeftBy(const std::string& bare) {
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    const OwnedFd next(open("/dev/null", O_RDONLY | O_CLOEXEC));
    bool served = false;
    for (rlim_t more = 0; more < 20 && !served; ++more) {
      const rlimit few{static_cast<rlim_t>(next.get()) + 1 + more, before.rlim_max};
      ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
      PortOptions options;
      options.needs = ReceiveNeeds();
      const auto port = Port::Open(*node_, {bare}, options);
      served = port.ok();
      setrlimit(RLIMIT_NOFILE, &before);
      if (!served) {
        EXPECT_FALSE(std::filesystem::exists(directory_ + "/jackfield")) << more;
      }
    }
    EXPECT_TRUE(served);
  }

  std::string directory_;
  Registry registry_;
  std::unique_ptr<Node> node_;
};

inline std::string NameOfWait(const testing::TestParamInfo<NodeOptions::Wait>& info) {
  return info.param == NodeOptions::Wait::kUring ? "uring" : "epoll";
}

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_RECORDS_ONE_WAY_WORLD_H_
