// FAULTS D19, D21, G15: messages of a peer with another schema, and bombs made of buffers inside
// buffers. Each is refused with the first fault named, and the service goes on.
#include <pthread.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "services/stubs/message_fault.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/skew_service.h"

namespace jackfield::faults::skew {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Finished(FlatBufferBuilder& fbb) {
  return {reinterpret_cast<const char*>(fbb.GetBufferPointer()), fbb.GetSize()};
}

Offset<Customer> Ada(FlatBufferBuilder& fbb) {
  const Place place(1, 2);
  return CreateCustomer(fbb, fbb.CreateString("Ada"), &place);
}

// A message with a part of each kind; `depth` more orders inside it, both ways.
Offset<Order> Rich(FlatBufferBuilder& fbb, int depth) {
  std::vector<uint8_t> inner;
  Offset<Order> more;
  if (depth > 0) {
    FlatBufferBuilder own;
    own.Finish(Rich(own, depth - 1));
    inner.assign(own.GetBufferPointer(), own.GetBufferPointer() + own.GetSize());
    more = Rich(fbb, depth - 1);
  }
  const auto customer = Ada(fbb);
  const auto articles = fbb.CreateVector(
      std::vector{CreateArticle(fbb, fbb.CreateString("spoon"), 3), CreateArticle(fbb)});
  const auto tags = fbb.CreateVectorOfStrings({"red", "", "blue"});
  const Place here(3, 4);
  const std::vector<Shape> types = {Shape::Circle, Shape::Place, Shape::note};
  const auto shapes = fbb.CreateVector(std::vector<Offset<void>>{
      CreateCircle(fbb, 2).Union(), fbb.CreateStruct(here).Union(), fbb.CreateString("n").Union()});
  const Offset<flatbuffers::Vector<Shape>> shapes_type(
      fbb.CreateVector(reinterpret_cast<const uint8_t*>(types.data()), types.size()).o);
  const auto numbers = fbb.CreateVector(std::vector<uint64_t>{1, 2, 3});
  Offset<flatbuffers::Vector<uint8_t>> nested;
  if (depth > 0) {
    fbb.ForceVectorAlignment(inner.size(), 1, 8);
    nested = fbb.CreateVector(inner);
  }
  const auto circle = CreateCircle(fbb, 1).Union();
  OrderBuilder order(fbb);
  order.add_id(7);
  order.add_customer(customer);
  order.add_articles(articles);
  order.add_tags(tags);
  order.add_shape_type(Shape::Circle);
  order.add_shape(circle);
  order.add_shapes_type(shapes_type);
  order.add_shapes(shapes);
  order.add_numbers(numbers);
  if (depth > 0) order.add_inner(nested);
  if (depth > 0) order.add_more(more);
  return order.Finish();
}

std::string RichBytes(int depth) {
  FlatBufferBuilder fbb;
  fbb.Finish(Rich(fbb, depth));
  return Finished(fbb);
}

// Only its customer, and one buffer inside it, `buffers` times: the n-th is in the one before.
std::string Buffers(int buffers) {
  std::string inner;
  for (; buffers > 0; --buffers) {
    FlatBufferBuilder fbb(inner.size() + 256);
    const auto customer = Ada(fbb);
    Offset<flatbuffers::Vector<uint8_t>> bytes;
    if (!inner.empty()) {
      fbb.ForceVectorAlignment(inner.size(), 1, 8);
      bytes = fbb.CreateVector(reinterpret_cast<const uint8_t*>(inner.data()), inner.size());
    }
    OrderBuilder order(fbb);
    order.add_customer(customer);
    if (!inner.empty()) order.add_inner(bytes);
    fbb.Finish(order.Finish());
    inner = Finished(fbb);
  }
  return inner;
}

// Lots inside lots, by hand, for builders would take quadratic time: 24 bytes each.
std::string LotsInLots(uint32_t lots) {
  constexpr uint32_t kHead = 24;
  FlatBufferBuilder fbb;
  fbb.Finish(stock::CreateLot(fbb));
  const std::string last = Finished(fbb);
  std::string all(size_t{lots} * kHead, '\0');
  for (uint32_t i = 0; i < lots; ++i) {
    const auto behind = static_cast<uint32_t>(all.size() - (i + 1) * kHead + last.size());
    // To the table; its vtable: 8 bytes, a table of 8, no `order`, `lot` at 4; the table; the list.
    const uint32_t words[] = {12, 8 | 8 << 16, 0 | 4 << 16, 8, 4, behind};
    std::memcpy(all.data() + size_t{i} * kHead, words, kHead);
  }
  return all + last;
}

std::span<const std::byte> BytesOf(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string BuyFault(std::string_view bytes) {
  return FaultOf(ShopMethods::kBuy, Way::kRequest, BytesOf(bytes));
}

class Shopkeeper final : public ShopService {
 public:
  Handling Buy(CallOf<Order, Order> call) override {
    ++served;
    if (call->inner() != nullptr) name = call->inner_nested_root()->customer()->name()->str();
    return call.Reply([](FlatBufferBuilder& fbb) { return Rich(fbb, 0); });
  }
  Handling Sell(CallOf<stock::Lot, Empty> call) override {
    ++served;
    return call.Reply([](FlatBufferBuilder& fbb) { return CreateEmpty(fbb); });
  }
  int served = 0;
  std::string name;
};

struct World {
  explicit World(std::string_view address = "unix:") {
    port = Port::Open(*node, {std::string(address)}).value();
    shop.RegisterOn(*port);
    EXPECT_TRUE(port->WaitServing().ok());
    channel = Channel::Open(*node, port->addresses()[0]).value();
  }
  absl::Status Buy(std::string_view bytes) {
    return ShopClient(*channel).Buy(BytesOf(bytes)).Wait().status();
  }
  absl::Status Sell(std::string_view bytes) {
    return ShopClient(*channel).Sell(BytesOf(bytes)).Wait().status();
  }
  std::unique_ptr<Node> node =
      Node::Create({.name = "shop", .registry = &conformance::TestRegistry()}).value();
  Shopkeeper shop;
  std::unique_ptr<Port> port;
  std::unique_ptr<Channel> channel;
};

// ---- Buffers inside buffers.

TEST(Nested, BuffersAreCheckedAndRead) {
  World world;
  EXPECT_TRUE(world.Buy(RichBytes(2)).ok());
  EXPECT_EQ(world.shop.name, "Ada");
  std::string bad = RichBytes(1);
  const size_t name = bad.find("Ada");  // the one in the inner buffer lies first
  ASSERT_NE(name, bad.npos);
  bad[name + 3] = 'x';  // the zero behind it
  const absl::Status status = world.Buy(bad);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("without the zero at its end"));
  EXPECT_EQ(world.shop.served, 1);
}

TEST(Nested, TablesInsideOneAnotherCountThroughAllBuffers) {
  World world;
  // The customer of the innermost order is one deeper than it.
  EXPECT_TRUE(world.Buy(Buffers(kVerifyDepthMax - 1)).ok());
  const absl::Status deep = world.Buy(Buffers(kVerifyDepthMax));
  EXPECT_EQ(deep.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(deep.message()),
              HasSubstr("has more than 64 tables inside one another, at "
                        "inner.inner.inner.inner.inner.inner.….inner.customer"));
}

TEST(Nested, TablesCountThroughAllBuffers) {
  World world;
  FlatBufferBuilder own;
  const auto list = own.CreateVector(std::vector<Offset<Article>>(600, CreateArticle(own)));
  own.Finish(CreateOrder(own, 0, Ada(own), list));
  const std::string inner = Finished(own);
  EXPECT_TRUE(world.Buy(inner).ok());
  FlatBufferBuilder fbb;
  fbb.ForceVectorAlignment(inner.size(), 1, 8);
  const auto bytes = fbb.CreateVector(reinterpret_cast<const uint8_t*>(inner.data()), inner.size());
  const auto customer = Ada(fbb);
  const auto outer = fbb.CreateVector(std::vector<Offset<Article>>(600, CreateArticle(fbb)));
  OrderBuilder order(fbb);
  order.add_customer(customer);
  order.add_articles(outer);
  order.add_inner(bytes);
  fbb.Finish(order.Finish());
  const absl::Status status = world.Buy(Finished(fbb));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("has more than 1000 tables, at inner."));
  EXPECT_THAT(std::string(status.message()), HasSubstr("tables_max"));
}

