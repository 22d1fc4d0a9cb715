#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tools/running/top_view.h"
#include "tools/running/why_stuck.h"
#include "tools/running/wiring_for_tests.h"

namespace jackfield {
namespace {

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

TEST(TopViewTest, EachServerOfARoleHasARateOfItsOwn) {
  const auto sent = [](uint64_t first, uint64_t second) {
    flatbuffers::FlatBufferBuilder fbb;
    const auto call = [&fbb](const char* service, uint64_t count) {
      const auto role = fbb.CreateString("kv"), its_service = fbb.CreateString(service),
                 address = fbb.CreateString("shm:x");
      init::CallBuilder built(fbb);
      built.add_role(role);
      built.add_service(its_service);
      built.add_address(address);
      built.add_open(true);
      built.add_sent(count);
      return built.Finish();
    };
    const std::vector<flatbuffers::Offset<init::Call>> calls = {call("kv.1", first),
                                                                call("kv.2", second)};
    const std::vector<flatbuffers::Offset<init::Service>> services = {
        BuildService(fbb, {.name = "orders"}, calls)};
    const auto name = fbb.CreateString("shop");
    const auto all = fbb.CreateVector(services);
    fbb.Finish(init::CreateWiring(fbb, name, 0, 1, 2 * kSecondNs, all));
    return fbb.Release();
  };
  TopView view;
  view.Take(TableOf(sent(100, 200)), kSecondNs);
  view.Take(TableOf(sent(130, 270)), 2 * kSecondNs);
  EXPECT_EQ(Joined(view.Lines(80, 10)),
            "shop  up 2s  1 of 1 services get on  sorted by rate\n"
            "CLIENT  SERVER  OVER  SENT/s  P50  P99  CALLS  OLDEST  IN DOUBT\n"
            "orders  kv.2    shm   70      -    -    0      -       0\n"
            "orders  kv.1    shm   30      -    -    0      -       0\n");
}

TEST(TopViewTest, ARateIsWhatWasSentBetweenTwoLooks) {
  TopView view;
  const auto sent = [](uint64_t count) {
    return WiringOfTwo([count](ServiceFacts&, ServiceFacts&, CallFacts& call) {
      call.sent = count;
      call.calls = 3;
      call.oldest = "a.B/C";
      call.oldest_ns = 5'000'000;
      call.in_doubt = 2;
    });
  };
  view.Take(TableOf(sent(100)), kSecondNs);
  EXPECT_EQ(Joined(view.Lines(80, 10)),
            "shop  up 2s  2 of 2 services get on  sorted by rate\n"
            "CLIENT  SERVER  OVER  SENT/s  P50  P99  CALLS  OLDEST  IN DOUBT\n"
            "orders  stock   shm   -       -    -    3      5ms     2\n");
  view.Take(TableOf(sent(1300)), 2 * kSecondNs);
  EXPECT_NE(Joined(view.Lines(80, 10)).find("shm   1200 "), std::string::npos);
  view.Take(TableOf(sent(50)), 4 * kSecondNs);  // it was started again
  EXPECT_NE(Joined(view.Lines(80, 10)).find("shm   25 "), std::string::npos);
}

TEST(TopViewTest, AChannelHasTheTimesOfItsCallsSinceTheLookBefore) {
  TopView view;
  const auto wiring = WiringOfTwo([](ServiceFacts&, ServiceFacts&, CallFacts&) {});
  view.Take(TableOf(wiring), kSecondNs,
            {{{"orders", "stock"}, {.calls = 9, .p50_ns = 8100, .p99_ns = 95'000}}});
  EXPECT_NE(Joined(view.Lines(80, 10)).find("8.1us  95us"), std::string::npos)
      << Joined(view.Lines(80, 10));
  EXPECT_NE(view.JsonLines()[0].find("\"p50_ns\":8100,\"p99_ns\":95000,"), std::string::npos);
  view.Take(TableOf(wiring), 2 * kSecondNs, {{{"orders", "kv"}, {.calls = 1}}});
  EXPECT_NE(view.JsonLines()[0].find("\"p50_ns\":null"), std::string::npos)
      << "of none since then, or of another channel";
}

TEST(TopViewTest, AsDataAChannelIsAnObjectWithItsRate) {
  TopView view;
  const auto sent = [](uint64_t count) {
    return WiringOfTwo(
        [count](ServiceFacts&, ServiceFacts&, CallFacts& call) { call.sent = count; });
  };
  view.Take(TableOf(sent(100)), kSecondNs);
  ASSERT_EQ(view.JsonLines().size(), 1u);
  EXPECT_NE(view.JsonLines()[0].find("\"sent_per_s\":null,"), std::string::npos);
  view.Take(TableOf(sent(101)), 3 * kSecondNs);
  EXPECT_EQ(view.JsonLines()[0].substr(0, 55),
            "{\"client\":\"orders\",\"server\":\"stock\",\"over\":\"shm\",\"open\"");
  EXPECT_NE(
      view.JsonLines()[0].find("\"sent_per_s\":0.500,\"p50_ns\":null,\"p99_ns\":null,\"calls\":"),
      std::string::npos)
      << view.JsonLines()[0];
}

TEST(TopViewTest, NoLineIsWiderOrMoreThanTheTerminal) {
  TopView view;
  const auto wiring = WiringOfTwo([](ServiceFacts& server, ServiceFacts&, CallFacts&) {
    server.name = "größer-als-das-ganze-terminal-hier";
    server.stopped = true;
  });
  view.Take(TableOf(wiring), kSecondNs);
  for (const size_t columns : {1, 20, 40, 120}) {
    for (const std::string& line : view.Lines(columns, 3)) {
      size_t characters = 0;
      for (const char c : line) characters += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
      EXPECT_LE(characters, columns) << line;
    }
    EXPECT_EQ(view.Lines(columns, 3).size(), 3u);
  }
  EXPECT_EQ(view.Lines(80, 10).size(), 4u) << "one line for the service that does not get on";
}

TEST(TopViewTest, TheOrderGoesRound) {
  TopView view;
  EXPECT_EQ(view.order(), TopView::Order::kRate);
  view.NextOrder();
  EXPECT_EQ(view.order(), TopView::Order::kOldest);
  view.NextOrder();
  EXPECT_EQ(view.order(), TopView::Order::kName);
  view.NextOrder();
  EXPECT_EQ(view.order(), TopView::Order::kRate);
}

std::string Note(void (*change)(ServiceFacts&)) {
  const auto wiring =
      WiringOfTwo([change](ServiceFacts& server, ServiceFacts&, CallFacts&) { change(server); });
  return NoteOf(*TableOf(wiring).services()->Get(0));
}

TEST(WhyStuckTest, EachWayOfNotGettingOnHasItsWords) {
  EXPECT_EQ(Note([](ServiceFacts&) {}), "");
  EXPECT_EQ(Note([](ServiceFacts& service) {
              service.stopped = true;
              service.silent = true;
              service.pid = 42;
            }),
            "is stopped by a signal; try: kill -CONT 42");
  EXPECT_EQ(Note([](ServiceFacts& service) { service.silent = true; }),
            "does not answer: a handler or its main function does not come back");
  EXPECT_EQ(Note([](ServiceFacts& service) {
              service.oldest = "a.B/C";
              service.oldest_ns = kLongNs;
            }),
            "has had a.B/C under way for 1s");
  EXPECT_EQ(Note([](ServiceFacts& service) {
              service.oldest = "a.B/C";
              service.oldest_ns = kLongNs - 1;
            }),
            "");
  EXPECT_EQ(Note([](ServiceFacts& service) {
              service.state = init::State::Waiting;
              service.waits_for = {"kv", "log\x1b[2J"};
            }),
            "waits for kv, log\\x1b[2J");
  EXPECT_EQ(Note([](ServiceFacts& service) {
              service.state = init::State::Pausing;
              service.pause_ns = 1'600'000'000;
              service.ending = "exited with 1";
            }),
            "starts again in 1.6s: it exited with 1");
}

}  // namespace
}  // namespace jackfield
