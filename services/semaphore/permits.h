// The books of the semaphore service: which semaphores there are, who holds how many of their
// permits, and who waits. No bus in here.
//
// Granting is in the order of arrival, without exception: who wants much is not overtaken by those
// who want little, so nobody starves. A semaphore comes with the first claim that names it and goes
// with the last; if that one died, it stays, so that the next one is told.
//
// Invariants:
//   1. free = size less the permits of those who hold.
//   2. While somebody waits, there is not enough for the first of those who wait.
//
// Thread: one. Errors are those that a client is told.
#ifndef JACKFIELD_SERVICES_SEMAPHORE_PERMITS_H_
#define JACKFIELD_SERVICES_SEMAPHORE_PERMITS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "kernel/base/inline_function.h"
#include "kernel/base/list.h"

namespace jackfield::semaphore {

class Claim;
struct HolderTag {};

struct SemaphoreState {
  explicit SemaphoreState(uint32_t size) : size(size), free(size) {}
  const uint32_t size;
  uint32_t free;
  bool abandoned = false;  // somebody died holding it, and nobody has been told
  List<Claim, HolderTag> holding, waiting;
  bool claimed() const { return !holding.empty() || !waiting.empty(); }
};

class Permits {
 public:
  static constexpr size_t kNameBytesMax = 200;
  static constexpr uint32_t kSizeMax = 1'000'000;
  static constexpr uint32_t kClaimsMax = 16'384;  // that hold or wait, of all semaphores together

  // Beyond it, those that nobody claims are forgotten: more are never claimed than kClaimsMax.
  static constexpr size_t kSemaphoresMax = 2 * kClaimsMax;

  // The first hold gets fence_first + 1: so that fences grow over restarts too, begin with a clock.
  explicit Permits(uint64_t fence_first) : fence_(fence_first) {}
  Permits(const Permits&) = delete;

  using Semaphores = std::map<std::string, SemaphoreState, std::less<>>;
  const Semaphores& semaphores() const { return semaphores_; }
  uint32_t claims() const { return claims_; }

 private:
  friend class Claim;
  void Grant(SemaphoreState& semaphore);
  void ForgetUnclaimed(std::string_view name, uint32_t size);

  Semaphores semaphores_;
  uint64_t fence_;
  uint32_t claims_ = 0;
};

// What somebody wants or holds. Ends with its life: as abandoned, unless it was given back.
class Claim : public ListNode<HolderTag> {
 public:
  enum class State { kNone, kWaiting, kHolding };
  struct Claimant {
    std::string name;
    int pid = 0;
  };

  Claim(Permits& permits, Claimant who) : permits_(permits), who_(std::move(who)) {}
  ~Claim() { End(How::kAbandoned); }

  // Holds after this, or waits in the queue; once. on_granted is called from inside another claim's
  // end, and must not end one itself.
  // Errors: INVALID_ARGUMENT (the wish makes no sense), FAILED_PRECONDITION (the semaphore has
  // another size), RESOURCE_EXHAUSTED (kClaimsMax).
  absl::Status Enter(std::string_view name, uint32_t wanted, uint32_t size, int64_t now_ns,
                     InlineFunction<void()> on_granted);
  enum class How { kGivenBack, kAbandoned };
  // No longer holds or waits; who is next gets what is free.
  void End(How how);

  State state() const { return state_; }
  bool holds() const { return state_ == State::kHolding; }
  uint32_t wanted() const { return wanted_; }
  uint64_t fence() const { return fence_; }      // of a hold
  bool abandoned() const { return abandoned_; }  // of a hold: see Held in semaphore.fbs
  int64_t entered_ns() const { return entered_ns_; }
  const Claimant& who() const { return who_; }
  // "held by worker (pid 4121), 2 wait in front": of one that waits.
  std::string WhyItWaits() const;

 private:
  friend class Permits;
  Permits& permits_;
  const Claimant who_;
  State state_ = State::kNone;
  Permits::Semaphores::iterator at_;  // unless kNone
  uint32_t wanted_ = 0;
  uint64_t fence_ = 0;
  bool abandoned_ = false;
  int64_t entered_ns_ = 0;
  InlineFunction<void()> on_granted_;
};

}  // namespace jackfield::semaphore

#endif  // JACKFIELD_SERVICES_SEMAPHORE_PERMITS_H_