// On a thread whose stack is small: FlatBuffers' verifier would need more for each buffer.
TEST(Nested, ABombOfManyBuffersIsRefusedByAServiceWithASmallStack) {
  const auto run = [](void*) -> void* {
    for (const char* address : {"unix:", "shm:", "tcp://127.0.0.1:0"}) {
      World world(address);
      for (const uint32_t lots : {100u, 8'000u, 60'000u}) {
        const absl::Status status = world.Sell(LotsInLots(lots));
        EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << lots << ": " << status;
      }
      EXPECT_EQ(world.shop.served, 0);
      EXPECT_TRUE(world.Sell(LotsInLots(30)).ok()) << address;
      EXPECT_EQ(world.shop.served, 1);
    }
    return nullptr;
  };
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 256 << 10), 0);
  pthread_t thread;
  ASSERT_EQ(pthread_create(&thread, &attributes, run, nullptr), 0);
  pthread_join(thread, nullptr);
}

// ---- What differs is named.

TEST(Skew, AFieldThatIsRequiredAndMissingIsNamedByTheService) {
  World world;
  FlatBufferBuilder fbb;
  fbb.Finish(Offset<Order>(fbb.EndTable(fbb.StartTable())));
  const absl::Status status = world.Buy(Finished(fbb));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const std::string text(status.message());
  EXPECT_THAT(text, StartsWith("jackfield.faults.skew.Shop/Buy: the request of "));
  EXPECT_THAT(text, HasSubstr("is not what the schema says: customer (of "
                              "jackfield.faults.skew.Order) is required, and missing; were both "
                              "ends built from one schema?"));
}

