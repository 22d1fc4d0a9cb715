#include "services/once/window.h"

#include <algorithm>

#include "kernel/base/text.h"
#include "kernel/base/units.h"

namespace jackfield::once {
namespace {

absl::Status NobodyKnows(const Key& key, std::string_view why) {
  return absl::AbortedError(Text("whether deed ", key.number(),
                                 " of this client was done is not known here, since ", why,
                                 "; it was not done now  try: look before you do it again"));
}

}  // namespace

Window::~Window() {
  for (auto& [name, known] : known_) {
    while (Waiter* waiter = known.waiters.PopFront())
      waiter->OnEnd({absl::CancelledError("the service ends")});
  }
}

Window::Begun Window::Begin(const Key& key, int64_t now_ns, Deed& deed, End& end) {
  while (Known* old = oldest_first_.front()) {
    if (now_ns - old->ended_ns < limits_.keeps.count()) break;
    Erase(*old);
  }
  const Name name(key.client(), key.number());
  if (const auto found = known_.find(name); found != known_.end()) {
    if (found->second.runs) return Begun::kRuns;
    end = found->second.end;
    return Begun::kEnded;
  }
  if (key.again() && now_ns - forgot_ns_ < limits_.keeps.count()) {
    end = {NobodyKnows(key, Text("keys are forgotten of ", FormatDurationNs(now_ns - forgot_ns_),
                                 " ago and before"))};
    return Begun::kRefused;
  }
  if (known_.size() >= limits_.keys_max) {
    if (oldest_first_.empty()) {
      end = {absl::ResourceExhaustedError(
          Text("all ", limits_.keys_max, " keys are of deeds that are under way (keys_max)"))};
      return Begun::kRefused;
    }
    Forget(now_ns);
  }
  const auto made = known_.try_emplace(name).first;
  made->second.name = &made->first;
  deed.window_ = this;
  deed.name_ = name;
  deed.began_ns_ = now_ns;
  return Begun::kNow;
}

void Window::Await(const Key& key, Waiter& waiter) {
  known_.find(Name(key.client(), key.number()))->second.waiters.PushBack(waiter);
}

void Window::EndDeed(const Name& name, End end, int64_t now_ns) {
  Known& known = known_.find(name)->second;
  known.runs = false;
  known.ended_ns = now_ns;
  while (Waiter* waiter = known.waiters.PopFront()) waiter->OnEnd(end);
  if (end.answer.size() > limits_.answer_bytes_max) {
    end = {absl::AlreadyExistsError(
        Text("deed ", name.second, " of this client was done; its answer of ", end.answer.size(),
             " bytes was too long to be kept (", limits_.answer_bytes_max, ")"))};
  }
  bytes_ += end.answer.size();
  known.end = std::move(end);
  oldest_first_.PushBack(known);
  while (bytes_ > limits_.bytes_max) Forget(now_ns);
}

// The oldest of those that have ended, before its time.
void Window::Forget(int64_t now_ns) {
  forgot_ns_ = now_ns;
  Erase(*oldest_first_.front());
}

void Window::Erase(Known& known) {
  bytes_ -= known.end.answer.size();
  known_.erase(known_.find(*known.name));
}

void Window::Deed::Lost() {
  End({absl::AbortedError(
          Text("deed ", name_.second, " of this client was begun, and how it ended is not known"))},
      began_ns_);
}

}  // namespace jackfield::once
