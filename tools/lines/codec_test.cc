// What a call is as a line, and a line as its answer.
#include "tools/lines/codec.h"

#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/lines/lines_service.h"
#include "services/reflection/testing.h"
#include "tools/message/schema.h"

namespace jackfield::lines {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kTypes =
    "attribute \"one_way\"; attribute \"streaming\";\n"
    "namespace kv; table Key { key: string (required); } table Value { value: string; age: int; "
    "}\n";

std::string With(std::string_view service) {
  return message::Compiled(std::string(kTypes) + std::string(service));
}

std::span<const std::byte> AsBytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

class TextTest : public ::testing::Test {
 protected:
  std::string Message(std::string_view text) { return *codec_->AnswerOf(method(), text); }
  const Method& method() const { return codec_->interfaces()[0].methods[0]; }
  std::unique_ptr<Codec> codec_ = TextCodec();
};

TEST_F(TextTest, ALineIsTheTextAndTheTextALine) {
  for (const std::string text : {"", "a", "{\"x\":1}", "!NOT_FOUND", "ä\t\x01"})
    EXPECT_EQ(*codec_->LineOf(method(), AsBytes(Message(text))), text);
}

TEST_F(TextTest, ATextOfTwoLinesIsTheCallersFault) {
  const auto line = codec_->LineOf(method(), AsBytes(Message("a\nb")));
  EXPECT_EQ(line.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(line.status().message()), HasSubstr("line break"));
}

TEST_F(TextTest, BytesThatAreNoMessageAreTheCallersFault) {
  EXPECT_EQ(codec_->LineOf(method(), AsBytes(std::string(24, '\xff'))).status().code(),
            absl::StatusCode::kInvalidArgument);
}

class JsonTest : public ::testing::Test {
 protected:
  void Make(std::string_view service) { codec_ = *JsonCodec(With(service)); }
  const Method& method(size_t i = 0) const { return codec_->interfaces()[0].methods[i]; }
  std::string Request(std::string_view json) {
    auto schema = *message::SchemaOf(With(service_), 0);
    return *schema->ToBytes(schema->interfaces()[0].methods[0], Way::kRequest, json);
  }
  absl::Status Refusal(std::string_view line) { return codec_->AnswerOf(method(), line).status(); }

  static constexpr std::string_view service_ = "rpc_service Store { Get(Key): Value; }";
  std::unique_ptr<Codec> codec_;
};

TEST_F(JsonTest, WhereThereIsOneMethodALineIsTheRequest) {
  Make(service_);
  EXPECT_EQ(*codec_->LineOf(method(), AsBytes(Request(R"({"key":"a b"})"))), R"({"key": "a b"})");
}

TEST_F(JsonTest, WhereThereAreSeveralTheLineSaysWhich) {
  Make("rpc_service Store { Get(Key): Value; Drop(Key): Value (one_way); }");
  EXPECT_EQ(*codec_->LineOf(method(1), AsBytes(Request(R"({"key":"a"})"))),
            R"({"method":"kv.Store/Drop","request":{"key": "a"}})");
}

TEST_F(JsonTest, AnAnswerIsAMessageOfTheReplysTable) {
  Make(service_);
  const absl::StatusOr<std::string> bytes = codec_->AnswerOf(method(), R"({"value":"x","age":7})");
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  auto schema = *message::SchemaOf(With(service_), 0);
  EXPECT_EQ(schema
                ->ToJson(schema->interfaces()[0].methods[0], Way::kReply, AsBytes(*bytes),
                         message::Layout::kLine)
                ->text,
            R"({"value": "x","age": 7})");
}

TEST_F(JsonTest, WhatIsNoAnswerIsInternalAndSaysHowItBegins) {
  Make(service_);
  for (const std::string line :
       {"hello", "", "[1]", R"({"valeu":"x"})", R"({"age":"x"})", R"({"value":"x"} {)"}) {
    const absl::Status status = Refusal(line);
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << line;
    EXPECT_THAT(std::string(status.message()), HasSubstr("kv.Value")) << line;
    EXPECT_THAT(std::string(status.message()), HasSubstr("begins with \"" + line.substr(0, 5)));
  }
  const std::string text(Refusal(std::string(1000, 'x')).message());
  EXPECT_THAT(text, HasSubstr(std::string(kBeginningBytesMax, 'x') + "…\""));
  EXPECT_THAT(std::string(Refusal("\x1b[2J").message()), HasSubstr("\\x1b[2J"));
}

TEST_F(JsonTest, TheProgramMayChooseAStatus) {
  Make(service_);
  EXPECT_EQ(Refusal("!NOT_FOUND no such key"), absl::NotFoundError("no such key"));
  EXPECT_EQ(Refusal("!ABORTED"), absl::AbortedError("ABORTED"));
  for (const std::string line : {"!", "!OK fine", "!WRONG x", "!not_found x"}) {
    EXPECT_EQ(Refusal(line).code(), absl::StatusCode::kInternal) << line;
    EXPECT_THAT(std::string(Refusal(line).message()), HasSubstr("names no status")) << line;
  }
}

TEST_F(JsonTest, TheSchemaIsServedAsItWasGiven) {
  Make(service_);
  EXPECT_EQ(codec_->interfaces()[0].schema, With(service_));
  EXPECT_EQ(codec_->interfaces()[0].name, "kv.Store");
}

TEST_F(JsonTest, ASchemaWithoutLinesForItsMethodsIsRefused) {
  for (const std::string_view service :
       {"", "rpc_service Store { Watch(Key): Value (streaming: \"server\"); }"})
    EXPECT_EQ(JsonCodec(With(service)).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(JsonCodec("no schema").ok());
}

}  // namespace
}  // namespace jackfield::lines
