#include "tools/wiring/load_table.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace jackfield {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kSmoke = R"(jackfield = 1
[service.echo]
run = "echo"
[load.smoke]
target   = "echo/Say"
data     = '{"text":"{{uuid}}"}'
rate     = "2k"
out      = 16
assert   = ["p99<1ms", "errors==0"]
quiet    = true
verbose  = false
)";

TEST(LoadTableTest, HasATargetARequestAndFlagsAsTheCommandLineHasThem) {
  const auto loads = ParseLoads("a.toml", kSmoke);
  ASSERT_TRUE(loads.ok()) << loads.status();
  ASSERT_EQ(loads->size(), 1u);
  const LoadEntry& load = (*loads)[0];
  EXPECT_EQ(load.name, "smoke");
  EXPECT_EQ(load.target, "echo/Say");
  EXPECT_EQ(load.data, "{\"text\":\"{{uuid}}\"}");
  std::string flags;
  for (const LoadEntry::Flag& flag : load.flags) flags += flag.name + "=" + flag.value + ";";
  EXPECT_EQ(flags, "rate=2k;out=16;assert=p99<1ms;assert=errors==0;quiet=true;");
  EXPECT_EQ(load.flags[0].place.line, 7u);
}

TEST(LoadTableTest, IsPartOfAWiring) {
  const auto wiring = ParseWiring("a.toml", kSmoke, {});
  EXPECT_TRUE(wiring.ok()) << wiring.status();
  const std::string sets[] = {"load.smoke.rate=5"};
  EXPECT_TRUE(ParseWiring("a.toml", kSmoke, sets).ok());
}

TEST(LoadTableTest, WhatIsWrongIsSaidWithItsPlace) {
  const auto said = [](std::string_view table) {
    const std::string text = "jackfield = 1\n[service.echo]\nrun = \"echo\"\n" + std::string(table);
    const auto loads = ParseLoads("a.toml", text);
    const auto wiring = ParseWiring("a.toml", text, {});
    EXPECT_EQ(loads.status().message(), wiring.status().message());
    return std::string(loads.status().message());
  };
  EXPECT_THAT(said("[load.smoke]\nrate = 5\n"),
              HasSubstr("a.toml:4:7: load smoke has no line target = \"SERVICE/METHOD\""));
  EXPECT_THAT(said("[load.smoke]\ntarget = \"a/B\"\nrate = 1.5\n"),
              HasSubstr("a.toml:6:8: rate in load smoke is a text, a whole number,"));
  EXPECT_THAT(said("[load]\nsmoke = 1\n"), HasSubstr("load smoke is a table: [load.smoke]"));
}

}  // namespace
}  // namespace jackfield
