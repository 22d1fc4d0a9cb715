// The trace in an extension and in W3C's text.
#include "kernel/trace.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/call_chain.h"

namespace jackfield {
namespace {

constexpr std::string_view kText = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceTest, ATraceparentIsReadAndWrittenTheSame) {
  const absl::StatusOr<TraceContext> trace = ParseTraceparent(kText);
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_EQ(trace->span_id, 0x00f067aa0ba902b7u);
  EXPECT_EQ(trace->trace_id[0], 0x4b);
  EXPECT_EQ(Traceparent(*trace), kText);
}

TEST(TraceTest, OneThatIsNotRecordedIsNone) {
  std::string text(kText);
  text.back() = '0';
  const absl::StatusOr<TraceContext> trace = ParseTraceparent(text);
  ASSERT_TRUE(trace.ok());
  EXPECT_FALSE(trace->exists());
}

TEST(TraceTest, OneOfALaterVersionMayHaveMore) {
  std::string later(kText);
  later[1] = '1';
  EXPECT_TRUE(ParseTraceparent(later + "-more").ok());
  EXPECT_FALSE(ParseTraceparent(later + "more").ok());
  EXPECT_FALSE(ParseTraceparent(std::string(kText) + "-more").ok()) << "of version 00";
}

TEST(TraceTest, WhatIsNoneIsRefusedWithWhatOneIs) {
  const std::string text(kText);
  std::vector<std::string> wrong = {"", "00", text.substr(1), text + "0"};
  for (size_t at = 0; at < text.size(); ++at) {
    wrong.push_back(text);
    wrong.back()[at] = at == 2 || at == 35 || at == 52 ? '0' : 'X';
  }
  wrong.push_back("00-00000000000000000000000000000000-00f067aa0ba902b7-01");
  wrong.push_back("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01");
  wrong.push_back("ff" + text.substr(2));
  for (const std::string& each : wrong) {
    const absl::Status status = ParseTraceparent(each).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << each;
    EXPECT_NE(status.message().find("00-(32 digits)-(16 digits)-01"), status.message().npos);
  }
}

TEST(TraceTest, InAnExtensionItStandsBesideTheChain) {
  TraceContext trace = *ParseTraceparent(kText);
  trace.parent_id = 7;
  alignas(8) std::array<std::byte, 256> bytes;
  const size_t chain = WriteChain({}, 42, "gate", bytes);
  const size_t all = chain + WriteTrace(trace, std::span(bytes).subspan(chain));
  const std::span<const std::byte> extension = std::span(bytes).first(all);
  ASSERT_TRUE(ExtensionIsSound(extension));
  EXPECT_EQ(TraceIn(extension).trace_id, trace.trace_id);
  EXPECT_EQ(TraceIn(extension).span_id, trace.span_id);
  EXPECT_EQ(TraceIn(extension).parent_id, 7u);
  EXPECT_TRUE(FindInChain(ChainIn(extension), 42).found);
  EXPECT_FALSE(TraceIn(extension.first(chain)).exists());
}

TEST(TraceTest, AValueOfAnotherSizeIsNone) {
  alignas(8) std::array<std::byte, kTraceExtensionBytes> bytes;
  WriteTrace(*ParseTraceparent(kText), bytes);
  bytes[2] = std::byte{24};
  EXPECT_FALSE(TraceIn(std::span(bytes).first(32)).exists());
}

}  // namespace
}  // namespace jackfield
