// JSON for the messages of a schema: every kind of field goes there and back, and what is wrong is
// a sentence.
#include "tools/message/schema.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/payload.h"
#include "schemas/sys_service.h"
#include "services/echo/echo_service.h"
#include "services/reflection/testing.h"
#include "tools/message/kinds_service.h"
#include "tools/message/same.h"
#include "tools/message/values.h"

namespace jackfield::message {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::span<const std::byte> BytesOf(const std::string& text) {
  return std::as_bytes(std::span(text));
}

class SchemaTest : public ::testing::Test {
 protected:
  static std::unique_ptr<Schema> Made(std::string_view bytes) {
    absl::StatusOr<std::unique_ptr<Schema>> schema = SchemaOf(std::string(bytes), 1);
    EXPECT_TRUE(schema.ok()) << schema.status();
    return schema.ok() ? *std::move(schema) : nullptr;
  }
  const Method& Find(std::string_view name) { return **FindMethod(kinds_->interfaces()[0], name); }
  absl::StatusOr<std::string> There(std::string_view method, std::string_view json) {
    return kinds_->ToBytes(Find(method), Way::kRequest, json);
  }
  std::string WhyNot(std::string_view method, std::string_view json) {
    const absl::StatusOr<std::string> bytes = There(method, json);
    return bytes.ok() ? "" : std::string(bytes.status().message());
  }
  std::string ThereAndBack(std::string_view method, std::string_view json) {
    const absl::StatusOr<std::string> bytes = There(method, json);
    if (!bytes.ok()) return std::string(bytes.status().message());
    absl::StatusOr<Schema::Json> back =
        kinds_->ToJson(Find(method), Way::kRequest, BytesOf(*bytes), Layout::kLine);
    return back.ok() ? back->text : std::string(back.status().message());
  }

  std::unique_ptr<Schema> kinds_ = Made(kinds::kKindlyInterface.schema);
};

// What the printer makes of it, letter by letter.
constexpr std::string_view kEveryKind =
    R"({"flag": false,"int8": -128,"uint8": 255,"int16": -32768,"uint16": 1,"int32": -2147483648,)"
    R"("uint32": 4294967295,"int64": 9223372036854775807,"uint64": 18446744073709551615,)"
    R"("float32": 1.5,"float64": -2.25,"maybe": 7,"colour": "Blue","rights": "Write Run",)"
    R"("large": "Most","signed": "Zero","text": "a \"quoted\" é\n","point": {"x": 1.0,"y": 2.0},)"
    R"("box": {"corner": {"x": 3.0,"y": 4.0},"corners": [{"x": 5.0,"y": 6.0},{"x": 7.0,"y": 8.0}],)"
    R"("counts": [1,2,3],"lid": "Open","flag": true},"leaf": {"name": "leaf","number": 5},)"
    R"("thing_type": "boxed","thing": {"corner": {"x": 3.0,"y": 4.0},"corners": [{"x": 5.0,"y": )"
    R"(6.0},{"x": 7.0,"y": 8.0}],"counts": [4,5,6],"lid": "Shut","flag": false},"flags": [true,)"
    R"(false],"bytes": [0,255],"aligned": [1,2,3],"numbers": [0,18446744073709551615],"lids": )"
    R"(["Open","Shut"],"texts": ["","x"],"points": [{"x": 1.0,"y": 2.0}],"leaves": [{"name": "a",)"
    R"("number": 1},{"name": "b","number": 2}],"things_type": ["text","Leaf","parts_Point"],)"
    R"("things": ["t",{"name": "l","number": 0},{"x": 9.0,"y": 0.0}],"inner": {"name": "in",)"
    R"("number": 3}})";

TEST_F(SchemaTest, EveryKindOfFieldGoesThereAndBack) {
  EXPECT_EQ(ThereAndBack("Echo", kEveryKind), kEveryKind);
}

TEST_F(SchemaTest, GeneratedCodeReadsWhatWasMadeOfJson) {
  const absl::StatusOr<std::string> bytes = There("Echo", kEveryKind);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const auto* kinds = RootOf<kinds::Kinds>(BytesOf(*bytes));
  ASSERT_NE(kinds, nullptr);
  EXPECT_EQ(kinds->int64(), INT64_MAX);
  EXPECT_EQ(kinds->uint64(), UINT64_MAX);
  EXPECT_EQ(kinds->large(), kinds::Large::Most);
  EXPECT_EQ(kinds->text()->str(), "a \"quoted\" é\n");
  EXPECT_EQ(kinds->box()->corners()->Get(1)->y(), 8);
  EXPECT_EQ(kinds->thing_type(), kinds::Thing::boxed);
  EXPECT_EQ(kinds->things()->size(), 3u);
  EXPECT_EQ(kinds->inner_nested_root()->name()->str(), "in");
  EXPECT_EQ(kinds->maybe(), 7);
}

