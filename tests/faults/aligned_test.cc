// FAULTS D26: a struct that wants to lie at a multiple of 16 or 32 bytes (force_align), over every
// transport, in every way that a message can be delivered or built. Compilers move such structs
// with instructions that end the program at any other address. The sizes of the messages, and of
// ordinary ones between them, are such that the frames begin anywhere.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/aligned_service.h"

namespace jackfield::faults {
namespace {

using conformance::Subject;
using conformance::TestRegistry;
using flatbuffers::FlatBufferBuilder;
using ::testing::HasSubstr;

constexpr int kSizes = 24;

int g_misplaced = 0;  // NOLINT: seen by handlers and by functions that build

void Look(const void* at, size_t alignment) {
  if (reinterpret_cast<uintptr_t>(at) % alignment != 0) ++g_misplaced;
}

// Builds the message of that number, and looks where its parts come to lie.
auto Shape(uint32_t number) {
  return [number](FlatBufferBuilder& fbb) {
    const auto padding = fbb.CreateString(std::string(number * 5 % 41, 'p'));
    std::vector<Sixteen> list;
    // Some grow in the frame: the first room has 512 bytes.
    for (uint32_t i = 0; i < (number % 4 == 3 ? 40 * number : number % 4); ++i)
      list.emplace_back(i, i + 1, number, 0);
    const auto sixteens = fbb.CreateVectorOfStructs(list);
    if (!list.empty()) Look(fbb.GetCurrentBufferPointer() + 4, 16);
    fbb.ForceVectorAlignment(number + 1, 1, 32);
    const auto plain = fbb.CreateVector(std::vector<uint8_t>(number + 1, 7));
    Look(fbb.GetCurrentBufferPointer() + 4, 32);
    const Sixteen one(number, 2, 3, 4);
    const ThirtyTwo wide(number, 2, 3, 4);
    return CreateShapes(fbb, &one, sixteens, &wide, plain, padding, number);
  };
}

void Check(const Shapes& shapes) {
  const uint32_t number = shapes.number();
  Look(shapes.one(), 16);
  Look(shapes.wide(), 32);
  Look(shapes.plain()->data(), 32);
  EXPECT_EQ(shapes.one()->x(), number);
  EXPECT_EQ(shapes.wide()->a(), number);
  EXPECT_EQ(shapes.plain()->size(), number + 1);
  for (uint32_t i = 0; i < shapes.list()->size(); ++i) {
    Look(shapes.list()->Get(i), 16);
    EXPECT_EQ(shapes.list()->Get(i)->y(), i + 1);
  }
}

class Server final : public AlignedService {
 public:
  Handling Plain(CallOf<Shapes, Shapes> call) override {
    Check(call.request());
    return call.Reply(Shape(call->number()));
  }
  Handling Waiting(CallOf<Shapes, Shapes> call) override {
    Check(call.request());
    co_await call.node().Sleep(0s);
    Check(call.request());
    co_return call.Reply(Shape(call->number()));
  }
  Handling Held(CallOf<Shapes, Shapes> call) override {
    Check(call.request());
    call.call().Hold();
    Check(call.request());
    call.node().Defer([call] {
      Check(call.request());
      call.Reply(Shape(call->number())).IgnoreError();
    });
    return absl::OkStatus();
  }
  Handling Note(OneWayOf<Shapes> call) override {
    Check(call.request());
    ++notes;
    return absl::OkStatus();
  }
  Handling Watch(ServerStreamOf<Shapes, Shapes> call) override {
    Check(call.request());
    for (uint32_t i = 0; i < call->number(); ++i) {
      if (absl::Status sent = co_await call.Write(Shape(i)); !sent.ok()) co_return sent;
    }
    co_return absl::OkStatus();
  }
  Handling Chat(BothStreamsOf<Shapes, Shapes> call) override {
    while (std::optional<MessageOf<Shapes>> item = co_await call.Read()) {
      Check(**item);
      const uint32_t number = (*item)->number();
      if (absl::Status sent = co_await call.Write(Shape(number)); !sent.ok()) co_return sent;
    }
    co_return absl::OkStatus();
  }
  Handling Pad(CallOf<Padding, Padding> call) override {
    const auto size = call->bytes()->size() * 3 % 64;
    return call.Reply([size](FlatBufferBuilder& fbb) {
      return CreatePadding(fbb, fbb.CreateVector(std::vector<uint8_t>(size)));
    });
  }
  int notes = 0;
};

class AlignedOver : public testing::TestWithParam<Subject> {
 protected:
  void SetUp() override {
    if (const std::string lacks = conformance::Lacks(GetParam()); !lacks.empty())
      GTEST_SKIP() << lacks;
    g_misplaced = 0;
    node_ = Node::Create({.name = "aligned", .registry = &TestRegistry()}).value();
    PortOptions port_options;
    ChannelOptions options;
    if (!conformance::Answers(GetParam())) {
      port_options.needs = ReceiveNeeds();
      options.needs = SendNeeds();
    }
    port_ = Port::Open(*node_, {std::string(GetParam().serve)}, port_options).value();
    server_.RegisterOn(*port_);
    ASSERT_TRUE(port_->WaitServing().ok());
    options.timeout = options.connect_timeout = 60s;
    channel_ = Channel::Open(*node_, port_->addresses()[0], options).value();
  }
  // Ordinary calls between those that are looked at.
  void Pad(int number) {
    AlignedClient client(*channel_);
    const auto padding = [number](FlatBufferBuilder& fbb) {
      return CreatePadding(fbb, fbb.CreateVector(std::vector<uint8_t>(number * 7 % 53)));
    };
    ASSERT_TRUE(client.Pad(padding).Wait().ok());
  }
  std::unique_ptr<Node> node_;
  Server server_;
  std::unique_ptr<Port> port_;
  std::unique_ptr<Channel> channel_;
};

class ThatAnswers : public AlignedOver {};

TEST_P(ThatAnswers, RequestsAndAnswersLieAsTheirSchemaWantsIt) {
  AlignedClient client(*channel_);
  for (int i = 0; i < kSizes; ++i) {
    Pad(i);
    const auto number = static_cast<uint32_t>(i);
    const absl::StatusOr<MessageOf<Shapes>> plain = client.Plain(Shape(number)).Wait();
    ASSERT_TRUE(plain.ok()) << plain.status();
    Check(**plain);
    const absl::StatusOr<MessageOf<Shapes>> waiting = client.Waiting(Shape(number)).Wait();
    ASSERT_TRUE(waiting.ok()) << waiting.status();
    Check(**waiting);
    const absl::StatusOr<MessageOf<Shapes>> held = client.HeldFuture(Shape(number)).Wait();
    ASSERT_TRUE(held.ok()) << held.status();
    Check(**held);
    bool called = false;
    const auto check = [&called](absl::StatusOr<MessageOf<Shapes>> answer) {
      ASSERT_TRUE(answer.ok()) << answer.status();
      Check(**answer);
      called = true;
    };
    ASSERT_TRUE(client.PlainAsync(Shape(number), {}, check).ok());
    node_->RunUntil([&called] { return called; });
  }
  EXPECT_EQ(g_misplaced, 0);
}

TEST_P(ThatAnswers, SoDoItemsOfStreams) {
  AlignedClient client(*channel_);
  Pad(3);
  absl::StatusOr<ReadStream<Shapes>> watched = client.Watch(Shape(kSizes));
  ASSERT_TRUE(watched.ok()) << watched.status();
  uint32_t items = 0;
  while (std::optional<MessageOf<Shapes>> item = watched->Read().Wait()) {
    Check(**item);
    EXPECT_EQ((*item)->number(), items++);
  }
  EXPECT_TRUE(watched->Finish().Wait().ok());
  EXPECT_EQ(items, uint32_t{kSizes});
  absl::StatusOr<BothStreams<Shapes, Shapes>> chat = client.Chat();
  ASSERT_TRUE(chat.ok()) << chat.status();
  for (uint32_t i = 0; i < kSizes; ++i) {
    ASSERT_TRUE(chat->Write(Shape(i)).Wait().ok());
    std::optional<MessageOf<Shapes>> item = chat->Read().Wait();
    ASSERT_TRUE(item.has_value());
    Check(**item);
  }
  EXPECT_TRUE(chat->EndWrites().ok());
  EXPECT_TRUE(chat->Finish().Wait().ok());
  EXPECT_EQ(g_misplaced, 0);
}

class OneWay : public AlignedOver {};

TEST_P(OneWay, MessagesLieAsTheirSchemaWantsIt) {
  AlignedClient client(*channel_);
  for (int i = 0; i < kSizes; ++i) {
    const absl::Status sent = client.Note(Shape(static_cast<uint32_t>(i))).Wait();
    ASSERT_TRUE(sent.ok()) << sent;
    node_->RunUntil([&] { return server_.notes == i + 1; });
  }
  EXPECT_EQ(g_misplaced, 0);
}

enum class Ways { kBoth, kAny };
std::vector<Subject> Over(Ways ways) {
  std::vector<Subject> subjects;
  for (const Subject& subject : conformance::Subjects()) {
    const Address address = TestRegistry().Parse(subject.serve).value();
    if (!conformance::MeetsByAddress(subject) || address.scheme() == "signal") continue;  // 4 bytes
    if (ways == Ways::kBoth && !conformance::Answers(subject)) continue;
    if (subject.name.find("chaos") == subject.name.npos) subjects.push_back(subject);
  }
  return subjects;
}
std::string NameOf(const testing::TestParamInfo<Subject>& info) {
  return std::string(info.param.name);
}
INSTANTIATE_TEST_SUITE_P(Over, ThatAnswers, testing::ValuesIn(Over(Ways::kBoth)), NameOf);
INSTANTIATE_TEST_SUITE_P(Over, OneWay, testing::ValuesIn(Over(Ways::kAny)), NameOf);

// A sender that puts the elements of a list elsewhere: FlatBuffers' verifier does not look.
TEST(AHostileSender, OfAMisplacedListIsRefused) {
  const std::unique_ptr<Node> node = Node::Create({.registry = &TestRegistry()}).value();
  const std::unique_ptr<Port> port = Port::Open(*node, {"unix:"}).value();
  Server server;
  server.RegisterOn(*port);
  ASSERT_TRUE(port->WaitServing().ok());
  const std::unique_ptr<Channel> channel = Channel::Open(*node, port->addresses()[0]).value();
  int refused = 0;
  for (size_t behind = 0; behind < 16; behind += 4) {
    FlatBufferBuilder fbb;
    const Sixteen one(0, 1, 3, 4), two(0, 2, 3, 4);
    fbb.ForceVectorAlignment(1, 1, 32);
    const auto plain = fbb.CreateVector(std::vector<uint8_t>(1));
    fbb.CreateVector(std::vector<uint8_t>(behind));
    fbb.StartVector(2 * sizeof(Sixteen), 1);  // as if its elements were bytes
    fbb.PushBytes(reinterpret_cast<const uint8_t*>(&two), sizeof two);
    fbb.PushBytes(reinterpret_cast<const uint8_t*>(&one), sizeof one);
    const flatbuffers::Offset<flatbuffers::Vector<const Sixteen*>> list(fbb.EndVector(2));
    const ThirtyTwo wide(0, 2, 3, 4);
    fbb.Finish(CreateShapes(fbb, &one, list, &wide, plain));
    const std::span<const std::byte> bytes(
        reinterpret_cast<const std::byte*>(fbb.GetBufferPointer()), fbb.GetSize());
    const absl::Status status = AlignedClient(*channel).Note(bytes).Wait();
    ASSERT_TRUE(status.ok()) << status;
    const absl::Status answer = AlignedClient(*channel).Waiting(bytes).Wait().status();
    if (answer.ok()) continue;
    ++refused;
    EXPECT_EQ(answer.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(answer.message()), HasSubstr("Aligned/Waiting: the request of"));
    EXPECT_THAT(std::string(answer.message()),
                HasSubstr("list does not begin at a multiple of 16 bytes"));
  }
  EXPECT_EQ(refused, 3);
  EXPECT_EQ(server.notes, 1);
}

// For users without stubs, whose builder does not know what a struct wants: it takes the most.
TEST(WithoutStubs, WhatIsBuiltLiesInPlaceAndWhatCameIsMovedThere) {
  const std::unique_ptr<Node> node = Node::Create({.registry = &TestRegistry()}).value();
  const std::unique_ptr<Port> port = Port::Open(*node, {"unix:"}).value();
  port->Handle(1, [](ServerCall& call) {
    ASSERT_TRUE(call.message().Align(32, call.node().blocks()));
    const auto* shapes = RootOf<Shapes>(call.payload());
    ASSERT_NE(shapes, nullptr);
    Check(*shapes);
    call.Reply(Build([&](FlatBufferBuilder& fbb) { fbb.Finish(Shape(shapes->number())(fbb)); }))
        .IgnoreError();
  });
  ASSERT_TRUE(port->WaitServing().ok());
  const std::unique_ptr<Channel> channel = Channel::Open(*node, port->addresses()[0]).value();
  g_misplaced = 0;
  for (uint32_t i = 0; i < kSizes; ++i) {
    const auto build = [i](FlatBufferBuilder& fbb) { fbb.Finish(Shape(i)(fbb)); };
    absl::StatusOr<Message> reply = channel->Call(1, Build(build)).Wait();
    ASSERT_TRUE(reply.ok()) << reply.status();
    ASSERT_TRUE(reply->Align(32, node->blocks()));
    Check(*RootOf<Shapes>(reply->payload()));
  }
  EXPECT_EQ(g_misplaced, 0);
}

}  // namespace
}  // namespace jackfield::faults
