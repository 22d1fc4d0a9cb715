// One subscriber at its server: what it has yet to get, in order. A part of topic_set.h.
//
// Thread: the node's. Lives in the frame of the handler of its call.
#ifndef JACKFIELD_SERVICES_TOPICS_FEED_H_
#define JACKFIELD_SERVICES_TOPICS_FEED_H_

#include <coroutine>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "jackfield/server.h"
#include "kernel/base/list.h"
#include "services/topics/backlog.h"
#include "services/topics/pattern_tree.h"
#include "services/topics/publication.h"
#include "services/topics/topic_set.h"

namespace jackfield::topics {

class Feed final : public PatternTree::Entry, public ListNode<FeedTag> {
 public:
  // The request has been checked, and lives no longer than this call.
  Feed(TopicSet& set, ServerCall& call, const Request& request);
  ~Feed();

  // A message was published that it wants. True: nothing is missed.
  bool Push(const Publication& publication);
  uint64_t bytes() const { return backlog_.bytes(); }  // that wait
  // Gives up all that waits, as missed, or as the end. False: there was nothing.
  bool GiveUp();

  // What it gets next: last values first, by the names of their topics, then what is in the log,
  // then what is in the queue. nullopt: nothing now; while it replays, in the next turn.
  std::optional<ItemPayload> Next();
  // Does it read the log? What is published then comes from there as well.
  bool replays() const { return replay_.has_value(); }
  // co_await: until there may be something, or the call is cancelled.
  class Wait {
   public:
    explicit Wait(Feed& feed) : feed_(feed) {}
    bool await_ready() const { return feed_.backlog_.items() != 0 || feed_.call_.cancelled(); }
    void await_suspend(std::coroutine_handle<> waiting) {
      feed_.waiting_.Suspend(feed_.call_.node(), waiting);
    }
    void await_resume() const {}

   private:
    Feed& feed_;
  };
  Wait WaitForMore() { return Wait(*this); }
  void Wake() { waiting_.Resume(call_.node()); }

  // The first item: behind which message the subscription begins, and what was missed before it.
  flatbuffers::Offset<Item> BuildFirst(flatbuffers::FlatBufferBuilder& fbb) const;

  struct State {  // for List
    std::string pattern, name;
    int pid = 0;
    WhenFull when_full = WhenFull::DropOldest;
    size_t items = 0;
    uint64_t bytes = 0, delivered = 0, missed = 0;
  };
  State state() const;

 private:
  void End();
  // Of the log: from the message `from` on, or the first one there is.
  void BeginReplay(uint64_t from, bool from_oldest);
  std::optional<ItemPayload> NextOfLog();
  void Miss(uint64_t after, uint64_t up_to);  // the messages of the pattern in (after, up_to]

  TopicSet& set_;
  ServerCall& call_;
  const std::string pattern_;
  Backlog<Publication> backlog_;
  Suspended waiting_;
  uint64_t begins_behind_;   // the number of a message
  uint64_t seen_up_to_ = 0;  // last values up to this number are known to the subscriber
  std::optional<uint64_t> missed_before_;  // nullopt: unknown
  bool wants_last_values_;
  std::string last_value_of_;  // the topic whose last value went out last
  std::optional<TopicLog::Replay> replay_;
  ItemWords replay_words_;  // missed in the log, and not told
  uint64_t delivered_ = 0, missed_in_log_ = 0;
};

}  // namespace jackfield::topics

#endif  // JACKFIELD_SERVICES_TOPICS_FEED_H_
