// The client's side of topics: a subscription as an object, which outlives the service.
//
//   absl::StatusOr<std::unique_ptr<Subscription>> prices = Subscription::Open(*channel, "shop.>");
//   while (true) {
//     absl::StatusOr<TopicItem> item = co_await (*prices)->Read();               or .Wait()
//     if (!item.ok()) …                                                      it has ended for good
//     if (item->missed() != 0 || !item->missed_is_known()) …         what this program has is old
//     Use(item->topic(), item->payload());
//   }
//
// When the service goes, the subscription waits and goes on with the next instance at its address,
// as the channel does: at once where somebody waits in Read, else at the next Read, and until then
// it is subscribed nowhere. The next item then tells of the gap: a number where the topics have
// lived on (only the connection was lost), else missed_is_known() is false; and the last value of
// each topic that has changed comes again, marked.
//
// Where the topics have a log, the gap is read from there, and only what is gone of it is missed.
//
// In numbers, while they are known: all that is published on the pattern since the first instance
// has taken the subscription is what was read without is_last_value(), plus the sum of missed().
//
// It ends for good when the service ends it (it refuses the pattern; its queue was full and it
// wants to end then), and with its channel.
//
// Thread: the node's. The channel outlives it. It is one call of the channel's calls_max, and what
// has come and was not read counts against the channel's window (SessionLimits): where one of many
// is to be slow, it has a channel of its own.
#ifndef JACKFIELD_SERVICES_TOPICS_SUBSCRIPTION_H_
#define JACKFIELD_SERVICES_TOPICS_SUBSCRIPTION_H_

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "jackfield/channel.h"
#include "jackfield/client.h"
#include "jackfield/task.h"
#include "services/topics/topics_service.h"

namespace jackfield::topics {

// One message. Owns its bytes; must not outlive the node.
class TopicItem {
 public:
  std::string_view topic() const { return item_->topic()->string_view(); }
  // Begins at a multiple of 8. RootOf<T> verifies it where it is a FlatBuffer.
  std::span<const std::byte> payload() const {
    const auto* bytes = item_->payload();
    if (bytes == nullptr) return {};
    return std::as_bytes(std::span(bytes->data(), bytes->size()));
  }
  std::string_view text() const {
    return {reinterpret_cast<const char*>(payload().data()), payload().size()};
  }
  // Its number among all messages of this epoch, of whatever topic.
  uint64_t sequence() const { return item_->sequence(); }
  uint64_t epoch() const { return item_->epoch(); }
  // From before the subscription.
  bool is_last_value() const { return item_->is_last_value(); }
  // So many of the pattern were published and not delivered, between the item before and this one;
  // where that is not known, at least so many.
  uint64_t missed() const { return missed_; }
  bool missed_is_known() const { return missed_is_known_; }

 private:
  friend class Subscription;
  TopicItem(MessageOf<Item> item, uint64_t missed, bool missed_is_known)
      : item_(std::move(item)), missed_(missed), missed_is_known_(missed_is_known) {}
  MessageOf<Item> item_;
  uint64_t missed_;
  bool missed_is_known_;
};

struct SubscriptionOptions {
  WhenFull when_full = WhenFull::DropOldest;
  uint32_t items = 256;      // the bound of the queue at the publisher: 1..65,536
  uint64_t bytes = 1 << 20;  // the same: 1..64 MiB; one message alone may be larger
  bool last_values = true;   // first those of before
  // Where the topics have a log: first what it has from this message on, or from the oldest. What
  // is gone of it is told as missed, but not of kOldest. Else the subscription is refused.
  static constexpr uint64_t kNow = 0, kOldest = UINT64_MAX;
  uint64_t from = kNow;
};

class Subscription {
 public:
  // Returns at once. The service refuses a pattern or a bound in Read.
  // Errors: those of Channel::OpenStream.
  static absl::StatusOr<std::unique_ptr<Subscription>> Open(
      Channel& channel, std::string_view pattern, const SubscriptionOptions& options = {});
  // Who waits for an item goes on in a later part of the turn, with CANCELLED.
  ~Subscription();
  Subscription(const Subscription&) = delete;

  // The next item. One reader at a time; not from within OnBegin. Errors: the service's, DATA_LOSS
  // (what came is no item), the channel's; each is for good. Of Wait() besides: REFUSED inside a
  // handler, CANCELLED when the program is asked to stop.
  class ReadAwaiter;
  ReadAwaiter Read();

  // `told` is called each time an instance of the service has taken the subscription: all that is
  // published from then on comes. While somebody waits in Read. It must not destroy this object.
  void OnBegin(InlineFunction<void()> told) { on_begin_ = std::move(told); }

  const std::string& pattern() const { return pattern_; }
  Node& node() const { return channel_.node(); }

 private:
  Subscription(Channel& channel, std::string_view pattern, const SubscriptionOptions& options)
      : channel_(channel), pattern_(pattern), options_(options) {}
  absl::Status OpenStream();
  Task<absl::StatusOr<TopicItem>> Next();
  bool Begins(const Item& item);  // is it the first of its stream?
  TopicItem ToItem(MessageOf<Item> item);
  bool GoesOn(const absl::Status& end) const;

  Channel& channel_;
  const std::string pattern_;
  const SubscriptionOptions options_;
  InlineFunction<void()> on_begin_;
  uint64_t epoch_ = 0, after_ = 0;  // behind this message it goes on; 0: of none
  uint64_t values_after_ = 0;       // last values up to it have been read, or replaced
  uint64_t missed_ = 0;             // to be told with the next item
  bool missed_is_known_ = true;     // likewise
  bool began_ = false;              // the stream
  absl::Status ended_;
  std::unique_ptr<ClientStream> stream_;
  ReadAwaiter* reader_ = nullptr;
  Task<absl::StatusOr<TopicItem>> next_;  // under way, or taken
};

// Implementation.

class Subscription::ReadAwaiter : public Awaiter<ReadAwaiter> {
 public:
  explicit ReadAwaiter(Subscription& subscription)
      : subscription_(&subscription), node_(subscription.node()) {}
  ~ReadAwaiter() {
    if (subscription_ != nullptr && subscription_->reader_ == this)
      subscription_->reader_ = nullptr;
  }
  bool await_ready();
  bool done() const { return subscription_ == nullptr || subscription_->next_.done(); }
  absl::StatusOr<TopicItem> await_resume();
  Loop& loop() const { return node_; }

 private:
  friend class Subscription;
  Subscription* subscription_;  // null: it was destroyed
  Node& node_;
};

inline Subscription::ReadAwaiter Subscription::Read() { return ReadAwaiter(*this); }

}  // namespace jackfield::topics

#endif  // JACKFIELD_SERVICES_TOPICS_SUBSCRIPTION_H_
