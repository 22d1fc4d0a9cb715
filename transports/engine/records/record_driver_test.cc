// The driver over a source that is the test's: when it reads on.
#include "transports/engine/records/record_driver.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "kernel/node.h"
#include "kernel/registry.h"

namespace jackfield {
namespace {

// Has one record.
class OneRecord final : public RecordSource {
 public:
  absl::StatusOr<std::optional<std::span<const std::byte>>> Next() override {
    if (std::exchange(read_, true)) return std::nullopt;
    return std::span<const std::byte>(record_);
  }
  uint64_t lost() const override { return 0; }
  absl::Status Commit() override { return absl::OkStatus(); }
  void ClearWake() const override {}
  std::string WhichRecord() const override { return "the one record"; }

 private:
  const std::vector<std::byte> record_ = std::vector<std::byte>(kHeaderBytes);
  bool read_ = false;
};

class RecordDriverTest : public testing::TestWithParam<NodeOptions::Wait>, public LinkOwner {
 protected:
  void OnFrames(Link& link) override {
    for (; link.has_rx(); link.PopRx()) ++got_;
  }
  void OnRoom(Link&) override {}
  void OnLost(Link&, uint64_t) override {}
  void OnClosed(Link&, const absl::Status&) override {}
  int got_ = 0;
};

TEST_P(RecordDriverTest, ARecordForWhichThereWasNoMemoryIsReadWhenThereIsSome) {
  Registry registry;
  auto made = Node::Create({.registry = &registry, .wait = GetParam()});
  if (!made.ok()) GTEST_SKIP() << made.status();
  const std::unique_ptr<Node> node = *std::move(made);
  std::vector<Block> all;
  for (Block block; (block = node->blocks().Get(RecordDriver::kBlockBytes));)
    all.push_back(std::move(block));
  LinkTraits traits;
  traits.caps.receive = true;
  traits.caps.frame_bytes_max = 1024;
  Link& link =
      Link::Add(*node,
                std::make_unique<RecordDriver>(*node, std::make_unique<OneRecord>(),
                                               OwnedFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))),
                traits, this);
  // Long enough to have looked and to rest.
  for (int i = 0; i < 200; ++i) node->Turn(node->clock().NowNs() + 10'000);
  EXPECT_EQ(got_, 0);
  all.clear();
  EXPECT_TRUE(node->RunUntil([this] { return got_ == 1; }, SystemClock().NowNs() + 10'000'000'000));
  node->Remove(link);
}

INSTANTIATE_TEST_SUITE_P(Over, RecordDriverTest,
                         testing::Values(NodeOptions::Wait::kUring, NodeOptions::Wait::kEpoll),
                         [](const auto& info) {
                           return info.param == NodeOptions::Wait::kUring ? "uring" : "epoll";
                         });

}  // namespace
}  // namespace jackfield
