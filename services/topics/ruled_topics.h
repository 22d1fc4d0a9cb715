// The methods of a TopicSet for clients that the wiring lets do some of it (rules.h).
//
// Thread: the node's. Outlives the port it is registered on.
#ifndef JACKFIELD_SERVICES_TOPICS_RULED_TOPICS_H_
#define JACKFIELD_SERVICES_TOPICS_RULED_TOPICS_H_

#include <utility>

#include "services/topics/rules.h"
#include "services/topics/topic_set.h"

namespace jackfield::topics {

class RuledTopics final : public TopicsService {
 public:
  // topics: outlives it.
  RuledTopics(TopicSet& topics, TopicRules rules) : topics_(topics), rules_(std::move(rules)) {}

  // Errors: those of the TopicSet, and PERMISSION_DENIED by the rules, with which nothing was done.
  Handling Publish(CallOf<Message, Published> call) override {
    const absl::Status may =
        rules_.CheckPublish(call.call().peer_name(), call->topic()->string_view());
    if (!may.ok()) return may;
    return topics_.Publish(call);
  }
  Handling Subscribe(ServerStreamOf<Request, Item> call) override {
    const absl::Status may =
        rules_.CheckSubscribe(call.call().peer_name(), call->pattern()->string_view());
    if (!may.ok()) return may;
    return topics_.Subscribe(call);
  }
  Handling List(ServerStreamOf<ListRequest, Subscriber> call) override {
    return topics_.List(call);
  }

 private:
  TopicSet& topics_;
  const TopicRules rules_;
};

}  // namespace jackfield::topics

#endif  // JACKFIELD_SERVICES_TOPICS_RULED_TOPICS_H_