TEST(Skew, AndByTheClient) {
  World world;
  const std::unique_ptr<Port> port = Port::Open(*world.node, {"unix:"}).value();
  port->Handle(ShopMethods::kBuy.type, [](ServerCall& call) {
    call.Reply(Build([](FlatBufferBuilder& fbb) {
          const Offset<Customer> nameless(fbb.EndTable(fbb.StartTable()));
          fbb.Finish(CreateOrder(fbb, 1, nameless));
        }))
        .IgnoreError();
  });
  ASSERT_TRUE(port->WaitServing().ok());
  const std::unique_ptr<Channel> channel = Channel::Open(*world.node, port->addresses()[0]).value();
  const absl::Status status =
      ShopClient(*channel).Buy([](auto& fbb) { return Rich(fbb, 0); }).Wait().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("Shop/Buy: the answer of "));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("customer.name (of jackfield.faults.skew.Customer) is required"));
}

TEST(Skew, AMethodThatTheServiceLacksIsNamedByTheStub) {
  World world;
  const std::unique_ptr<Port> port = Port::Open(*world.node, {"unix:"}).value();
  static const Method kOnly[] = {
      {.name = "jackfield.faults.skew.Shop/Other", .type = 1, .interface = nullptr}};
  static const Interface kOld{.name = "jackfield.faults.skew.Shop",
                              .methods = kOnly,
                              .schema = kShopInterface.schema,
                              .schema_hash = kShopSchemaHash};
  port->AddInterface(kOld);
  port->Handle(1, [](ServerCall& call) { call.Reply(Bytes()).IgnoreError(); });
  ASSERT_TRUE(port->WaitServing().ok());
  const std::unique_ptr<Channel> channel = Channel::Open(*world.node, port->addresses()[0]).value();
  const absl::Status status =
      ShopClient(*channel).Buy([](auto& fbb) { return Rich(fbb, 0); }).Wait().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(ReasonOf(status), Reason::kUnknownMethod);
  EXPECT_EQ(OutcomeOf(status), Outcome::kRefused);
  EXPECT_THAT(std::string(status.message()),
              StartsWith("jackfield.faults.skew.Shop/Buy: shop has no method of type "));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("it serves jackfield.faults.skew.Shop (Other)"));
}

