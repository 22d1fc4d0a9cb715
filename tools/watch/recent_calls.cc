#include "tools/watch/recent_calls.h"

#include <algorithm>
#include <utility>

#include "kernel/base/text.h"
#include "tools/watch/follow.h"
#include "tools/watch/tools_own.h"

namespace jackfield::watch {
namespace {

class Caller {
 public:
  Caller(const PageCopy& page, const std::map<uint32_t, std::string>& methods)
      : page_(page), methods_(methods) {}

  RecentCall Call(bool made, uint64_t peer_epoch, uint32_t type, int64_t begun_ns) const {
    const auto peer = page_.peers.find(peer_epoch);
    const std::string other = peer == page_.peers.end() ? "?" : Escaped(peer->second);
    const auto method = methods_.find(type);
    RecentCall call;
    call.client = made ? page_.name : other;
    call.server = made ? other : page_.name;
    call.made = made;
    call.method = method == methods_.end() ? Text("type ", type) : Escaped(method->second);
    call.begun_ns = begun_ns;
    return call;
  }

 private:
  const PageCopy& page_;
  const std::map<uint32_t, std::string>& methods_;
};

}  // namespace

std::vector<RecentCall> RecentCalls(const PageCopy& page,
                                    const std::map<uint32_t, std::string>& methods) {
  std::vector<RecentCall> calls;
  const auto add = [&calls](RecentCall call) {
    if (!IsToolsOwn(call.method)) calls.push_back(std::move(call));
  };
  const Caller caller(page, methods);
  Follower follower;
  for (const Event& event : page.events) {
    const Told told = follower.Take(event);
    if (event.kind != FrameKind::Reply || told.took_ns < 0) continue;
    RecentCall call = caller.Call(event.way == FrameWay::kReceived, event.peer_epoch, told.type,
                                  event.realtime_ns - told.took_ns);
    call.answered = true;
    call.took_ns = told.took_ns;
    call.code = event.code;
    add(std::move(call));
  }
  for (const Follower::Open& open : follower.StillOpen())
    add(caller.Call(!open.received, open.peer_epoch, open.type, open.realtime_ns));
  return calls;
}

std::map<uint32_t, std::string> MethodsOf(const std::vector<PageCopy>& pages) {
  std::map<uint32_t, std::string> methods;
  for (const PageCopy& page : pages) methods.insert(page.methods.begin(), page.methods.end());
  return methods;
}

}  // namespace jackfield::watch
