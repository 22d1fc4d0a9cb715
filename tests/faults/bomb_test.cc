// FAULTS D19: a message of some hundred bytes whose tables refer to each other so that a
// walk through it never ends. The verifier's limits refuse it before a handler sees it.
#include <memory>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/tree_service.h"

namespace jackfield::faults {
namespace {

// `levels` tables, each of which has the next one on both sides: 2^levels ways through it.
std::string Bomb(int levels) {
  flatbuffers::FlatBufferBuilder fbb;
  flatbuffers::Offset<Tree> tree = CreateTree(fbb);
  for (int i = 0; i < levels; ++i) tree = CreateTree(fbb, tree, tree);
  fbb.Finish(tree);
  return {reinterpret_cast<const char*>(fbb.GetBufferPointer()), fbb.GetSize()};
}

// A row of `levels` tables, each inside the one before.
std::string Deep(int levels) {
  flatbuffers::FlatBufferBuilder fbb;
  flatbuffers::Offset<Tree> tree = CreateTree(fbb);
  for (int i = 0; i < levels; ++i) tree = CreateTree(fbb, tree);
  fbb.Finish(tree);
  return {reinterpret_cast<const char*>(fbb.GetBufferPointer()), fbb.GetSize()};
}

const Tree* Root(std::string_view bytes) { return RootOf<Tree>(std::as_bytes(std::span(bytes))); }

TEST(Bomb, OfSharedTablesIsRefused) {
  EXPECT_NE(Root(Bomb(3)), nullptr);
  for (const int levels : {12, 20, 30, 60}) {
    const std::string bomb = Bomb(levels);
    EXPECT_LT(bomb.size(), 1500u);
    EXPECT_EQ(Root(bomb), nullptr) << levels;
  }
}

TEST(Bomb, OfDepthIsRefusedAtTheLimit) {
  EXPECT_NE(Root(Deep(kVerifyDepthMax - 1)), nullptr);
  EXPECT_EQ(Root(Deep(kVerifyDepthMax)), nullptr);
  EXPECT_EQ(Root(Deep(10'000)), nullptr);
}

TEST(Bomb, OfLeavesIsRefusedAtTheLimit) {
  const auto wide = [](int tables) {
    flatbuffers::FlatBufferBuilder fbb;
    const flatbuffers::Offset<Tree> leaf = CreateTree(fbb);
    const auto leaves =
        fbb.CreateVector(std::vector<flatbuffers::Offset<Tree>>(static_cast<size_t>(tables), leaf));
    fbb.Finish(CreateTree(fbb, 0, 0, leaves));
    return std::string(reinterpret_cast<const char*>(fbb.GetBufferPointer()), fbb.GetSize());
  };
  EXPECT_NE(Root(wide(kVerifyTablesMax - 2)), nullptr);
  EXPECT_EQ(Root(wide(kVerifyTablesMax)), nullptr);
}

TEST(Bomb, EachTruncationAndEachFlippedBitIsRefusedOrRead) {
  flatbuffers::FlatBufferBuilder fbb;
  const auto name = fbb.CreateString("the name of a tree");
  fbb.Finish(CreateTree(fbb, CreateTree(fbb), 0, 0, name));
  const std::string good(reinterpret_cast<const char*>(fbb.GetBufferPointer()), fbb.GetSize());
  const auto walk = [](std::string_view bytes) {
    const Tree* tree = Root(bytes);
    return tree == nullptr || tree->name() == nullptr ? size_t{0} : tree->name()->size();
  };
  for (size_t bytes = 0; bytes < good.size(); ++bytes) {
    // A copy of its own, so that a sanitizer sees a step over its end.
    walk(std::string(good, 0, bytes));
  }
  for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    walk(bad);
  }
}

class Forest final : public ForestService {
 public:
  Handling Count(CallOf<Tree, Counted> call) override {
    ++counted;
    return call.Reply([](flatbuffers::FlatBufferBuilder& fbb) { return CreateCounted(fbb, 1); });
  }
  int counted = 0;
};

TEST(Bomb, SentToAServiceIsRefusedAndNoHandlerRuns) {
  const std::unique_ptr<Node> node =
      Node::Create({.name = "forest", .registry = &conformance::TestRegistry()}).value();
  const std::unique_ptr<Port> port = Port::Open(*node, {"unix:"}).value();
  Forest forest;
  forest.RegisterOn(*port);
  ASSERT_TRUE(port->WaitServing().ok());
  const std::unique_ptr<Channel> channel = Channel::Open(*node, port->addresses()[0]).value();
  const uint32_t count = MessageType("jackfield.faults.Forest/Count");
  for (const std::string& bad : {Bomb(30), Deep(1000), std::string(700, '\xff'), std::string()}) {
    const absl::StatusOr<Message> reply = channel->Call(count, Bytes(bad)).Wait();
    EXPECT_EQ(reply.status().code(), absl::StatusCode::kInvalidArgument) << reply.status();
  }
  EXPECT_EQ(forest.counted, 0);
  EXPECT_TRUE(channel->Call(count, Bytes(Bomb(3))).Wait().ok());
  EXPECT_EQ(forest.counted, 1);
}

}  // namespace
}  // namespace jackfield::faults
