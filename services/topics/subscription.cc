#include "services/topics/subscription.h"

#include <optional>

#include "jackfield/outcome.h"
#include "jackfield/payload.h"
#include "kernel/base/text.h"

namespace jackfield::topics {
namespace {

constexpr nanoseconds kAgain = 100ms;  // where the next attempt might fail like the last

const Method& TheMethod() { return TopicsMethods::kSubscribe; }

}  // namespace

absl::StatusOr<std::unique_ptr<Subscription>> Subscription::Open(
    Channel& channel, std::string_view pattern, const SubscriptionOptions& options) {
  std::unique_ptr<Subscription> made(new Subscription(channel, pattern, options));
  if (absl::Status status = made->OpenStream(); !status.ok()) return status;
  return made;
}

Subscription::~Subscription() {
  if (reader_ == nullptr) return;
  reader_->subscription_ = nullptr;
  reader_->Resume();
}

// It waits in the channel until that is open.
absl::Status Subscription::OpenStream() {
  const auto request = [this](flatbuffers::FlatBufferBuilder& fbb) {
    const uint64_t from = epoch_ == 0 ? options_.from : SubscriptionOptions::kNow;
    const bool oldest = from == SubscriptionOptions::kOldest;
    fbb.Finish(CreateRequest(fbb, fbb.CreateString(pattern_), options_.when_full, options_.items,
                             options_.bytes, options_.last_values, epoch_, after_, values_after_,
                             oldest ? 0 : from, oldest));
  };
  CallOptions options;
  options.detached = true;  // of whichever call is being handled now
  absl::StatusOr<std::unique_ptr<ClientStream>> stream =
      channel_.OpenStream(TheMethod().type, Build(request), options);
  if (!stream.ok()) return stream.status();
  stream_ = *std::move(stream);
  began_ = false;
  return absl::OkStatus();
}

Task<absl::StatusOr<TopicItem>> Subscription::Next() {
  while (ended_.ok()) {
    if (stream_ == nullptr) {
      const absl::Status status = OpenStream();
      if (ReasonOf(status) == Reason::kBackPressure)
        co_await node().Sleep(kAgain);
      else if (!status.ok())
        ended_ = status;
      continue;
    }
    std::optional<::jackfield::Message> message = co_await stream_->Read();
    if (message.has_value()) {
      absl::StatusOr<MessageOf<Item>> item =
          MessageOf<Item>::Verified(*std::move(message), TheMethod(), Way::kReply, node());
      if (!item.ok())
        ended_ = item.status();
      else if (!Begins(**item))
        co_return ToItem(*std::move(item));
      continue;
    }
    const absl::StatusOr<::jackfield::Message> end = co_await stream_->Finish();
    stream_.reset();
    if (!GoesOn(end.status()))
      ended_ =
          end.ok()
              ? absl::UnavailableError(Text("the service has ended the subscription to ", pattern_))
              : end.status();
    else if (!began_)
      co_await node().Sleep(kAgain);
  }
  stream_.reset();
  co_return ended_;
}

bool Subscription::Begins(const Item& item) {
  if (began_) return false;
  began_ = true;
  missed_ += item.missed();
  if (item.missed_is_unknown()) missed_is_known_ = false;
  if (std::exchange(epoch_, item.epoch()) != item.epoch()) values_after_ = 0;
  after_ = item.sequence();
  if (on_begin_) on_begin_();
  return true;
}

TopicItem Subscription::ToItem(MessageOf<Item> item) {
  if (!item->is_last_value()) values_after_ = after_ = item->sequence();
  const uint64_t missed = std::exchange(missed_, 0) + item->missed();
  const bool is_known = std::exchange(missed_is_known_, true) && !item->missed_is_unknown();
  return TopicItem(std::move(item), missed, is_known);
}

// Did it end because the service has gone, or says that it goes?
bool Subscription::GoesOn(const absl::Status& end) const {
  if (!channel_.ended_why().ok() || OutcomeOf(end) == Outcome::kOk) return false;
  const Reason reason = ReasonOf(end);
  return reason == Reason::kPeerDied || reason == Reason::kUnreachable ||
         reason == Reason::kClosed || reason == Reason::kBackPressure;
}

bool Subscription::ReadAwaiter::await_ready() {
  Subscription& self = *subscription_;
  if (!self.next_) {  // else one that was begun for a reader who has gone
    self.next_ = self.Next();
    self.next_.Start(
        [](void* user) {
          ReadAwaiter* reader = static_cast<Subscription*>(user)->reader_;
          if (reader != nullptr) reader->Resume();
        },
        &self);
  }
  if (done()) return true;
  self.reader_ = this;
  return false;
}

absl::StatusOr<TopicItem> Subscription::ReadAwaiter::await_resume() {
  if (subscription_ == nullptr) return absl::CancelledError("the subscription was destroyed");
  absl::StatusOr<TopicItem> item = subscription_->next_.TakeResult();
  subscription_->next_ = {};
  return item;
}

}  // namespace jackfield::topics
