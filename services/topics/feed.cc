#include "services/topics/feed.h"

#include "kernel/base/text.h"
#include "kernel/base/units.h"

namespace jackfield::topics {

Feed::Feed(TopicSet& set, ServerCall& call, const Request& request)
    : set_(set),
      call_(call),
      pattern_(request.pattern()->str()),
      backlog_(request.when_full(), request.items(), request.bytes()),
      begins_behind_(set.sequence()),
      missed_before_(0),
      wants_last_values_(request.last_values()) {
  if (request.after_epoch() == set.epoch()) {
    missed_before_ = set.book_.CountBehind(pattern_, request.after_sequence());
    seen_up_to_ = request.last_values_after();
  } else if (request.after_epoch() != 0) {
    missed_before_ = std::nullopt;
  }
  set_.patterns_.Add(pattern_, *this);
  set_.feeds_.PushBack(*this);
  ++set_.subscribers_;
}

Feed::~Feed() { --set_.subscribers_; }

bool Feed::Push(const Publication& publication) {
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
      return ItemPayload(std::move(last), 0, true);
    wants_last_values_ = false;
  }
  std::optional<Backlog<Publication>::Next> next = backlog_.Pop();
  if (!next.has_value()) return std::nullopt;
  ++delivered_;
  return ItemPayload(std::move(next->item), next->missed, false);
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
          .missed = backlog_.missed()};
}

}  // namespace jackfield::topics
