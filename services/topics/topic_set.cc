#include "services/topics/topic_set.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "services/topics/feed.h"
#include "services/topics/names.h"

namespace jackfield::topics {
namespace {

absl::Status TooManySubscribers() {
  return absl::ResourceExhaustedError(
      Text("there are ", TopicSet::kSubscribersMax,
           " subscribers, which is the limit  try: end some; one with the pattern \"a.>\" may "
           "stand for many with \"a.b\""));
}

}  // namespace

TopicSet::TopicSet(Node& node, Publishers publishers, TopicLog* log)
    : node_(node),
      publishers_(publishers),
      log_(log),
      epoch_(log == nullptr ? EpochOfNow() : log->epoch()),
      book_(log == nullptr ? TopicBook::kNewest : TopicBook::kNewestWithLog) {
  if (log != nullptr) ReadLog();
}
TopicSet::~TopicSet() = default;

// The newest, as many as the book knows. What of it cannot be read is as what is gone from it.
void TopicSet::ReadLog() {
  const uint64_t known = std::min(log_->last(), TopicBook::kNewestWithLog);
  const uint64_t begin = std::max(log_->first(), log_->last() - known + 1);
  book_.BeginBehind(begin - 1);
  TopicLog::Replay replay(*log_, begin);
  while (true) {
    const absl::StatusOr<std::optional<TopicLog::Entry>> entry = replay.Next();
    if (!entry.ok() || !entry->has_value()) break;
    const Publication publication = Make((*entry)->topic, (*entry)->payload, (*entry)->sequence);
    if (!publication) break;
    if (publication.sequence() != book_.sequence() + 1)
      book_.BeginBehind(publication.sequence() - 1);
    book_.Note((*entry)->topic, publication);
  }
  if (book_.sequence() != log_->last()) book_.BeginBehind(log_->last());
}

PortOptions TopicSet::OptionsForPort() {
  PortOptions options;
  options.handlers_max = kSubscribersMax + 1024;
  return options;
}

absl::StatusOr<TopicSet::Result> TopicSet::Publish(std::string_view topic,
                                                   std::span<const std::byte> payload) {
  absl::Status name = CheckTopic(topic);
  if (!name.ok()) return name;
  if (payload.size() > kPayloadBytesMax) {
    return absl::InvalidArgumentError(Text("a payload of ", payload.size(), " bytes for ", topic,
                                           "; ", kPayloadBytesMax, " are the limit"));
  }
  const Publication publication = Make(topic, payload, book_.sequence() + 1);
  if (!publication) {
    return absl::ResourceExhaustedError(
        Text("no message memory for ", payload.size(), " bytes on ", topic,
             ", though no queue and no last value holds any more of it  try: a larger "
             "limits.memory"));
  }
  if (log_ != nullptr) {
    if (absl::Status logged = log_->Append(publication); !logged.ok()) return logged;
  }
  book_.Note(topic, publication);
  Result result{.sequence = publication.sequence()};
  patterns_.ForEach(topic, [&](PatternTree::Entry& entry) {
    ++result.subscribers;
    if (!static_cast<Feed&>(entry).Push(publication)) ++result.full;
  });
  return result;
}

Publication TopicSet::Make(std::string_view topic, std::span<const std::byte> payload,
                           uint64_t sequence) {
  Publication made;
  do {
    made = Publication::Make(node_, topic, payload, sequence, epoch_);
  } while (!made && FreeMemory());
  return made;
}

bool TopicSet::FreeMemory() {
  Feed* longest = nullptr;
  uint64_t bytes = 0;
  for (Feed* feed = feeds_.front(); feed != nullptr; feed = feeds_.next(feed)) {
    if (const uint64_t waits = feed->bytes(); waits > bytes) longest = feed, bytes = waits;
  }
  return longest != nullptr ? longest->GiveUp() : book_.ForgetOldest();
}

Handling TopicSet::Publish(CallOf<Message, Published> call) {
  if (publishers_ == Publishers::kThisProcess) {
    return absl::PermissionDeniedError(
        Text("only ", node_.name(),
             " itself publishes here  try: subscribe, or publish to the "
             "service topics"));
  }
  std::span<const std::byte> payload;
  if (const auto* bytes = call->payload())
    payload = std::as_bytes(std::span(bytes->data(), bytes->size()));
  const absl::StatusOr<Result> result = Publish(call->topic()->string_view(), payload);
  if (!result.ok()) return result.status();
  return call.Reply([&](flatbuffers::FlatBufferBuilder& fbb) {
    return CreatePublished(fbb, result->sequence, epoch_, result->subscribers, result->full);
  });
}

absl::Status TopicSet::CheckRequest(const Request& request) const {
  absl::Status pattern = CheckPattern(request.pattern()->string_view());
  if (!pattern.ok()) return pattern;
  if (request.items() < 1 || request.items() > kItemsMax)
    return absl::InvalidArgumentError(Text("items is 1..", kItemsMax, ", not ", request.items()));
  if (request.bytes() < 1 || request.bytes() > kBytesMax)
    return absl::InvalidArgumentError(Text("bytes is 1..", kBytesMax, ", not ", request.bytes()));
  if (request.when_full() > WhenFull::MAX) {
    return absl::InvalidArgumentError(Text("when_full is 0..", static_cast<int>(WhenFull::MAX),
                                           ", not ", static_cast<int>(request.when_full())));
  }
  if (log_ == nullptr && (request.from() != 0 || request.from_oldest())) {
    return absl::FailedPreconditionError(
        Text(node_.name(),
             " has no log of what was published before  try: to subscribe from now on, or in its "
             "wiring run = [\"topics\", \"--log\", \"DIRECTORY\"]"));
  }
  return absl::OkStatus();
}

Handling TopicSet::Subscribe(ServerStreamOf<Request, Item> call) {
  absl::Status status = CheckRequest(call.request());
  if (!status.ok()) co_return status;
  if (subscribers_ == kSubscribersMax) co_return TooManySubscribers();
  Feed feed(*this, call.call(), call.request());
  call.call().OnCancel([&feed] { feed.Wake(); });
  status = co_await call.Write(
      [&feed](flatbuffers::FlatBufferBuilder& fbb) { return feed.BuildFirst(fbb); });
  while (status.ok() && !call.cancelled() && !call.call().answered()) {
    std::optional<ItemPayload> next = feed.Next();
    if (next.has_value())
      status = co_await call.call().stream()->Write(*std::move(next));
    else if (feed.replays())
      co_await node_.Sleep(1ns);  // others have their turn
    else
      co_await feed.WaitForMore();
  }
  co_return status;
}

Handling TopicSet::List(ServerStreamOf<ListRequest, Subscriber> call) {
  std::vector<Feed::State> states;  // who is listed may go while the caller takes its time
  for (Feed* feed = feeds_.front(); feed != nullptr; feed = feeds_.next(feed))
    states.push_back(feed->state());
  for (const Feed::State& state : states) {
    absl::Status written = co_await call.Write([&](flatbuffers::FlatBufferBuilder& fbb) {
      const auto pattern = fbb.CreateString(state.pattern), name = fbb.CreateString(state.name);
      return CreateSubscriber(fbb, pattern, name, state.pid, state.when_full,
                              static_cast<uint32_t>(state.items), state.bytes, state.delivered,
                              state.missed);
    });
    if (!written.ok()) co_return written;
  }
  co_return absl::OkStatus();
}

}  // namespace jackfield::topics
