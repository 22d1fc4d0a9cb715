#include "services/topics/feed.h"

#include <algorithm>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "services/topics/names.h"

namespace jackfield::topics {
namespace {

constexpr int kRecordsPerTurn = 256;  // of the log, that are looked at; others have theirs

}  // namespace

Feed::Feed(TopicSet& set, ServerCall& call, const Request& request)
    : set_(set),
      call_(call),
      pattern_(request.pattern()->str()),
      backlog_(request.when_full(), request.items(), request.bytes()),
      begins_behind_(set.sequence()),
      missed_before_(0),
      wants_last_values_(request.last_values()) {
  if (request.after_epoch() == set.epoch()) {
    const uint64_t after = request.after_sequence();
    if (set.log_ != nullptr && after <= set.sequence())
      BeginReplay(after + 1, false);
    else
      missed_before_ = set.book_.CountBehind(pattern_, after);
    seen_up_to_ = request.last_values_after();
  } else if (request.after_epoch() != 0) {
    missed_before_ = std::nullopt;
  } else if (request.from() != 0 || request.from_oldest()) {
    BeginReplay(std::min(request.from(), set.sequence() + 1), request.from_oldest());
  }
  set_.patterns_.Add(pattern_, *this);
  set_.feeds_.PushBack(*this);
  ++set_.subscribers_;
}

Feed::~Feed() { --set_.subscribers_; }

void Feed::BeginReplay(uint64_t from, bool from_oldest) {
  const uint64_t first = set_.log_->first();
  const uint64_t begin = from_oldest ? first : std::max(from, first);
  if (!from_oldest) missed_before_ = set_.book_.Count(pattern_, from - 1, begin - 1);
  begins_behind_ = begin - 1;
  replay_.emplace(*set_.log_, begin);
}

void Feed::Miss(uint64_t after, uint64_t up_to) {
  const std::optional<uint64_t> count = set_.book_.Count(pattern_, after, up_to);
  replay_words_.missed += count.value_or(0);
  missed_in_log_ += count.value_or(0);
  if (!count.has_value()) replay_words_.missed_is_unknown = true;
}

std::optional<ItemPayload> Feed::NextOfLog() {
  for (int looked = 0; looked < kRecordsPerTurn; ++looked) {
    const uint64_t expected = replay_->next();
    const absl::StatusOr<std::optional<TopicLog::Entry>> entry = replay_->Next();
    if (!entry.ok() || !entry->has_value()) {
      // All of it; or the rest cannot be read.
      if (expected <= set_.sequence()) Miss(expected - 1, set_.sequence());
      replay_.reset();
      return std::nullopt;
    }
    const uint64_t number = (*entry)->sequence;
    if (number != expected) Miss(expected - 1, number - 1);
    if (!Matches(pattern_, (*entry)->topic)) continue;
    Publication publication = set_.Make((*entry)->topic, (*entry)->payload, number);
    if (!publication) {
      Miss(number - 1, number);
      continue;
    }
    ++delivered_;
    return ItemPayload(std::move(publication), std::exchange(replay_words_, {}));
  }
  return std::nullopt;
}

bool Feed::Push(const Publication& publication) {
  if (replays()) return true;
  const auto pushed = backlog_.Push(publication);
  if (pushed == Backlog<Publication>::Pushed::kEnd) {
    End();
    return false;
  }
  Wake();
  return pushed == Backlog<Publication>::Pushed::kWhole;
}

// Its handler goes on with a stream that has ended, whatever it waits for. What waits is given back
// before: the answer may need the memory.
void Feed::End() {
  if (call_.answered()) return;
  const absl::Status full = absl::ResourceExhaustedError(
      Text("the subscription to ", pattern_, " ends, as it wants to when its queue is full: ",
           backlog_.items(), " messages of ", FormatBytes(backlog_.bytes()),
           " in all wait in it  try: read faster, a longer queue, or when_full=DropOldest"));
  backlog_.DropAll();
  call_.Fail(full).IgnoreError();  // its caller has gone then
  Wake();
}

bool Feed::GiveUp() {
  if (backlog_.items() == 0) return false;
  if (backlog_.when_full() == WhenFull::End) End();
  backlog_.DropAll();
  return true;
}

std::optional<ItemPayload> Feed::Next() {
  if (wants_last_values_) {
    if (Publication last =
            set_.book_.NextValue(pattern_, seen_up_to_, begins_behind_, last_value_of_))
      return ItemPayload(std::move(last), {.is_last_value = true});
    wants_last_values_ = false;
  }
  if (replays()) {
    std::optional<ItemPayload> item = NextOfLog();
    if (item.has_value() || replays()) return item;
  }
  std::optional<Backlog<Publication>::Next> next = backlog_.Pop();
  if (!next.has_value()) return std::nullopt;
  ++delivered_;
  ItemWords words = std::exchange(replay_words_, {});
  words.missed += next->missed;
  return ItemPayload(std::move(next->item), words);
}

flatbuffers::Offset<Item> Feed::BuildFirst(flatbuffers::FlatBufferBuilder& fbb) const {
  return CreateItem(fbb, fbb.CreateString(""), 0, begins_behind_, set_.epoch(),
                    missed_before_.value_or(0), !missed_before_.has_value());
}

Feed::State Feed::state() const {
  const PeerIdentity peer = call_.peer();
  return {.pattern = pattern_,
          .name = call_.peer_name(),
          .pid = peer.known ? static_cast<int>(peer.pid) : 0,
          .when_full = backlog_.when_full(),
          .items = backlog_.items(),
          .bytes = backlog_.bytes(),
          .delivered = delivered_,
          .missed = backlog_.missed() + missed_in_log_};
}

}  // namespace jackfield::topics
