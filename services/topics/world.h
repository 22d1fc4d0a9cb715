// A process with topics and subscribers of its own, for tests.
#ifndef JACKFIELD_SERVICES_TOPICS_WORLD_H_
#define JACKFIELD_SERVICES_TOPICS_WORLD_H_

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jackfield/channel.h"
#include "jackfield/node.h"
#include "services/test_transports.h"
#include "services/topics/subscription.h"
#include "services/topics/topic_set.h"

namespace jackfield::topics {

class World : public testing::TestWithParam<std::string> {
 protected:
  explicit World(TopicSet::Publishers publishers = TopicSet::Publishers::kClients,
                 uint64_t memory_bytes_max = 0) {
    node_ = Node::Create(
                {.name = "test", .registry = &Transports(), .memory_bytes_max = memory_bytes_max})
                .value();
    topics_.emplace(*node_, publishers);
    Serve(GetParam());
  }
  void Serve(const std::string& address) {
    absl::StatusOr<std::unique_ptr<Port>> port =
        Port::Open(*node_, {address}, TopicSet::OptionsForPort());
    ASSERT_TRUE(port.ok()) << port.status();
    port_ = *std::move(port);
    topics_->RegisterOn(*port_);
    ASSERT_TRUE(port_->WaitServing().ok()) << port_->failure();
    address_ = port_->addresses()[0].ToString();
  }
  std::unique_ptr<Channel> NewChannel(ChannelOptions options = {}) {
    std::unique_ptr<Channel> channel = Channel::Open(*node_, address_, std::move(options)).value();
    EXPECT_TRUE(channel->WaitOpen().ok()) << channel->ended_why();
    return channel;
  }
  // Its subscription is in place.
  std::unique_ptr<Subscription> Subscribe(Channel& channel, std::string_view pattern,
                                          const SubscriptionOptions& options = {}) {
    const uint32_t before = topics_->subscribers();
    std::unique_ptr<Subscription> made = Subscription::Open(channel, pattern, options).value();
    EXPECT_TRUE(Until([&] { return topics_->subscribers() == before + 1; }));
    return made;
  }
  template <class Done>
  bool Until(Done done) {
    return node_->RunUntil(done, node_->clock().NowNs() + 60'000'000'000);
  }
  TopicSet::Result Publish(std::string_view topic, std::string_view text) {
    const absl::StatusOr<TopicSet::Result> result =
        topics_->Publish(topic, std::as_bytes(std::span(text)));
    EXPECT_TRUE(result.ok()) << result.status();
    return result.value_or(TopicSet::Result());
  }
  // "a.b=text", with what is said besides: " last", " missed 3", " missed ?"
  static std::string Shown(const absl::StatusOr<TopicItem>& item) {
    if (!item.ok()) return item.status().ToString();
    std::string text = std::string(item->topic()) + "=" + std::string(item->text());
    if (item->is_last_value()) text += " last";
    if (!item->missed_is_known()) text += " missed ?";
    if (item->missed() != 0) text += " missed " + std::to_string(item->missed());
    return text;
  }
  static std::string Next(Subscription& subscription) { return Shown(subscription.Read().Wait()); }

  std::unique_ptr<Node> node_;
  std::optional<TopicSet> topics_;
  std::unique_ptr<Port> port_;
  std::string address_;
};

inline std::string NameOfMedium(const testing::TestParamInfo<std::string>& info) {
  return info.param.substr(0, info.param.find(':'));
}

}  // namespace jackfield::topics

#endif  // JACKFIELD_SERVICES_TOPICS_WORLD_H_
