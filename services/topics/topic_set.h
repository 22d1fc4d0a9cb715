// Topics of one process: what is published to them goes to all who have subscribed to a pattern of
// them, over whatever medium they have come, and to nobody else.
//
//   TopicSet topics(*node);                                   inside a publisher: no hop between
//   topics.RegisterOn(*port);                                 subscribers come to its port
//   absl::StatusOr<TopicSet::Result> sent = topics.Publish("shop.price.tea", payload);
//
// It is all that the service `topics` is made of as well, whose clients publish, too (topics.h).
// Subscribers use subscription.h.
//
// Publish waits for nobody. Each subscriber has a queue of its own, with the bound and the policy
// that it asked for; one that is slow misses messages, and is told how many with the next one, or
// ends: the others do not notice. With the process goes all, but what is in a log (topic_log.h):
// from there who comes late, or was away, gets what was published before.
//
// Memory: a message lies in the node's message memory once, until the last one has it
// (publication.h). When that memory is used up, the longest queues are emptied first, which counts
// as missed, then the oldest last values are forgotten.
//
// Thread: the node's. Outlives the port it is registered on.
#ifndef JACKFIELD_SERVICES_TOPICS_TOPIC_SET_H_
#define JACKFIELD_SERVICES_TOPICS_TOPIC_SET_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "jackfield/node.h"
#include "jackfield/port.h"
#include "services/topics/pattern_tree.h"
#include "services/topics/topic_book.h"
#include "services/topics/topic_log.h"
#include "services/topics/topics_service.h"

namespace jackfield::topics {

class Feed;
struct FeedTag {};

class TopicSet final : public TopicsService {
 public:
  static constexpr uint32_t kSubscribersMax = 4096;
  // Of what a subscriber may ask for.
  static constexpr uint32_t kItemsMax = 65'536;
  static constexpr uint64_t kBytesMax = 64 << 20;

  // May clients of the port publish? Else it is for this process alone.
  enum class Publishers { kThisProcess, kClients };
  // log: outlives this; null: there is none. Its newest messages (TopicBook::kNewestWithLog) are
  // read here: numbers and last values go on from there.
  explicit TopicSet(Node& node, Publishers publishers = Publishers::kThisProcess,
                    TopicLog* log = nullptr);
  ~TopicSet() override;
  TopicSet(const TopicSet&) = delete;

  // Every subscription is a call under way; with other options a port takes as many as its
  // handlers_max, and the next ones wait.
  static PortOptions OptionsForPort();

  struct Result {
    uint64_t sequence = 0;     // of the message; 1 is the first of this epoch
    uint32_t subscribers = 0;  // that it goes to
    uint32_t full = 0;         // of these: one or more messages are missed, or it has ended
  };
  // Into the log, if there is one, into the queues, and as the last value of the topic. `payload`
  // is copied. Errors, with which nobody gets it and no number was used: INVALID_ARGUMENT
  // (CheckTopic; more than kPayloadBytesMax), RESOURCE_EXHAUSTED (no message memory), and those of
  // the log.
  absl::StatusOr<Result> Publish(std::string_view topic, std::span<const std::byte> payload);

  // Of this object, or of its log: the wall clock when it was made, in microseconds.
  uint64_t epoch() const { return epoch_; }
  uint64_t sequence() const { return book_.sequence(); }  // of the newest message; 0: none
  uint32_t subscribers() const { return subscribers_; }

  // ---- The methods of topics.fbs.

  // Errors: those of Publish above; PERMISSION_DENIED (clients may not).
  Handling Publish(CallOf<Message, Published> call) override;
  // Ends with RESOURCE_EXHAUSTED: there are kSubscribersMax, or its queue is full and it wants to
  // end then. Errors: INVALID_ARGUMENT (CheckPattern, the bounds of the queue),
  // FAILED_PRECONDITION (it wants what was before, and there is no log).
  Handling Subscribe(ServerStreamOf<Request, Item> call) override;
  Handling List(ServerStreamOf<ListRequest, Subscriber> call) override;

 private:
  friend class Feed;
  void ReadLog();
  // An empty one: no message memory, though all was given up that could be.
  Publication Make(std::string_view topic, std::span<const std::byte> payload, uint64_t sequence);
  bool FreeMemory();  // false: there is nothing more to give up
  absl::Status CheckRequest(const Request& request) const;

  Node& node_;
  const Publishers publishers_;
  TopicLog* const log_;
  const uint64_t epoch_;
  TopicBook book_;
  PatternTree patterns_;
  ::jackfield::List<Feed, FeedTag> feeds_;
  uint32_t subscribers_ = 0;
};

}  // namespace jackfield::topics

#endif  // JACKFIELD_SERVICES_TOPICS_TOPIC_SET_H_
