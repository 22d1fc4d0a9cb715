#include "services/semaphore/permits.h"

#include "kernel/base/text.h"

namespace jackfield::semaphore {

void Permits::Grant(SemaphoreState& semaphore) {
  for (Claim* next; (next = semaphore.waiting.front()) != nullptr;) {
    if (next->wanted_ > semaphore.free) return;
    semaphore.free -= next->wanted_;
    next->Unlink();
    semaphore.holding.PushBack(*next);
    next->state_ = Claim::State::kHolding;
    next->fence_ = ++fence_;
    next->abandoned_ = std::exchange(semaphore.abandoned, false);
    if (next->on_granted_) next->on_granted_();
  }
}

// Those that nobody claims are kept for their mark alone, that their last holder died.
void Permits::ForgetUnclaimed(std::string_view name, uint32_t size) {
  const auto found = semaphores_.find(name);
  if (found != semaphores_.end() && !found->second.claimed() && found->second.size != size) {
    semaphores_.erase(found);
    semaphores_.try_emplace(std::string(name), size).first->second.abandoned = true;
  }
  if (semaphores_.size() < kSemaphoresMax) return;
  std::erase_if(semaphores_, [](const auto& entry) { return !entry.second.claimed(); });
}

absl::Status Claim::Enter(std::string_view name, uint32_t wanted, uint32_t size, int64_t now_ns,
                          InlineFunction<void()> on_granted) {
  if (name.empty() || name.size() > Permits::kNameBytesMax) {
    return absl::InvalidArgumentError(
        Text("the name of a semaphore has 1 to ", Permits::kNameBytesMax, " bytes"));
  }
  if (size == 0 || size > Permits::kSizeMax) {
    return absl::InvalidArgumentError(
        Text("semaphore \"", name, "\": its size is 1 to ", Permits::kSizeMax, ", not ", size));
  }
  if (wanted == 0 || wanted > size) {
    return absl::InvalidArgumentError(
        Text("semaphore \"", name, "\" of ", size, " permits: ", wanted, " of them cannot be had"));
  }
  if (permits_.claims_ >= Permits::kClaimsMax) {
    return absl::ResourceExhaustedError(
        Text("semaphore \"", name, "\": as many hold or wait here as this service takes (",
             Permits::kClaimsMax, ")"));
  }
  permits_.ForgetUnclaimed(name, size);
  const auto [at, made] = permits_.semaphores_.try_emplace(std::string(name), size);
  if (at->second.size != size) {
    return absl::FailedPreconditionError(Text("semaphore \"", name, "\" is there with ",
                                              at->second.size, " permits, not with ", size,
                                              ": all who use it must say the same size"));
  }
  at_ = at;
  state_ = State::kWaiting;
  wanted_ = wanted;
  entered_ns_ = now_ns;
  ++permits_.claims_;
  at_->second.waiting.PushBack(*this);
  permits_.Grant(at_->second);  // not yet told: it sees it itself
  on_granted_ = std::move(on_granted);
  return absl::OkStatus();
}

void Claim::End(How how) {
  if (state_ == State::kNone) return;
  SemaphoreState& semaphore = at_->second;
  Unlink();
  if (state_ == State::kHolding) {
    semaphore.free += wanted_;
    semaphore.abandoned |= how == How::kAbandoned;
  }
  state_ = State::kNone;
  --permits_.claims_;
  permits_.Grant(semaphore);
  if (!semaphore.claimed() && !semaphore.abandoned) permits_.semaphores_.erase(at_);
}

std::string Claim::WhyItWaits() const {
  const SemaphoreState& semaphore = at_->second;
  uint32_t in_front = 0;
  for (const Claim* other = semaphore.waiting.front(); other != this;
       other = semaphore.waiting.next(const_cast<Claim*>(other)))
    ++in_front;
  std::string text = Text("semaphore \"", at_->first, "\": ", semaphore.free, " of ",
                          semaphore.size, " permits are free and ", wanted_, " wanted");
  if (const Claim* holder = semaphore.holding.front()) {
    text += Text("; held by ", Escaped(holder->who_.name));
    if (holder->who_.pid > 0) text += Text(" (pid ", holder->who_.pid, ")");
    if (semaphore.holding.next(const_cast<Claim*>(holder)) != nullptr) text += " and others";
  }
  if (in_front > 0) text += Text("; ", in_front, " wait in front");
  return text;
}

}  // namespace jackfield::semaphore
