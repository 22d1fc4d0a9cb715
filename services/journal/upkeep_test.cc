// The arguments of a service with a log, and what is done for the log beside.
#include "services/journal/upkeep.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "jackfield/transports.h"

namespace jackfield::journal {
namespace {

using Words = std::vector<std::string>;

TEST(LogArgumentsTest, AllCanBeSaidAndNothingNeedBe) {
  EXPECT_FALSE(ReadLogArguments({}).value().has_value());
  const LogArguments little = ReadLogArguments(Words{"--log", "d"}).value().value();
  EXPECT_EQ(little.directory, "d");
  EXPECT_EQ(little.options.bytes_max, LogOptions().bytes_max);
  EXPECT_EQ(little.options.age_max, 0s);
  EXPECT_FALSE(little.options.sync_each);
  EXPECT_EQ(little.sync_every, kSyncEvery);
  const LogArguments all = ReadLogArguments(Words{"--log-age", "2h", "--log-bytes", "3MiB",
                                                  "--log-sync", "10ms", "--log", "d"})
                               .value()
                               .value();
  EXPECT_EQ(all.options.age_max, std::chrono::hours(2));
  EXPECT_EQ(all.options.bytes_max, 3u << 20);
  EXPECT_EQ(all.sync_every, 10ms);
  const LogArguments each =
      ReadLogArguments(Words{"--log", "d", "--log-sync", "each"}).value().value();
  EXPECT_TRUE(each.options.sync_each);
  EXPECT_EQ(ReadLogArguments(Words{"--log", "d", "--log-sync", "never"})->value().sync_every, 0s);
}

TEST(LogArgumentsTest, WhatIsWrongIsToldWithWhatHelps) {
  const auto why = [](const Words& words) {
    const auto read = ReadLogArguments(words);
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(read.status().message());
  };
  EXPECT_NE(why({"--lag", "d"}).find("cannot read \"--lag\"  try: --log DIRECTORY"),
            std::string::npos);
  EXPECT_NE(why({"--log"}).find("--log needs a value"), std::string::npos);
  EXPECT_NE(why({"--log-age", "2h"}).find("--log is missing"), std::string::npos);
  EXPECT_NE(why({"--log", "d", "--log-bytes", "many"}).find("--log-bytes: "), std::string::npos);
  EXPECT_NE(why({"--log", "d", "--log-sync", "soon"}).find("each, never, or a time"),
            std::string::npos);
}

TEST(UpkeepTest, SyncsAndDropsWhatIsTooOldInItsTurns) {
  char name[] = "/tmp/jackfield_upkeep.XXXXXX";
  const std::string top = mkdtemp(name);
  Registry registry;
  AddBuiltinTransports(registry);
  const auto node = Node::Create({.name = "test", .registry = &registry}).value();
  const auto log = Log::Open(top + "/log", {.age_max = std::chrono::hours(1)}).value();
  const auto until = [&](auto done) {
    return node->RunUntil(done, node->clock().NowNs() + 60'000'000'000);
  };
  {
    Upkeep upkeep(*node, *log, 1ms);
    ASSERT_TRUE(log->Append({}, 1).ok()) << "long ago";
    EXPECT_FALSE(log->synced());
    EXPECT_TRUE(until([&] { return log->synced(); }));
    EXPECT_TRUE(until([&] { return log->first() == 2; }));
    EXPECT_EQ(log->last(), 1u);
    ASSERT_TRUE(log->Append({}, 1).ok());
  }
  EXPECT_TRUE(log->synced()) << "when it ends, too";
  std::filesystem::remove_all(top);
}

TEST(UpkeepTest, SaysWhatWasCut) {
  char name[] = "/tmp/jackfield_upkeep.XXXXXX";
  const std::string top = mkdtemp(name);
  Registry registry;
  AddBuiltinTransports(registry);
  const auto node = Node::Create({.name = "test", .registry = &registry}).value();
  ASSERT_TRUE(Log::Open(top + "/log", {}).value()->Append({}, 1).ok());
  for (const auto& entry : std::filesystem::directory_iterator(top + "/log")) {
    if (entry.path().extension() == ".log") std::filesystem::resize_file(entry.path(), 17);
  }
  const auto log = Log::Open(top + "/log", {}).value();
  testing::internal::CaptureStderr();
  Upkeep(*node, *log, 0s);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "test: the log in " + top +
                "/log ended in 17 bytes that were no whole record, and were cut: a record that "
                "nobody was told of\n");
  std::filesystem::remove_all(top);
}

}  // namespace
}  // namespace jackfield::journal
