#include "tools/web/exposition.h"

#include "gtest/gtest.h"

namespace jackfield::web {
namespace {

TEST(ExpositionTest, AFamilyHasItsHeadOnceAndItsSamplesBelow) {
  Exposition text;
  text.Begin("jackfield_a_total", Exposition::Type::kCounter, "Of a.");
  text.Add({{"service", "stock"}}, 3);
  text.Add({}, 18'446'744'073'709'551'615u);
  text.Begin("jackfield_b_seconds", Exposition::Type::kGauge, "Of b.");
  text.AddSeconds({}, 1'500'000'000);
  EXPECT_EQ(text.text(),
            "# HELP jackfield_a_total Of a.\n"
            "# TYPE jackfield_a_total counter\n"
            "jackfield_a_total{service=\"stock\"} 3\n"
            "jackfield_a_total 18446744073709551615\n"
            "# HELP jackfield_b_seconds Of b.\n"
            "# TYPE jackfield_b_seconds gauge\n"
            "jackfield_b_seconds 1.500000000\n");
}

TEST(ExpositionTest, AFamilyWithoutSamplesIsLeftOut) {
  Exposition text;
  text.Begin("jackfield_a_total", Exposition::Type::kCounter, "Of a.");
  text.Begin("jackfield_b_total", Exposition::Type::kCounter, "Of b.");
  text.Add({}, 1);
  EXPECT_EQ(text.text().find("jackfield_a_total"), std::string::npos);
}

TEST(ExpositionTest, AValueOfALabelMayBeAnyText) {
  Exposition text;
  text.Begin("a", Exposition::Type::kGauge, "Of a.");
  text.Add({{"b", "x\"\\\n}"}}, 1);
  EXPECT_NE(text.text().find("a{b=\"x\\\"\\\\\\n}\"} 1\n"), std::string::npos) << text.text();
}

}  // namespace
}  // namespace jackfield::web
