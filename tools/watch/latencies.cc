#include "tools/watch/latencies.h"

#include <algorithm>

namespace jackfield::watch {

int64_t QuantileOf(const std::vector<int64_t>& sorted, size_t hundredths) {
  const size_t rank = (sorted.size() * hundredths + 99) / 100;
  return sorted[std::max<size_t>(rank, 1) - 1];
}

void Latencies::Follow(Followed& followed, const PageCopy& page, ByChannel& into) {
  std::map<uint64_t, std::vector<int64_t>> by_peer;
  for (const Event& event : page.events) {
    if (event.number <= followed.seen) continue;
    followed.seen = event.number;
    const Told told = followed.follower.Take(event);
    const bool is_own_call = event.way == FrameWay::kReceived && event.kind == FrameKind::Reply;
    if (is_own_call && told.took_ns >= 0) by_peer[event.peer_epoch].push_back(told.took_ns);
  }
  std::map<std::string, std::vector<int64_t>> by_name;  // one that was started again has two epochs
  for (auto& [epoch, took] : by_peer) {
    const auto peer = page.peers.find(epoch);
    if (peer == page.peers.end()) continue;
    std::vector<int64_t>& all = by_name[peer->second];
    all.insert(all.end(), took.begin(), took.end());
  }
  for (auto& [peer, took] : by_name) {
    std::sort(took.begin(), took.end());
    into[{page.name, peer}] = {took.size(), QuantileOf(took, 50), QuantileOf(took, 99)};
  }
}

ByChannel Latencies::Take(const std::vector<PageCopy>& pages) {
  ByChannel found;
  for (const PageCopy& page : pages) {
    Followed& followed = followed_[page.name];
    if (followed.pid != page.pid) followed = {.pid = page.pid, .follower = {}, .seen = 0};
    Follow(followed, page, found);
  }
  return found;
}

}  // namespace jackfield::watch