TEST(Skew, TheLimitsAreNamedWithThePlaceWhereTheyWereReached) {
  const auto orders = [](int depth) {
    FlatBufferBuilder fbb;
    Offset<Order> order = CreateOrder(fbb, 0, Ada(fbb));
    for (int i = 1; i < depth; ++i) {
      const auto customer = Ada(fbb);
      OrderBuilder outer(fbb);
      outer.add_customer(customer);
      outer.add_more(order);
      order = outer.Finish();
    }
    fbb.Finish(order);
    return Finished(fbb);
  };
  EXPECT_TRUE(IsSound(ShopMethods::kBuy, Way::kRequest, BytesOf(orders(kVerifyDepthMax - 1))));
  EXPECT_EQ(BuyFault(orders(kVerifyDepthMax)),
            "has more than 64 tables inside one another, at more.more.more.more.more.more.….more."
            "customer: that is the limit for any message");
  const auto articles = [](size_t count) {
    FlatBufferBuilder fbb;
    const auto list = fbb.CreateVector(std::vector<Offset<Article>>(count, CreateArticle(fbb)));
    fbb.Finish(CreateOrder(fbb, 0, Ada(fbb), list));
    return Finished(fbb);
  };
  EXPECT_TRUE(IsSound(ShopMethods::kBuy, Way::kRequest, BytesOf(articles(998))));
  EXPECT_EQ(BuyFault(articles(1000)),
            "has more than 1000 tables, at articles[999]: that is the method's limit (tables_max)");
}

// ---- Whatever the bytes are.

// What the walk passes, FlatBuffers' verifier passes, so that it may stand for it in a buffer
// inside; and it reads nothing outside of the bytes (a copy of their own: a sanitizer sees it).
void ExpectRefusedOrSound(std::string_view bytes, std::string_view what) {
  const std::unique_ptr<uint64_t[]> copy(new uint64_t[bytes.size() / 8 + 1]);
  std::memcpy(copy.get(), bytes.data(), bytes.size());
  const auto own = std::as_bytes(std::span(copy.get(), bytes.size() / 8 + 1)).first(bytes.size());
  const bool sound = IsSound(ShopMethods::kBuy, Way::kRequest, own);
  const std::string fault = FaultOf(ShopMethods::kBuy, Way::kRequest, own);
  EXPECT_EQ(sound, fault.find("it is no such table") != fault.npos) << what << ": " << fault;
  if (!sound) return;
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(own.data()), own.size());
  EXPECT_TRUE(verifier.VerifyBuffer<Order>(nullptr)) << what << ": the verifier refuses it";
}

TEST(AnyBytes, CutOffAnywhereAreRefusedOrSound) {
  const std::string good = RichBytes(2);
  EXPECT_TRUE(IsSound(ShopMethods::kBuy, Way::kRequest, BytesOf(good)));
  for (size_t bytes = 0; bytes < good.size(); ++bytes)
    ExpectRefusedOrSound(std::string_view(good).substr(0, bytes), Text(bytes, " bytes"));
}

TEST(AnyBytes, WithAnyBitFlippedAreRefusedOrSound) {
  const std::string good = RichBytes(1);
  for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    ExpectRefusedOrSound(bad, Text("bit ", bit));
  }
}

TEST(AnyBytes, WithWordsOfOthersInThemAreRefusedOrSound) {
  const std::string good = RichBytes(1);
  std::mt19937 random(11);
  constexpr uint32_t kWords[] = {0, 1, 4, 8, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc};
  for (int round = 0; round < 20'000; ++round) {
    std::string bad = good;
    for (uint32_t changes = random() % 4 + 1; changes > 0; --changes) {
      const size_t at = random() % (bad.size() - 4);
      const uint32_t word = random() % 2 == 0 ? kWords[random() % std::size(kWords)]
                                              : static_cast<uint32_t>(random() % bad.size());
      std::memcpy(bad.data() + at, &word, random() % 4 + 1);
    }
    ExpectRefusedOrSound(bad, Text("round ", round));
  }
}

}  // namespace
}  // namespace jackfield::faults::skew
