#include "tools/watch/follow.h"

#include <algorithm>

namespace jackfield::watch {

Told Follower::Take(const Event& event) {
  const bool received = event.way == FrameWay::kReceived;
  Told told;
  told.type = event.type;
  switch (event.kind) {
    case FrameKind::OneWay:
      told.what = "sends";
      return told;
    case FrameKind::Request: {
      told.what = "calls";
      if (open_.size() == kOpenMax) {
        open_.erase(std::min_element(open_.begin(), open_.end(), [](const auto& a, const auto& b) {
          return a.second.number < b.second.number;
        }));
      }
      open_[{event.peer_epoch, received, event.call_id}] = {event.type, event.realtime_ns,
                                                            event.number};
      return told;
    }
    case FrameKind::Reply: {
      told.what = "answers";
      told.by_caller = false;
      const auto call = open_.find({event.peer_epoch, !received, event.call_id});
      if (call == open_.end()) return told;
      told.type = call->second.type;
      told.took_ns = event.realtime_ns - call->second.realtime_ns;
      open_.erase(call);
      return told;
    }
    case FrameKind::Cancel:
    case FrameKind::Item:
    case FrameKind::ItemsEnd: {
      told.what = event.kind == FrameKind::Item     ? "item"
                  : event.kind == FrameKind::Cancel ? "cancels"
                                                    : "items end";
      // Both ends of a stream send items: whoever has begun the call is the caller.
      auto call = open_.find({event.peer_epoch, received, event.call_id});
      if (call == open_.end()) {
        call = open_.find({event.peer_epoch, !received, event.call_id});
        told.by_caller = call == open_.end();
      }
      told.type = call == open_.end() ? 0 : call->second.type;
      if (event.kind == FrameKind::Cancel && call != open_.end()) open_.erase(call);
      return told;
    }
    default: {
      told.what = "ends";
      told.by_caller = !received;
      std::erase_if(open_,
                    [&](const auto& call) { return std::get<0>(call.first) == event.peer_epoch; });
      return told;
    }
  }
}

std::vector<Follower::Open> Follower::StillOpen() const {
  std::vector<std::pair<uint64_t, Open>> found;
  for (const auto& [key, begun] : open_) {
    const auto& [peer, received, call] = key;
    found.push_back({begun.number, {peer, received, begun.type, begun.realtime_ns}});
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Open> open;
  for (const auto& [number, one] : found) open.push_back(one);
  return open;
}

}  // namespace jackfield::watch
