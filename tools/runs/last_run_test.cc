// Who looks for a wiring that is not up hears how it ended.
#include "tools/runs/last_run.h"

#include <vector>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

PastRun Ended(std::string wiring, int pid, int exit_status) {
  PastRun run;
  run.wiring = std::move(wiring);
  run.pid = pid;
  run.recorded = true;
  run.file = "/srv/shop.toml";
  run.began_ns = 100 * kSecond;
  run.ended_ns = 105 * kSecond;
  run.end = RunEnd{.exit_status = exit_status,
                   .how = "kv (pid 7) exited with 3; all is stopped",
                   .service = "kv",
                   .lines = {"no licence", "\x1b[31mred"}};
  return run;
}

TEST(LastRunTest, SaysWhoWhenHowAndWhatHelps) {
  EXPECT_EQ(HowItEnded(Ended("shop", 12, 1), 107 * kSecond),
            "shop is not up: it ended 2s ago, after 5s, with exit status 1\n"
            "  kv (pid 7) exited with 3; all is stopped\n"
            "  kv | no licence\n"
            "  kv | \\x1b[31mred\n"
            "  try: jackfield logs -w shop --run last\n"
            "  try: jackfield up /srv/shop.toml");
}

TEST(LastRunTest, ASupervisorThatWasKilledIsSaidToBe) {
  PastRun run = Ended("shop", 12, 1);
  run.end.reset();
  run.file.clear();
  EXPECT_EQ(HowItEnded(run, 107 * kSecond),
            "shop is not up: its supervisor (pid 12) was killed, or the machine went down; it had "
            "begun 7s ago\n  try: jackfield logs -w shop --run last");
  EXPECT_EQ(HowItEnded(Ended("shop", 12, 0), 0).find(" -1"), std::string::npos)
      << "a clock that was set back makes no negative times";
}

TEST(LastRunTest, TheLastOfThatNameIsMeant) {
  std::vector<PastRun> runs = {Ended("shop", 14, 0), Ended("shop", 13, 1), Ended("feed", 12, 1)};
  runs[0].is_up = true;
  EXPECT_EQ(LastRunIn(runs, "shop")->pid, 13);
  EXPECT_EQ(LastRunIn(runs, "feed@12")->pid, 12);
  EXPECT_FALSE(LastRunIn(runs, "feed@13"));
  EXPECT_FALSE(LastRunIn(runs, "fee"));
  runs[1].recorded = false;
  EXPECT_FALSE(LastRunIn(runs, "shop")) << "it was forgotten";
}

TEST(LastRunTest, WithoutANameTheLastThatFailedIs) {
  const std::vector<PastRun> runs = {Ended("done", 15, 0), Ended("stopped", 14, 130),
                                     Ended("shop", 13, 1)};
  EXPECT_EQ(LastRunIn(runs, "")->pid, 13);
  EXPECT_EQ(LastRunIn(runs, "done")->pid, 15) << "of which it is news by its name";
  EXPECT_FALSE(LastRunIn({runs[0], runs[1]}, ""));
}

}  // namespace
}  // namespace jackfield
