#include "tools/running/situation.h"

#include "gtest/gtest.h"
#include "tools/running/why_stuck.h"
#include "tools/running/wiring_for_tests.h"

namespace jackfield {
namespace {

using Change = void (*)(ServiceFacts& server, ServiceFacts& client, CallFacts& call);

Situation Of(Change change) { return SituationOf(TableOf(WiringOfTwo(change))); }

TEST(SituationTest, ACallIsStuckFromOneSecondOn) {
  const Situation young = Of([](ServiceFacts&, ServiceFacts&, CallFacts& call) {
    call.oldest = "a.B/C";
    call.oldest_ns = kLongNs - 1;
  });
  EXPECT_FALSE(young.channels[0].stuck);
  const Situation old = Of([](ServiceFacts&, ServiceFacts&, CallFacts& call) {
    call.oldest = "a.B/C";
    call.oldest_ns = kLongNs;
  });
  EXPECT_TRUE(old.channels[0].stuck);
  EXPECT_EQ(old.channels[0].because, "") << "nothing is known of the server";
  EXPECT_EQ(old.CountWell(), 2u);
}

TEST(SituationTest, ACallToAStoppedServiceIsStuckHoweverYoungItIs) {
  const Situation situation = Of([](ServiceFacts& server, ServiceFacts&, CallFacts& call) {
    server.stopped = true;
    server.pid = 42;
    call.oldest = "a.B/C";
    call.oldest_ns = 1;
  });
  EXPECT_TRUE(situation.channels[0].stuck);
  EXPECT_EQ(situation.channels[0].because, "stock is stopped by a signal; try: kill -CONT 42");
  EXPECT_EQ(situation.CountWell(), 1u);
}

TEST(SituationTest, OfAClientThatDoesNotTellNothingIsKnown) {
  const Change silent = [](ServiceFacts&, ServiceFacts& client, CallFacts& call) {
    client.silent = true;
    call.sent = 0;
  };
  Situation situation = Of(silent);
  EXPECT_FALSE(situation.channels[0].told);
  Rates rates;
  rates.Fill(situation, kSecondNs);
  rates.Fill(situation, 2 * kSecondNs);
  EXPECT_LT(situation.channels[0].sent_per_s, 0) << "that it sends nothing is not known";
}

TEST(SituationTest, AServiceThatIsNotStartedIsNotWell) {
  const Situation situation = Of([](ServiceFacts& server, ServiceFacts&, CallFacts&) {
    server.state = init::State::Waiting;
    server.waits_for = {"kv"};
  });
  EXPECT_FALSE(situation.services[0].is_well);
  EXPECT_EQ(situation.services[0].note, "waits for kv");
}

}  // namespace
}  // namespace jackfield
