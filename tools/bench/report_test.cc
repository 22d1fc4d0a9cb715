// What a measurement is told as: table, JSON, CSV, page.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/bench/data.h"
#include "tools/bench/page.h"
#include "tools/bench/table.h"

namespace jackfield::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kSecondNs = 1'000'000'000;

// A second in which `calls` took 5 us each, and others had a side's CPU for waited_ns.
void AddRound(Series& series, const Options& options, int calls, int64_t waited_ns = 0) {
  const auto run = std::make_unique<Run>();
  for (int i = 0; i < calls; ++i) run->latency.Add(5000);
  run->count = run->use_count = static_cast<uint64_t>(calls);
  run->elapsed_ns = run->used_ns = kSecondNs;
  run->use[0] = {.cpu_ns = kSecondNs / 2, .waited_ns = waited_ns, .runs = 1};
  run->use[1] = {.cpu_ns = kSecondNs / 2, .waited_ns = 0, .runs = 1};
  series.Add(options, *run);
}

Row RowWithFloor(const Options& options, int calls, int64_t floor_waited_ns = 0) {
  Row row("unix:");
  AddRound(row.bus, options, calls);
  row.floor = std::make_unique<Series>("unix stream, blocking");
  row.floor_kind = "blocking";
  AddRound(*row.floor, options, calls, floor_waited_ns);
  return row;
}

Options WithFloor() {
  Options options;
  options.floor = true;
  return options;
}

TEST(TableTest, AQuantileOfTooFewCallsIsADashAndSaidBelow) {
  const Options options;
  Row row("unix:");
  AddRound(row.bus, options, 1000);
  BenchTable table(options);
  const std::string lines = table.Lines(row);
  EXPECT_THAT(lines, HasSubstr("    5us    5us      -    5us    1k"));
  EXPECT_THAT(table.Foot(), HasSubstr("-  too few calls to tell: p99.9 needs 10000\n"));
}

TEST(TableTest, NothingIsSaidOfQuantilesThatAreKnown) {
  const Options options;
  Row row("unix:");
  AddRound(row.bus, options, 10'000);
  BenchTable table(options);
  EXPECT_THAT(table.Lines(row), Not(HasSubstr(" - ")));
  EXPECT_EQ(table.Foot(), "\n" + std::string(kClosedLoop) + "\n");
}

TEST(TableTest, ARowThatOthersDisturbedIsNoisy) {
  const Options options = WithFloor();
  BenchTable table(options);
  EXPECT_THAT(table.Lines(RowWithFloor(options, 1000, 9'000'000)), Not(HasSubstr("noisy")));
  EXPECT_THAT(table.Lines(RowWithFloor(options, 1000, 300'000'000)),
              HasSubstr("  floor, blocking"));
  EXPECT_THAT(table.Lines(RowWithFloor(options, 1000, 300'000'000)),
              HasSubstr("  noisy: others had the floor's CPU for 30% of the time; it says"));
}

TEST(TableTest, AMediumThatCannotRunIsARowWithTheReason) {
  const Options options = WithFloor();
  Row row("vsock:");
  row.lacks = "this kernel has no vsock";
  BenchTable table(options);
  EXPECT_EQ(table.Lines(row), "vsock:                    this kernel has no vsock\n");
  EXPECT_EQ(table.Foot(), "");
}

TEST(TableTest, WhatWasInterruptedSaysSo) {
  const Options options;
  Row row("unix:");
  AddRound(row.bus, options, 100);
  row.interrupted = true;
  EXPECT_THAT(BenchTable(options).Lines(row), HasSubstr("  interrupted: this is what there was"));
}

TEST(RatioTest, IsTheMedianOfTheRoundsOfBoth) {
  const Options options = WithFloor();
  Row row = RowWithFloor(options, 1000);
  AddRound(row.bus, options, 1000);  // its floor was interrupted
  const std::optional<Ratio> ratio = row.ratio(Mode::kLatency);
  ASSERT_TRUE(ratio.has_value());
  EXPECT_EQ(ratio->median, 1);
  EXPECT_FALSE(Row("unix:").ratio(Mode::kLatency).has_value());
}

TEST(JsonTest, WhatIsNotKnownIsNull) {
  const Options options;
  Row row("unix:");
  AddRound(row.bus, options, 100);
  const std::string json = Json(options, row);
  EXPECT_THAT(json, HasSubstr("\"p50_ns\":5000,\"p90_ns\":5000,\"p99_ns\":null,\"p999_ns\":null"));
  EXPECT_THAT(json, HasSubstr("\"ratio\":null"));
  EXPECT_THAT(json, HasSubstr("\"noise\":0,\"noisy\":false"));
}

TEST(CsvTest, HasAsManyCellsInEachLineAsInItsHead) {
  const Options options = WithFloor();
  std::vector<Row> rows;
  rows.push_back(RowWithFloor(options, 1000));
  rows.emplace_back("vsock:").lacks = "none \"here\"";
  const std::string csv = Csv(options, rows);
  std::vector<std::string> lines;
  for (size_t at = 0; at < csv.size(); at = csv.find('\n', at) + 1)
    lines.push_back(csv.substr(at, csv.find('\n', at) - at));
  ASSERT_EQ(lines.size(), 4u) << csv;
  EXPECT_THAT(lines[0], HasSubstr("name,mode,size,count,p50_ns,"));
  EXPECT_THAT(lines[1], HasSubstr("\"jackfield unix:\",\"latency\",64,1000,5000,"));
  EXPECT_THAT(lines[2], HasSubstr("\"floor unix stream, blocking\""));
  EXPECT_THAT(lines[3], HasSubstr(",\"none \"\"here\"\"\","));
  for (const std::string& line : lines) {
    size_t commas = 0;
    bool quoted = false;
    for (const char c : line) {
      quoted ^= c == '"';
      commas += c == ',' && !quoted;
    }
    EXPECT_EQ(commas, 28u) << line;
  }
}

TEST(PageTest, ShowsBusAndFloorAndWhatCannotRun) {
  const Options options = WithFloor();
  std::vector<Row> rows;
  rows.push_back(RowWithFloor(options, 1000, 300'000'000));
  rows.emplace_back("vsock:").lacks = "this kernel has <none>";
  const std::string page = PageOf(options, rows);
  for (const char* part : {"<td>unix:</td>", "<td>floor, blocking</td>", "<td>noisy</td>",
                           "<td>this kernel has &lt;none&gt;</td>", "<h2>Distribution: unix:</h2>",
                           "<svg", "closed loop: a stall counts once"})
    EXPECT_THAT(page, HasSubstr(part));
}

}  // namespace
}  // namespace jackfield::bench
