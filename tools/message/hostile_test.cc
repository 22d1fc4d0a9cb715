// Schemas and messages that no compiler and no honest peer makes: each is a sentence, or is used as
// what it is; nothing crashes.
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "services/echo/echo_service.h"
#include "services/reflection/checks.h"
#include "services/reflection/testing.h"
#include "tools/message/kinds_service.h"
#include "tools/message/schema.h"
#include "tools/message/schema_text.h"

namespace jackfield::message {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kGood =
    "namespace a; enum E : byte { X, Y } struct S { n: int; } struct T { s: S; } union U { R } "
    "table R { s: T; e: E; t: string; u: U; } rpc_service I { M(R): R; }";

std::string WhyNot(const std::string& bytes) {
  const absl::StatusOr<std::unique_ptr<Schema>> schema = SchemaOf(bytes, 0);
  return schema.ok() ? "" : std::string(schema.status().message());
}

const reflection::Object* ObjectIn(const std::string& bytes, const char* name) {
  return reflection::GetSchema(bytes.data())->objects()->LookupByKey(name);
}
const reflection::Field* FieldIn(const std::string& bytes, const char* object, const char* name) {
  return ObjectIn(bytes, object)->fields()->LookupByKey(name);
}
void Rename(const flatbuffers::String* name, std::string_view to) {
  ASSERT_EQ(name->size(), to.size());
  std::memcpy(const_cast<char*>(name->c_str()), to.data(), to.size());
}

class HostileSchema : public ::testing::Test {
 protected:
  std::string bytes_ = Compiled(kGood);
};

TEST_F(HostileSchema, IsNoneBeforeItIsChanged) { EXPECT_EQ(WhyNot(bytes_), ""); }

TEST_F(HostileSchema, NoSchemaAtAll) {
  EXPECT_THAT(WhyNot(""), HasSubstr("no binary schema"));
  EXPECT_THAT(WhyNot("what is this, and why?"), HasSubstr("no binary schema"));
  EXPECT_THAT(WhyNot(std::string(kSchemaBytesMax + 1, 'x')), HasSubstr("are the limit"));
  for (size_t size = 0; size < bytes_.size(); size += 7)
    EXPECT_NE(WhyNot(bytes_.substr(0, size)), "");
}

TEST_F(HostileSchema, AnIndexThatLeadsNowhere) {
  for (const int32_t index : {-1, 3, 1'000'000, INT32_MIN}) {
    Change(FieldIn(bytes_, "a.R", "s")->type(), reflection::Type::VT_INDEX, index);
    EXPECT_EQ(WhyNot(bytes_), "has no type for a.R.s") << index;
  }
}

TEST_F(HostileSchema, AnEnumThatIsOfAnotherKind) {
  Change(FieldIn(bytes_, "a.R", "u")->type(), reflection::Type::VT_INDEX, int32_t{0});
  EXPECT_EQ(WhyNot(bytes_), "has no type for a.R.u");
}

TEST_F(HostileSchema, AnIndexOfWhatHasNone) {
  const reflection::Type* type = FieldIn(bytes_, "a.R", "e")->type();
  Change(type, reflection::Type::VT_INDEX, int32_t{77});
  Change(type, reflection::Type::VT_BASE_TYPE, static_cast<int8_t>(reflection::String));
  EXPECT_EQ(WhyNot(bytes_), "has no type for a.R.e");
}

TEST_F(HostileSchema, ABaseTypeThatIsNone) {
  for (const int8_t type : {19, 127, -1, 0}) {
    Change(FieldIn(bytes_, "a.R", "t")->type(), reflection::Type::VT_BASE_TYPE, type);
    EXPECT_NE(WhyNot(bytes_), "") << int{type};
  }
}

TEST_F(HostileSchema, AStructInsideItself) {
  const reflection::Field* inside = FieldIn(bytes_, "a.T", "s");
  const int32_t itself = FieldIn(bytes_, "a.R", "s")->type()->index();
  Change(inside->type(), reflection::Type::VT_INDEX, itself);
  EXPECT_NE(WhyNot(bytes_), "");
}

TEST_F(HostileSchema, ATableInAStruct) {
  const auto& objects = *reflection::GetSchema(bytes_.data())->objects();
  for (uint32_t i = 0; i < objects.size(); ++i) {
    if (objects.Get(i)->is_struct()) continue;
    Change(FieldIn(bytes_, "a.T", "s")->type(), reflection::Type::VT_INDEX,
           static_cast<int32_t>(i));
    EXPECT_EQ(WhyNot(bytes_), "has no type for a.T.s");
  }
}

TEST_F(HostileSchema, SizesAndPlacesThatAreNotTheirs) {
  const std::string good = bytes_;
  const std::function<void()> lies[] = {
      [&] { Change(ObjectIn(bytes_, "a.S"), reflection::Object::VT_BYTESIZE, int32_t{400}); },
      [&] { Change(ObjectIn(bytes_, "a.S"), reflection::Object::VT_BYTESIZE, int32_t{-4}); },
      [&] { Change(ObjectIn(bytes_, "a.S"), reflection::Object::VT_MINALIGN, int32_t{1}); },
      [&] { Change(ObjectIn(bytes_, "a.S"), reflection::Object::VT_MINALIGN, int32_t{3}); },
      [&] { Change(ObjectIn(bytes_, "a.S"), reflection::Object::VT_MINALIGN, int32_t{1 << 30}); },
      [&] { Change(FieldIn(bytes_, "a.R", "t"), reflection::Field::VT_OFFSET, uint16_t{4}); },
      [&] { Change(FieldIn(bytes_, "a.R", "t"), reflection::Field::VT_ID, uint16_t{60'000}); }};
  for (const auto& lie : lies) {
    bytes_ = good;
    lie();
    EXPECT_NE(WhyNot(bytes_), "");
  }
}

TEST_F(HostileSchema, NamesThatAreNone) {
  const std::string good = bytes_;
  for (const std::string_view name : {"a.;", "a..", ".aR", "a.\n", "a.\"", "a.9", "a R"}) {
    bytes_ = good;
    Rename(ObjectIn(bytes_, "a.R")->name(), name);
    EXPECT_THAT(WhyNot(bytes_), HasSubstr("which is no name")) << name;
  }
  bytes_ = good;
  Rename(FieldIn(bytes_, "a.R", "t")->name(), "}");
  EXPECT_THAT(WhyNot(bytes_), HasSubstr("which is no name"));
}

TEST_F(HostileSchema, TwoOfOneName) {
  Rename(ObjectIn(bytes_, "a.S")->name(), "a.R");
  EXPECT_EQ(WhyNot(bytes_), "has two types of the name a.R");
  bytes_ = Compiled(kGood);
  Rename(FieldIn(bytes_, "a.R", "t")->name(), "e");
  EXPECT_THAT(WhyNot(bytes_), HasSubstr("FlatBuffers refuses"));
}

TEST_F(HostileSchema, AUnionMemberWithoutAType) {
  const auto& values = *reflection::GetSchema(bytes_.data())->enums()->LookupByKey("a.U")->values();
  Change(values.Get(1)->union_type(), reflection::Type::VT_INDEX, int32_t{77});
  EXPECT_EQ(WhyNot(bytes_), "has no type for R of the union a.U");
}

TEST_F(HostileSchema, AMethodOfAStruct) {
  const auto& call = *reflection::GetSchema(bytes_.data())->services()->Get(0)->calls()->Get(0);
  auto* at = reinterpret_cast<flatbuffers::Table*>(const_cast<reflection::RPCCall*>(&call))
                 ->GetAddressOf(reflection::RPCCall::VT_REQUEST);
  const auto* to = reinterpret_cast<const uint8_t*>(ObjectIn(bytes_, "a.S"));
  ASSERT_GT(to, at);
  flatbuffers::WriteScalar(at, static_cast<flatbuffers::uoffset_t>(to - at));
  EXPECT_EQ(WhyNot(bytes_), "has no table for the request or the reply of a.I/M");
}

TEST(LargeSchema, StructsThatAreTooDeepOrTooLargeAreRefused) {
  std::string deep = "struct S0 { n: byte; } ", wide = deep;
  for (int i = 1; i <= kStructDepthMax; ++i) {
    const std::string inner = "S" + std::to_string(i - 1), outer = "S" + std::to_string(i);
    deep += "struct " + outer + " { s: " + inner + "; } ";
    if (i <= 18) wide += "struct " + outer + " { s: " + inner + "; t: " + inner + "; } ";
  }
  EXPECT_THAT(WhyNot(Compiled(deep)), HasSubstr("structs or more inside one another"));
  EXPECT_THAT(WhyNot(Compiled(wide)), HasSubstr("has a struct"));
}

TEST(LargeSchema, MoreTypesThanTheLimitAreRefused) {
  std::string text;
  for (size_t i = 0; i <= kTypesMax; ++i) text += Text("table T", i, " {} ");
  EXPECT_EQ(WhyNot(Compiled(text)), "has 4097 types; 4096 are the limit");
}

TEST(LargeSchema, AnExampleThatWouldGrowWithoutEndStaysSmall) {
  std::string text = "table T0 { n: int; } ";
  for (int i = 1; i < 40; ++i) {
    const std::string inner = "T" + std::to_string(i - 1);
    text += Text("table T", i, " { a: ", inner, "; b: ", inner, "; c: [", inner, "]; } ");
  }
  text += "rpc_service I { M(T39): T39; }";
  absl::StatusOr<std::unique_ptr<Schema>> schema = SchemaOf(Compiled(text), 0);
  ASSERT_TRUE(schema.ok()) << schema.status();
  const absl::StatusOr<std::string> example =
      (*schema)->Example((*schema)->interfaces()[0].methods[0], Way::kRequest, Layout::kLine);
  ASSERT_TRUE(example.ok()) << example.status();
  EXPECT_LT(example->size(), 1u << 20);
}

TEST(LargeSchema, ATableThatMustHoldItselfHasNoExample) {
  absl::StatusOr<std::unique_ptr<Schema>> schema =
      SchemaOf(Compiled("table T { t: T (required); } rpc_service I { M(T): T; }"), 0);
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_THAT(
      std::string((*schema)
                      ->Example((*schema)->interfaces()[0].methods[0], Way::kRequest, Layout::kLine)
                      .status()
                      .message()),
      HasSubstr("has no example"));
}

// A name that means another type where it is used: the parser would take that one.
TEST(AmbiguousSchema, IsRefused) {
  std::string bytes = Compiled(
      "namespace b.b; table Q { n: int; } namespace b; table Q { s: string; } table R { q: Q; } "
      "rpc_service I { M(R): R; }");
  EXPECT_THAT(WhyNot(bytes), HasSubstr("where that name means b.b.Q"));
}

// ---- Thousands of seeded mutations.

// Uses whatever is left of a schema as the verbs do.
void UseAll(Schema& schema) {
  for (const Interface& interface : schema.interfaces()) {
    (void)schema.TextOf(interface, nullptr);
    for (const Method& method : interface.methods) {
      for (const Way way : {Way::kRequest, Way::kReply}) {
        const absl::StatusOr<std::string> example = schema.Example(method, way, Layout::kLine);
        if (!example.ok()) continue;
        const absl::StatusOr<std::string> bytes = schema.ToBytes(method, way, *example);
        if (!bytes.ok()) continue;
        const auto json =
            schema.ToJson(method, way, std::as_bytes(std::span(*bytes)), Layout::kLine);
        EXPECT_TRUE(json.ok()) << json.status() << *example;
      }
    }
  }
}

TEST(Mutations, OfASchemaAreRefusedOrUsed) {
  Random random(1);
  int used = 0, refused = 0;
  for (const std::string_view schema :
       {echo::kEchoInterface.schema, kinds::kKindlyInterface.schema}) {
    for (int i = 0; i < 10'000; ++i) {
      absl::StatusOr<std::unique_ptr<Schema>> mutant =
          SchemaOf(Mutant(std::string(schema), random), 0);
      if (!mutant.ok()) {
        EXPECT_FALSE(mutant.status().message().empty());
        ++refused;
        continue;
      }
      ++used;
      UseAll(**mutant);
    }
  }
  std::printf("%d used, %d refused\n", used, refused);
  EXPECT_GT(used, 100);  // comments, attributes and padding
  EXPECT_GT(refused, 1000);
}

TEST(Mutations, OfAMessageAreRefusedOrPrinted) {
  absl::StatusOr<std::unique_ptr<Schema>> schema =
      SchemaOf(std::string(kinds::kKindlyInterface.schema), 0);
  ASSERT_TRUE(schema.ok());
  const Method& echo = (*schema)->interfaces()[0].methods[0];
  const absl::StatusOr<std::string> example = (*schema)->Example(echo, Way::kReply, Layout::kLine);
  ASSERT_TRUE(example.ok());
  const absl::StatusOr<std::string> message = (*schema)->ToBytes(echo, Way::kReply, *example);
  ASSERT_TRUE(message.ok());
  Random random(2);
  int printed = 0, refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string mutant = Mutant(*message, random);
    const absl::StatusOr<Schema::Json> json =
        (*schema)->ToJson(echo, Way::kReply, std::as_bytes(std::span(mutant)), Layout::kLine);
    ++(json.ok() ? printed : refused);
  }
  std::printf("%d printed, %d refused\n", printed, refused);
  EXPECT_GT(printed, 1000);
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace jackfield::message
