#include "tools/web/metrics.h"

#include "gtest/gtest.h"

namespace jackfield::web {
namespace {

constexpr uint64_t kStock = 7;

class MetricsTest : public ::testing::Test {
 protected:
  MetricsTest() {
    moment_.wiring = "shop";
    moment_.situation.services = {
        {.name = "stock", .state = init::State::Ready, .note = "", .is_well = true, .handled = 12},
        {.name = "orders", .state = init::State::Ready, .note = "", .is_well = true}};
    Situation::Channel channel;
    channel.client = "orders";
    channel.role = "kv";
    channel.server = "stock";
    channel.over = "shm";
    channel.told = true;
    channel.sent = 40;
    channel.in_doubt = 2;
    moment_.situation.channels = {channel};
  }
  bool Has(const std::string& line) const {
    return ("\n" + MetricsText(moment_)).find("\n" + line) != std::string::npos;
  }
  Moment moment_;
};

TEST_F(MetricsTest, CountersAreThoseThatServicesKeep) {
  const std::string labels =
      "{wiring=\"shop\",client=\"orders\",role=\"kv\",server=\"stock\",over=\"shm\"";
  EXPECT_TRUE(Has("jackfield_wiring_up{wiring=\"shop\"} 1\n"));
  EXPECT_TRUE(
      Has("jackfield_service_messages_handled_total{wiring=\"shop\",service=\"stock\"} 12\n"));
  EXPECT_TRUE(Has("jackfield_channel_messages_sent_total" + labels + "} 40\n"));
  EXPECT_TRUE(Has("jackfield_channel_messages_total" + labels + ",outcome=\"in_doubt\"} 2\n"));
  EXPECT_TRUE(
      Has("jackfield_service_state{wiring=\"shop\",service=\"stock\",state=\"ready\"} 1\n"));
  EXPECT_TRUE(
      Has("jackfield_service_state{wiring=\"shop\",service=\"stock\",state=\"ended\"} 0\n"));
}

TEST_F(MetricsTest, WhatAServiceDoesNotTellIsNoZero) {
  moment_.situation.services[0].silent = true;
  moment_.situation.services[0].is_well = false;
  moment_.situation.channels[0].told = false;
  EXPECT_TRUE(Has("jackfield_service_up{wiring=\"shop\",service=\"stock\"} 0\n"));
  EXPECT_TRUE(Has("jackfield_service_silent{wiring=\"shop\",service=\"stock\"} 1\n"));
  EXPECT_FALSE(Has("jackfield_service_messages_handled_total{wiring=\"shop\",service=\"stock\"}"))
      << "a counter that falls would be one that began anew";
  EXPECT_FALSE(Has("jackfield_channel_messages_sent_total"));
}

TEST_F(MetricsTest, OfRecentCallsEachHasItsMethodAndStatus) {
  watch::PageCopy page;
  page.name = "orders";
  page.peers[kStock] = "stock";
  page.methods[3] = "shop.Stock/Reserve";
  for (uint64_t i = 1; i <= 4; ++i) {
    page.events.push_back({.number = 2 * i - 1,
                           .realtime_ns = 0,
                           .way = FrameWay::kSent,
                           .kind = FrameKind::Request,
                           .frame_bytes = 100,
                           .type = 3,
                           .call_id = i,
                           .peer_epoch = kStock});
    page.events.push_back({.number = 2 * i,
                           .realtime_ns = static_cast<int64_t>(i) * 1000,
                           .way = FrameWay::kReceived,
                           .kind = FrameKind::Reply,
                           .code = static_cast<uint8_t>(i == 4 ? 5 : 0),
                           .frame_bytes = 50,
                           .call_id = i,
                           .peer_epoch = kStock});
  }
  moment_.pages = {page};
  const std::string labels =
      "{wiring=\"shop\",client=\"orders\",server=\"stock\",method=\"shop.Stock/Reserve\"";
  EXPECT_TRUE(Has("jackfield_recent_calls" + labels + ",status=\"OK\"} 3\n"))
      << MetricsText(moment_);
  EXPECT_TRUE(Has("jackfield_recent_calls" + labels + ",status=\"NOT_FOUND\"} 1\n"));
  EXPECT_TRUE(Has("jackfield_recent_call_seconds" + labels + ",quantile=\"0.5\"} 0.000002000\n"));
  EXPECT_TRUE(Has("jackfield_recent_call_seconds" + labels + ",quantile=\"0.99\"} 0.000004000\n"));
  EXPECT_TRUE(Has("jackfield_recent_bytes{wiring=\"shop\",service=\"orders\",way=\"sent\"} 400\n"));
  EXPECT_TRUE(Has("jackfield_service_messages_total{wiring=\"shop\",service=\"orders\"} 8\n"));
}

TEST_F(MetricsTest, AWiringThatIsNotUpIsZero) {
  moment_.trouble = "shop is not up";
  EXPECT_EQ(MetricsText(moment_),
            "# HELP jackfield_wiring_up 1 if the wiring is up and answers.\n"
            "# TYPE jackfield_wiring_up gauge\n"
            "jackfield_wiring_up{wiring=\"shop\"} 0\n");
}

}  // namespace
}  // namespace jackfield::web
