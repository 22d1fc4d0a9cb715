// A wiring as units of systemd: what of it is mapped to what, what is refused, and how text must be
// written so that systemd reads it as it was. Where systemd-analyze is here it looks at them, too.
#include "tools/units/units.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/units/ready_probe.h"
#include "transports/builtin.h"

namespace jackfield::units {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

absl::Status NoService(Service&) { return absl::OkStatus(); }

class UnitsTest : public ::testing::Test {
 protected:
  UnitsTest() {
    AddBuiltinTransports(registry_);
    program_.registry = &registry_;
    program_.services = {{"stock", NoService, ""}, {"orders", NoService, ""}};
  }
  Plan Make(std::string_view body) {
    absl::StatusOr<Wiring> wiring =
        ParseWiring("/dev/shop.toml", "jackfield = 1\nname = \"shop\"\n" + std::string(body), {});
    EXPECT_TRUE(wiring.ok()) << wiring.status();
    absl::StatusOr<Plan> plan = MakePlan(*std::move(wiring), program_, {});
    EXPECT_TRUE(plan.ok()) << plan.status();
    return *std::move(plan);
  }
  std::vector<Unit> UnitsFor(std::string_view body) {
    const Plan plan = Make(body);
    const absl::StatusOr<Places> places = ChoosePlaces(plan, registry_);
    EXPECT_TRUE(places.ok()) << places.status();
    return UnitsOf(plan, *places, {.jackfield = "/bin/true", .directory = "/srv/100% shop"});
  }
  std::string RefusalOf(std::string_view body) {
    const absl::StatusOr<Places> places = ChoosePlaces(Make(body), registry_);
    EXPECT_EQ(places.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(places.status().message());
  }

  Registry registry_;
  Program program_;
};

TEST_F(UnitsTest, WhatAWiringSaysIsInItsUnits) {
  const std::vector<Unit> all = UnitsFor(
      "over = \"unix:\"\n[service.stock]\nrun = \"stock\"\nserve = [\"unix:@shop.stock\"]\n"
      "restart = { when = \"on-failure\", backoff = \"200ms..10s\", max = 3 }\n"
      "limits = { memory = \"64MiB\", nofile = 100 }\ngrace = \"5s\"\n"
      "env = { WHO = \"me & you\", RATE = \"5%\" }\n"
      "[service.orders]\nrun = [\"orders\", \"two words\", \"$HOME\"]\n"
      "calls = { far = { at = \"unix:@far\" } }\n");
  ASSERT_EQ(all.size(), 3u);
  std::string stock, orders;
  for (const Unit& unit : all) {
    if (unit.name == "shop-stock.service") stock = unit.text;
    if (unit.name == "shop-orders.service") orders = unit.text;
  }
  for (const char* line :
       {"Description=stock of shop\n", "PartOf=shop.target\n", "Type=notify\n",
        "ExecStart=@/bin/true stock service stock\n",
        "Environment=\"JACKFIELD_GRANTS=name stock\\nserve unix:@shop.stock\\nlimit memory "
        "67108864B\\ngrace 5000000000ns\\n\"\n",
        "Environment=\"WHO=me & you\"\n", "Environment=RATE=5%%\n", "LimitNOFILE=100\n",
        "WorkingDirectory=/srv/100%% shop\n", "Restart=on-failure\nRestartSec=200ms\n",
        "StartLimitBurst=4\n", "TimeoutStopSec=11000ms\n", "SuccessExitStatus=130\n",
        "WantedBy=shop.target\n"})
    EXPECT_THAT(stock, HasSubstr(line));
  EXPECT_THAT(orders,
              HasSubstr("ExecStart=@/bin/true orders service orders \"two words\" $$HOME\n"));
  EXPECT_THAT(orders, HasSubstr("call far unix:@far\\n"));
  EXPECT_THAT(orders, HasSubstr("Restart=no\n"));
  EXPECT_EQ(all.back().name, "shop.target");
  EXPECT_THAT(all.back().text, HasSubstr("Wants=shop-stock.service shop-orders.service\n"));
}

TEST_F(UnitsTest, WhoMayCallStandsInTheGrants) {
  const std::vector<Unit> all = UnitsFor(
      "[service.stock]\nrun = \"stock\"\nserve = [\"unix:@shop.stock\"]\n"
      "allow = { \"*\" = [\"uid:0\"], \"kv.Store/Drop\" = [\"nobody\"] }\n");
  EXPECT_THAT(all[0].text, HasSubstr("allow * uid:0\\nallow kv.Store/Drop nobody\\n"));
}

TEST_F(UnitsTest, WhoServesNothingIsNotWaitedFor) {
  const std::vector<Unit> all =
      UnitsFor("[service.orders]\nrun = \"orders\"\ncalls = { far = { at = \"unix:@far\" } }\n");
  EXPECT_THAT(all[0].text, HasSubstr("Type=exec\n"));
  EXPECT_THAT(all[0].text, Not(HasSubstr("NotifyAccess")));
}

TEST_F(UnitsTest, ReadinessThatTheServiceDoesNotTellIsAskedForBehindItsStart) {
  const Plan plan = Make(
      "over = \"unix:\"\n[service.stock]\nrun = \"stock\"\nserve = [\"unix:@shop.stock\"]\n"
      "ready = \"exec:/bin/true it's\"\n[service.orders]\nrun = \"orders\"\n"
      "serve = [\"unix:@shop.orders\"]\nready = \"port\"\n");
  const Places places = ChoosePlaces(plan, registry_).value();
  std::string stock, orders;
  for (const Unit& unit : UnitsOf(plan, places, {.jackfield = "/bin/jf", .directory = "/srv"})) {
    if (unit.name == "shop-stock.service") stock = unit.text;
    if (unit.name == "shop-orders.service") orders = unit.text;
  }
  EXPECT_THAT(stock, HasSubstr("Type=exec\n"));
  EXPECT_THAT(stock, HasSubstr("ExecStartPost=/bin/sh -c \"until '/bin/true' 'it'\\\\''s' "
                               ">/dev/null 2>&1; do sleep 0.1; done\"\n"));
  EXPECT_THAT(orders, HasSubstr("Type=exec\n"));
  EXPECT_THAT(orders, HasSubstr("ExecStartPost=/bin/sh -c \"until '/bin/jf' ls -q "
                                "'unix:@shop.orders' >/dev/null 2>&1; [ $$? -ne 3 ]; do sleep 0.1; "
                                "done\"\n"));
  EXPECT_THAT(ReadyNote(plan.services[0]) + ReadyNote(plan.services[1]),
              HasSubstr("stock: ready = \"exec:…\" is an ExecStartPost= that runs /bin/true"));
}

TEST_F(UnitsTest, ClientsAreStartedAfterWhatTheyCallAndMeetItAtThePlaceThatWasChosen) {
  for (const char* medium : {"unix:", "shm:", "tcp:", "fifo:"}) {
    const std::vector<Unit> all =
        UnitsFor(std::string("over = \"") + medium +
                 "\"\n[service.orders]\nrun = \"orders\"\ncalls = [\"stock\"]\n[service.stock]\n"
                 "run = \"stock\"\n");
    const std::string &stock = all[0].text, &orders = all[1].text;
    EXPECT_THAT(orders, HasSubstr("Wants=shop-stock.service\nAfter=shop-stock.service\n"));
    const size_t at = stock.find("serve ") + 6;
    const std::string place = stock.substr(at, stock.find("\\n", at) - at);
    EXPECT_GT(place.size(), std::string(medium).size()) << "it is a place: " << place;
    EXPECT_THAT(orders, HasSubstr("call stock " + place + "\\n")) << stock;
  }
}

TEST_F(UnitsTest, WhatNeedsOneWhoStartsBothIsRefusedWithItsPlaceInTheFile) {
  EXPECT_THAT(RefusalOf("[service.orders]\nrun = \"orders\"\ncalls = { stock = \"pipe:\" }\n"
                        "[service.stock]\nrun = \"stock\"\n"),
              HasSubstr("/dev/shop.toml:5:19: orders → stock over pipe:: its ends are inherited"));
  EXPECT_THAT(RefusalOf("[service.orders]\nrun = \"orders\"\ncalls = { stock = \"inproc:\" }\n"
                        "[service.stock]\nrun = \"stock\"\n"),
              HasSubstr("threads of one process"));
  EXPECT_THAT(RefusalOf("[service.orders]\nrun = \"orders\"\ncalls = { stock = { over = \"mmap:\", "
                        "one_way = true } }\n[service.stock]\nrun = \"stock\"\n"),
              HasSubstr("goes with the server's process"));
}

TEST_F(UnitsTest, TextIsQuotedSoThatItIsReadAsItWas) {
  const std::pair<std::string_view, std::string_view> kRows[] = {
      {"plain", "plain"},    {"", "\"\""},           {"two words", "\"two words\""},
      {"it's", "\"it's\""},  {"a\"b", "\"a\\\"b\""}, {"a\\b", "\"a\\\\b\""},
      {"a\nb", "\"a\\nb\""}, {"\x01", "\"\\x01\""},  {"50%", "50%%"},
      {"; rm", "\"; rm\""},  {"#x", "\"#x\""},       {"ä", "ä"},
  };
  for (const auto& [text, quoted] : kRows) EXPECT_EQ(Quoted(text, false), quoted);
  EXPECT_EQ(Quoted("$HOME", true), "$$HOME");
  EXPECT_EQ(Quoted("$HOME", false), "$HOME");
}

TEST_F(UnitsTest, SystemdHasNothingAgainstThem) {
  if (access("/usr/bin/systemd-analyze", X_OK) != 0) GTEST_SKIP() << "systemd-analyze is not here";
  const std::vector<Unit> all = UnitsFor(
      "over = \"unix:\"\n[service.orders]\nrun = [\"orders\", \"two words\", \"50%\", \"$x\", "
      "\"a\\\\nb\"]\ncalls = [\"stock\"]\ncwd = \"/\"\nenv = { A = \"b c\" }\n[service.stock]\n"
      "run = \"stock\"\nrestart = \"always\"\nlimits = { nofile = 64 }\ncwd = \"/\"\n");
  char name[] = "/tmp/jackfield-units-XXXXXX";
  const std::string folder = mkdtemp(name);
  std::string command = "SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no";
  for (const Unit& unit : all) {
    std::ofstream(folder + "/" + unit.name) << unit.text;
    command += " " + folder + "/" + unit.name;
  }
  FILE* output = popen((command + " 2>&1").c_str(), "r");
  ASSERT_NE(output, nullptr);
  std::string said;
  for (int c; (c = fgetc(output)) != EOF;) said += static_cast<char>(c);
  const int status = pclose(output);
  std::filesystem::remove_all(folder);
  // It may be unable to look at anything, in a container; then it says so of itself, not of a unit.
  if (said.find("shop-") == said.npos && said.find("shop.target") == said.npos && status != 0)
    GTEST_SKIP() << said;
  EXPECT_EQ(status, 0) << said;
  EXPECT_EQ(said, "");
}

}  // namespace
}  // namespace jackfield::units
