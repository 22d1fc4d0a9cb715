// Traces put together from their records, drawn, and written for others.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/trace/assemble.h"
#include "tools/trace/export.h"
#include "tools/trace/waterfall.h"

namespace jackfield::trace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Side = jackfield::Span::Side;

Recorded Of(std::string service, std::string peer, Side side, uint64_t span, uint64_t parent,
            int64_t begun_ns, int64_t ended_ns, uint8_t code = 0) {
  Recorded record;
  record.service = std::move(service);
  record.peer = std::move(peer);
  record.method = "shop.M/S" + std::to_string(span);
  record.realtime_ahead_ns = 1'000'000'000'000;
  record.span.trace_id[0] = 0xab;
  record.span.span_id = span;
  record.span.parent_id = parent;
  record.span.side = side;
  record.span.code = code;
  record.span.begun_ns = begun_ns;
  record.span.handled_ns = side == Side::kCaller ? begun_ns : begun_ns + 10'000;
  record.span.ended_ns = ended_ns;
  return record;
}

// gate → orders, and on its behalf orders → stock, and before that orders → kv.
std::vector<Recorded> Three() {
  return {Of("stock", "orders", Side::kService, 3, 1, 60'000, 80'000, 5),
          Of("gate", "orders", Side::kCaller, 1, 0, 0, 100'000),
          Of("orders", "gate", Side::kService, 1, 0, 10'000, 90'000),
          Of("orders", "stock", Side::kCaller, 3, 1, 50'000, 85'000, 5),
          Of("orders", "kv", Side::kCaller, 2, 1, 20'000, 40'000)};
}

TEST(AssembleTest, BothEndsOfACallAreOneAndEachStandsBehindWhoMadeIt) {
  const std::vector<Trace> traces = Assemble(Three());
  ASSERT_EQ(traces.size(), 1u);
  std::vector<std::string> seen;
  for (const Call& call : traces[0].calls) {
    seen.push_back(std::string(call.depth, ' ') + call.caller + ">" + call.service);
  }
  EXPECT_THAT(seen, ElementsAre("gate>orders", " orders>kv", " orders>stock"));
  EXPECT_EQ(traces[0].took_ns(), 100'000);
  EXPECT_TRUE(traces[0].calls[2].at_caller && traces[0].calls[2].at_service);
  EXPECT_FALSE(traces[0].calls[1].at_service) << "kv has not recorded it";
}

TEST(AssembleTest, WhatIsMissingLeavesTheRest) {
  std::vector<Recorded> records = Three();
  records.erase(records.begin() + 1, records.begin() + 3);  // the first call
  const std::vector<Trace> traces = Assemble(records);
  ASSERT_EQ(traces.size(), 1u);
  EXPECT_EQ(traces[0].calls.size(), 2u);
  EXPECT_EQ(traces[0].calls[0].depth, 0u);
}

TEST(AssembleTest, CirclesThatAPeerMayHaveWrittenEnd) {
  const std::vector<Trace> traces = Assemble(std::vector<Recorded>{
      Of("a", "b", Side::kCaller, 1, 2, 0, 9), Of("b", "a", Side::kCaller, 2, 1, 1, 8),
      Of("c", "c", Side::kCaller, 3, 3, 2, 7)});
  ASSERT_EQ(traces.size(), 1u);
  EXPECT_EQ(traces[0].calls.size(), 3u);
}

TEST(AssembleTest, TheSlowestIsFirst) {
  std::vector<Recorded> records = Three();
  records.push_back(Of("gate", "orders", Side::kCaller, 9, 0, 0, 500'000));
  records.back().span.trace_id[0] = 0xcd;
  const std::vector<Trace> traces = Assemble(records);
  ASSERT_EQ(traces.size(), 2u);
  EXPECT_EQ(traces[0].took_ns(), 500'000);
}

TEST(WaterfallTest, EachCallIsALineWithItsTimeInItsPlace) {
  const std::string text = WaterfallOf(Assemble(Three())[0], 80);
  EXPECT_THAT(text, HasSubstr("trace ab000000000000000000000000000000  100us, 3 calls\n"));
  EXPECT_THAT(text, HasSubstr("gate → orders"));
  EXPECT_THAT(text, HasSubstr("  shop.M/S3"));
  EXPECT_THAT(text, HasSubstr("NOT_FOUND"));
  EXPECT_THAT(text, HasSubstr("(of the caller alone)"));
  EXPECT_THAT(text, HasSubstr("▕····────━━"));
}

TEST(WaterfallTest, InANarrowTerminalTheBarStays) {
  const std::string text = WaterfallOf(Assemble(Three())[0], 10);
  EXPECT_THAT(text, HasSubstr("━━━━━━━━━"));
}

TEST(ExportTest, ChromeHasAProcessAServiceAndAnArrowACall) {
  const std::string text = ChromeJsonOf(Assemble(Three()));
  EXPECT_THAT(text, HasSubstr("\"ph\":\"M\",\"name\":\"process_name\""));
  EXPECT_THAT(text, HasSubstr("\"name\":\"shop.M/S3\""));
  EXPECT_THAT(text, HasSubstr("\"ph\":\"s\""));
  EXPECT_THAT(text, HasSubstr("\"ph\":\"f\""));
  EXPECT_THAT(text, HasSubstr("\"ts\":1000000000.000"));
}

TEST(ExportTest, InOtlpTheServicesSpanIsAChildOfTheCallers) {
  const std::string text = OtlpJsonOf(Assemble(Three()));
  EXPECT_THAT(text, HasSubstr("\"traceId\":\"ab000000000000000000000000000000\",\"spanId\":"
                              "\"0000000000000001\",\"name\":\"shop.M/S1\",\"kind\":3,"
                              "\"startTimeUnixNano\":\"1000000000000\""));
  EXPECT_THAT(text, HasSubstr("\"parentSpanId\":\"0000000000000001\",\"name\":\"shop.M/S1\","
                              "\"kind\":2"));
  EXPECT_THAT(text, HasSubstr("\"message\":\"NOT_FOUND\""));
}

TEST(ExportTest, ALineHasBothEnds) {
  const std::string text = JsonLineOf(Assemble(Three())[0]);
  EXPECT_THAT(text, HasSubstr("\"took_ns\":100000,\"calls\":[{\"span\":\"0000000000000001\","
                              "\"parent\":null,\"caller\":\"gate\",\"service\":\"orders\""));
  EXPECT_THAT(text, HasSubstr("\"at_service\":null"));
  EXPECT_THAT(text, HasSubstr("\"waited_ns\":10000"));
}

}  // namespace
}  // namespace jackfield::trace
