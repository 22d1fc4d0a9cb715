#include "tools/figures/plot.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/figures/page.h"

namespace jackfield::figures {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

size_t CountOf(const std::string& text, std::string_view part) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != text.npos; at += part.size()) ++count;
  return count;
}

TEST(PlotTest, EachCurveHasADashAMarkerAndItsName) {
  const std::vector<Curve> curves = {{"bus", {{0, 10}, {1, 20}}}, {"floor", {{0, 5}, {1, 9}}}};
  const std::string svg = LinePlot("two", {.title = "time", .unit = Unit::kSeconds},
                                   {.title = "latency", .scale = Scale::kLog}, curves);
  EXPECT_THAT(svg, HasSubstr("class=\"l s0\" stroke-dasharray=\"\""));
  EXPECT_THAT(svg, HasSubstr("class=\"l s1\" stroke-dasharray=\"7 3\""));
  for (const char* part : {">bus<", ">floor<", "class=\"m s0\"", "class=\"m s1\"", ">10ns<"})
    EXPECT_THAT(svg, HasSubstr(part));
}

TEST(PlotTest, ALogarithmicAxisLeavesOutWhatHasNone) {
  const std::vector<Curve> curves = {{"some", {{0, 0}, {1, 100}}}};
  const std::string svg =
      LinePlot("t", {.title = "x"}, {.title = "y", .scale = Scale::kLog}, curves);
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

TEST(PlotTest, OfNothingIsASentence) {
  EXPECT_THAT(LinePlot("rate", {}, {}, {}), HasSubstr("rate: there is nothing to show"));
  EXPECT_THAT(MarkPlot("rate", {}, {}, {}), HasSubstr("rate: there is nothing to show"));
}

TEST(PlotTest, AMarkThatIsNotKnownIsLeftOut) {
  const std::vector<std::string> marks = {"p50", "p99"};
  const std::vector<MarkedRow> rows = {{"unix:", {5000, 0}}, {"floor", {4000, 6000}, true}};
  const std::string svg = MarkPlot("latency", {.title = "x", .scale = Scale::kLog}, marks, rows);
  EXPECT_EQ(CountOf(svg, "class=\"m s0"), 3u);  // the key, and one a row
  EXPECT_EQ(CountOf(svg, "class=\"m s1"), 2u);
  EXPECT_EQ(CountOf(svg, "hollow"), 2u);
}

TEST(PlotTest, QuantilesAreDrawnAsFarAsTheyAreKnown) {
  const auto histogram = std::make_unique<Histogram>();
  for (uint64_t value = 1; value <= 1000; ++value) histogram->Add(value);
  const Curve curve = QuantileCurve("all", *histogram);
  EXPECT_DOUBLE_EQ(curve.points.back().first, 2);  // p99, of 1,000 samples
  EXPECT_DOUBLE_EQ(curve.points.back().second, 990);
}

TEST(PageTest, LoadsNothingAndShowsTextAsItIs) {
  const std::string page = Page("a <b> & c", Paragraph("\"x\" < y"));
  EXPECT_THAT(page, HasSubstr("<h1>a &lt;b&gt; &amp; c</h1>"));
  EXPECT_THAT(page, HasSubstr("<p>&quot;x&quot; &lt; y</p>"));
  for (const char* outside : {"http", "src=", "href=", "<script", "url(", "@import"})
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  EXPECT_THAT(page, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(page, HasSubstr("@media print"));
}

}  // namespace
}  // namespace jackfield::figures