// A default of more than INT64_MAX is not in a binary schema.
TEST_F(SchemaTest, WhatIsWrittenIsSentThoughItMayBeTheDefault) {
  const absl::StatusOr<std::string> bytes = There("Echo", R"({"uint64": 0, "int8": -8})");
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const auto* kinds = RootOf<kinds::Kinds>(BytesOf(*bytes));
  ASSERT_NE(kinds, nullptr);
  EXPECT_EQ(kinds->uint64(), 0u);
  EXPECT_EQ(kinds->uint32(), 0u);
}

TEST_F(SchemaTest, NumbersThatAreNotThereArePrintedWithTheirDefault) {
  const std::string json = ThereAndBack("Echo", "{}");
  EXPECT_THAT(json, HasSubstr("\"uint16\": 65535,"));
  EXPECT_THAT(json, HasSubstr("\"maybe\": null,"));
  EXPECT_THAT(json, HasSubstr("\"colour\": \"Green\",\"rights\": \"Read Run\","));
  EXPECT_EQ(json.find("old"), std::string::npos) << "a deprecated field that nobody sent: " << json;
}

TEST_F(SchemaTest, WhatAnOldPeerSendsIsPrintedThoughItIsDeprecated) {
  EXPECT_THAT(
      ThereAndBack("Echo", R"({"old": "news", "old_thing_type": "text", "old_thing": "t"})"),
      HasSubstr(R"("old": "news","old_thing_type": "text","old_thing": "t")"));
}

TEST_F(SchemaTest, BadJsonIsToldWithItsPlace) {
  EXPECT_EQ(WhyNot("Need", "{\"leaf\":\n {}}"),
            "line 2, column 4: required field is missing: name in Leaf");
  EXPECT_EQ(WhyNot("Echo", R"({"nope": 1})"), "line 1, column 10: unknown field: nope");
  EXPECT_THAT(WhyNot("Echo", R"({"int8": 128})"), HasSubstr("constant does not fit [-128; 127]"));
  EXPECT_THAT(WhyNot("Echo", R"({"colour": "Mauve"})"), HasSubstr("unknown enum value: Mauve"));
  EXPECT_THAT(WhyNot("Echo", R"({"point": {"x": 1}})"), HasSubstr("wrong number of initializers"));
  EXPECT_THAT(WhyNot("Echo", R"({"thing": {}})"), HasSubstr("line 1, column"));
  EXPECT_THAT(WhyNot("Echo", R"({"int8": 1} more)"), HasSubstr("expecting: end of file"));
  EXPECT_THAT(WhyNot("Echo", R"({int8: 1})"), HasSubstr("expecting: string constant"));
  for (const std::string_view nothing : {"", " ", "[]", "7", "null"})
    EXPECT_NE(WhyNot("Echo", nothing), "") << nothing;
  EXPECT_EQ(WhyNot("Echo", std::string_view("{}\0{", 4)), "it has a byte 0 in it");
  EXPECT_THAT(WhyNot("Echo", R"({"things_type": ["text"], "things": []})"),
              HasSubstr("another number of types"));
}

TEST_F(SchemaTest, JsonThatIsTooDeepIsRefused) {
  std::string json;
  for (int i = 0; i < 100'000; ++i) json += "{\"more\":";
  EXPECT_NE(WhyNot("Echo", json), "");
  std::string lists;
  for (int i = 0; i < 100'000; ++i) lists += "[";
  EXPECT_NE(WhyNot("Echo", "{\"unknown\":" + lists), "");
}

TEST_F(SchemaTest, AfterBadJsonGoodJsonIsTaken) {
  EXPECT_NE(WhyNot("Echo", R"({"leaf": {"name": "x", "number": )"), "");
  EXPECT_EQ(ThereAndBack("Echo", kEveryKind), kEveryKind);
}

TEST_F(SchemaTest, TextThatIsNoUtf8IsPrintedAndToldOf) {
  const absl::StatusOr<std::string> bytes = There("Watch", R"({"name": "a\xff\xc0z"})");
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const absl::StatusOr<Schema::Json> json =
      kinds_->ToJson(Find("Watch"), Way::kRequest, BytesOf(*bytes), Layout::kLine);
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_FALSE(json->is_utf8);
  EXPECT_EQ(json->text, R"({"name": "a\xFF\xC0z","number": 0})");
  EXPECT_EQ(ThereAndBack("Watch", json->text), json->text);
}

TEST_F(SchemaTest, ControlCharactersAndHiddenMarksAreEscaped) {
  EXPECT_EQ(ThereAndBack("Watch", R"({"name": "\u001b[2J\u0000\u0085\u202e\u007f é"})"),
            R"({"name": "\u001b[2J\u0000\u0085\u202e\u007f é","number": 0})");
}

TEST_F(SchemaTest, AnIndentedMessageIsTheSameOne) {
  const absl::StatusOr<std::string> bytes = There("Echo", kEveryKind);
  ASSERT_TRUE(bytes.ok());
  const absl::StatusOr<Schema::Json> json =
      kinds_->ToJson(Find("Echo"), Way::kRequest, BytesOf(*bytes), Layout::kIndented);
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_THAT(json->text, HasSubstr("{\n  \"flag\": false,\n"));
  EXPECT_EQ(ThereAndBack("Echo", json->text), kEveryKind);
}

TEST_F(SchemaTest, TheExampleOfEveryMethodIsTaken) {
  for (const std::string_view bytes : {kinds::kKindlyInterface.schema, echo::kEchoInterface.schema,
                                       sys::kSchemaInterface.schema}) {
    const std::unique_ptr<Schema> schema = Made(bytes);
    ASSERT_NE(schema, nullptr);
    for (const Interface& interface : schema->interfaces()) {
      for (const Method& method : interface.methods) {
        for (const Way way : {Way::kRequest, Way::kReply}) {
          for (const Layout layout : {Layout::kLine, Layout::kIndented}) {
            const absl::StatusOr<std::string> example = schema->Example(method, way, layout);
            ASSERT_TRUE(example.ok()) << method.name << example.status();
            EXPECT_TRUE(schema->ToBytes(method, way, *example).ok()) << *example;
          }
        }
      }
    }
  }
  const absl::StatusOr<std::string> example =
      kinds_->Example(Find("Need"), Way::kRequest, Layout::kLine);
  ASSERT_TRUE(example.ok());
  EXPECT_EQ(*example,
            R"({"name": "", "leaf": {"name": "", "number": 0}, "thing_type": "Leaf", "thing": )"
            R"({"name": "", "number": 0}, "leaves": [{"name": "", "number": 0}]})");
}

TEST_F(SchemaTest, MethodsAreAsTheStubsHaveThem) {
  for (const Method& method : kinds::kKindlyInterface.methods) {
    const Method& found = Find(method.short_name());
    EXPECT_EQ(found.name, method.name);
    EXPECT_EQ(found.type, method.type);
    EXPECT_EQ(found.kind, method.kind);
    EXPECT_EQ(found.timeout, method.timeout);
    EXPECT_EQ(found.idempotent, method.idempotent);
    EXPECT_EQ(found.tables_max, method.tables_max);
    EXPECT_GE(found.alignment, method.alignment);
  }
}

TEST_F(SchemaTest, ItsTextIsASchemaThatSaysTheSame) {
  for (const std::string_view bytes :
       {kinds::kKindlyInterface.schema, echo::kEchoInterface.schema}) {
    const std::unique_ptr<Schema> schema = Made(bytes);
    ASSERT_NE(schema, nullptr);
    const absl::StatusOr<std::string> text = schema->TextOf(schema->interfaces()[0], nullptr);
    ASSERT_TRUE(text.ok()) << text.status();
    const std::string again = Compiled(*text);
    const absl::Status same = CheckSame(*reflection::GetSchema(std::string(bytes).c_str()),
                                        *reflection::GetSchema(again.data()));
    EXPECT_TRUE(same.ok()) << same << "\n" << *text;
  }
}

TEST_F(SchemaTest, ItsTextHasCommentsAttributesAndOnlyWhatIsUsed) {
  const absl::StatusOr<std::string> text = kinds_->TextOf(kinds_->interfaces()[0], &Find("Need"));
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, HasSubstr("/// Takes a thing of every kind.\nrpc_service Kindly {\n"
                               "  Need(Must): Must;\n}\n"));
  EXPECT_THAT(*text, HasSubstr("  /// A struct under another name.\n  boxed: Box,\n"));
  EXPECT_EQ(text->find("Outer"), std::string::npos) << *text;
  const absl::StatusOr<std::string> echo = kinds_->TextOf(kinds_->interfaces()[0], &Find("Echo"));
  ASSERT_TRUE(echo.ok());
  EXPECT_THAT(*echo, HasSubstr("  ///   \"Quoted\", and \\ more.\n  Echo(Kinds): Kinds "
                               "(deadline_ms: \"1500\", idempotent, tables_max: \"2000\");\n"));
  EXPECT_THAT(*echo, HasSubstr("  old: string (deprecated);\n"));
}

TEST_F(SchemaTest, AMessageThatIsNotSoundIsNamedByItsFault) {
  const absl::StatusOr<Schema::Json> json =
      kinds_->ToJson(Find("Echo"), Way::kReply, BytesOf("too short"), Layout::kLine);
  EXPECT_TRUE(absl::IsDataLoss(json.status())) << json.status();
  EXPECT_THAT(std::string(json.status().message()), HasSubstr("is not what the schema says"));
}

// ---- What the walker lets pass and the library cannot print.

TEST_F(SchemaTest, AUnionWithoutAKnownTypeIsRefusedNotPrinted) {
  for (const uint8_t type : {0, 99}) {
    flatbuffers::FlatBufferBuilder fbb;
    const auto leaf = kinds::CreateLeafDirect(fbb, "x", 1);
    kinds::KindsBuilder builder(fbb);
    builder.add_thing(leaf.Union());
    if (type != 0) builder.add_thing_type(static_cast<kinds::Thing>(type));
    fbb.Finish(builder.Finish());
    const std::string bytes(reinterpret_cast<const char*>(fbb.GetBufferPointer()), fbb.GetSize());
    ASSERT_TRUE(IsSound(Find("Echo"), Way::kReply, BytesOf(bytes)));
    const absl::StatusOr<Schema::Json> json =
        kinds_->ToJson(Find("Echo"), Way::kReply, BytesOf(bytes), Layout::kLine);
    EXPECT_THAT(std::string(json.status().message()),
                HasSubstr("jackfield.kinds.Kinds.thing has the type " + std::to_string(type)));
  }
}

TEST_F(SchemaTest, OneTextThatIsInAListAMillionTimesIsRefusedNotPrinted) {
  flatbuffers::FlatBufferBuilder fbb;
  const auto text = fbb.CreateString(std::string(100'000, 'x'));
  const auto texts = fbb.CreateVector(std::vector(100'000, text));
  kinds::KindsBuilder builder(fbb);
  builder.add_texts(texts);
  fbb.Finish(builder.Finish());
  const std::string bytes(reinterpret_cast<const char*>(fbb.GetBufferPointer()), fbb.GetSize());
  const absl::StatusOr<Schema::Json> json =
      kinds_->ToJson(Find("Echo"), Way::kReply, BytesOf(bytes), Layout::kLine);
  EXPECT_THAT(std::string(json.status().message()), HasSubstr("bytes of text"));
}

TEST_F(SchemaTest, ALongListOfBytesIsPrinted) {
  flatbuffers::FlatBufferBuilder fbb;
  const auto list = fbb.CreateVector(std::vector<uint8_t>(1 << 20, 200));
  kinds::KindsBuilder builder(fbb);
  builder.add_bytes(list);
  fbb.Finish(builder.Finish());
  const std::string bytes(reinterpret_cast<const char*>(fbb.GetBufferPointer()), fbb.GetSize());
  for (const Layout layout : {Layout::kLine, Layout::kIndented})
    EXPECT_TRUE(kinds_->ToJson(Find("Echo"), Way::kReply, BytesOf(bytes), layout).ok());
}

TEST(CutValuesTest, CutsBehindEachObject) {
  const absl::StatusOr<std::vector<std::string_view>> values =
      CutValues(" {\"a\": \"}\\\"\"}{}\n\t{\"b\": [{\"c\": {}}]} ");
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_THAT(*values, ElementsAre("{\"a\": \"}\\\"\"}", "{}", "{\"b\": [{\"c\": {}}]}"));
  EXPECT_TRUE(CutValues("")->empty());
}

TEST(CutValuesTest, SaysWhichDoesNotBeginOrEnd) {
  EXPECT_EQ(CutValues("x").status().message(), "it does not begin with {");
  EXPECT_EQ(CutValues("{} {} 7").status().message(), "value 3 does not begin with {");
  EXPECT_EQ(CutValues("{\"a\": 1} {\"}").status().message(), "value 2 ends before its }");
  EXPECT_EQ(CutValues("{\"\\").status().message(), "it ends before its }");
}

}  // namespace
}  // namespace jackfield::message
