#include "kernel/loop/loop.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>

#include "absl/status/status.h"
#include "kernel/base/thrown.h"
#include "kernel/loop/memory_limit.h"

namespace jackfield {
namespace {

constexpr int kTimersPerTurn = 256;
constexpr int kResumesPerTurn = 1024;  // so that coroutines that wake each other starve nobody
// What is awake and quiet is looked at so often, at most, and then left to the reactor.
constexpr uint8_t kQuietTurnsMax = 16;
constexpr size_t kFewAwake = 8;  // so many are, however seldom that pays
// While anything is awake, a reactor that it costs to ask is asked each so many turns.
constexpr uint32_t kPollEvery = 16;
// A spin that lasts so long between two looks was interrupted: somebody else had the CPU.
constexpr int64_t kPreemptedNs = 500'000;
constexpr int kSpinsPerLook = 8;             // at the clock

uint64_t RandomEpoch() {
  uint64_t epoch = 0;
  if (getrandom(&epoch, sizeof epoch, 0) != sizeof epoch)
    epoch = static_cast<uint64_t>(SystemClock().NowNs());
  return epoch | 1;  // never 0
}

// On one CPU whoever we wait for needs it. With more, what spinning is worth is learned.
bool MachineHasOneCpu() { return sysconf(_SC_NPROCESSORS_ONLN) <= 1; }

}  // namespace

struct Loop::Spawned {
  Task<void> task;
  Loop* loop;
  Spawned* next;
  Spawned* previous;
};

absl::StatusOr<std::unique_ptr<Loop>> Loop::Create(LoopOptions options) {
  const LoopOptions::Wait wait = options.wait;
  std::unique_ptr<Loop> loop(new Loop(std::move(options)));
  if (absl::Status status = loop->Init(wait); !status.ok()) return status;
  return loop;
}

Loop::Loop(LoopOptions options)
    : name_(options.name.substr(0, 64)),
      epoch_(options.epoch != 0 ? options.epoch : RandomEpoch()),
      own_clock_(options.clock == nullptr ? std::make_unique<SystemClock>() : nullptr),
      clock_(options.clock == nullptr ? own_clock_.get() : options.clock),
      sys_(options.seam),
      blocks_(options.memory_bytes_max != 0 ? options.memory_bytes_max : DefaultMemoryBytes(),
              name_),
      mail_op_([](Op& op, int32_t result) { static_cast<Loop*>(op.user)->OnMail(result); }, this),
      may_spin_(!MachineHasOneCpu()),
      spin_(options.spin_ns, may_spin_),
      random_(epoch_ * 0x9e3779b97f4a7c15u),
      thread_(gettid()) {
  awake_.reserve(64);
  deferred_.reserve(64);
  running_.reserve(64);
  now_ns_ = clock_->NowNs();
}

Loop::~Loop() {
  EndSpawned();
  Drain();
}

void Loop::EndSpawned() {
  while (spawned_ != nullptr) {
    Spawned* gone = spawned_;
    spawned_ = gone->next;
    delete gone;
  }
}

void Loop::Drain() {
  if (reactor_ == nullptr) return;
  if (forked()) {  // all of them act on what is the parent's
    for (auto& pumped : pumped_) static_cast<void>(pumped.release());
    static_cast<void>(reactor_.release());
    return;
  }
  // What somebody is still to be told.
  in_turn_ = true;
  for (int left = kResumesPerTurn; left > 0 && RunFunctions();) --left;
  in_turn_ = false;
  for (auto& pumped : pumped_) Remove(*pumped);
  // Two phases: nothing of ours is freed while an operation of the kernel's may refer to it.
  reactor_->Cancel(mail_op_);
  for (int i = 0; i < 100'000 && (!pumped_.empty() || reactor_->pending() > 0); ++i) {
    RunPosted();
    Pass(false);
    // A link may be waiting for a moment, such as the last at which its peer's word can come.
    timers_.FireDue(clock_->NowNs(), kTimersPerTurn);
    DestroyRemoved();
    Completed(reactor_->Wait(1'000'000));
  }
  for (Posted* posted = mailbox_->Shut(); posted != nullptr;) {
    Posted* next = posted->next;
    posted->run(*posted);
    posted = next;
  }
  pumped_.clear();
  reactor_.reset();
}

absl::Status Loop::Run() {
  if (!usable()) return WhyUnusable();
  while (!stopped_) Turn();
  stopped_ = false;
  return Usable();
}

void Loop::EndWait(Op& op) {
  if (forked()) op.pending = false;  // it is the parent's
  // Again, if its function has begun it anew: what had come already is told before the end of it.
  while (op.pending) {
    reactor_->Cancel(op);
    Completed(reactor_->Wait(-1));
  }
}

// ---- A turn.

bool Loop::Turn(int64_t sleep_until_ns) {
  if (!usable()) [[unlikely]]
    return false;
  in_turn_ = true;
  if (sleeps_elsewhere_) {
    sleeps_elsewhere_ = false;
    mailbox_->EndSleep();
    if (mail_op_.pending) mail_refusals_ = 0;
  }
  now_ns_ = clock_->NowNs();
  bool progress = std::exchange(found_work_, false);
  // However busy the links are: others wait for their connections, ends and bells.
  if ((++turns_since_poll_ >= kPollEvery || awake_.empty() || !reactor_->costs_to_ask()) &&
      reactor_->MayHaveCompletions()) {
    turns_since_poll_ = 0;
    progress |= Completed(reactor_->Poll()) > 0;
  }
  progress |= RunPosted();
  progress |= blocks_.budget().WakeWaiters();
  progress |= Pass(false);
  if (timers_.next_ns() <= now_ns_) progress |= timers_.FireDue(now_ns_, kTimersPerTurn) > 0;
  if (HasDeferred()) progress |= RunDeferred();
  if (progress) {
    PumpWoken();
    if (HasDeferred()) RunDeferred();
  }
  if (removed_any_) DestroyRemoved();
  if (progress) {
    if (wait_began_ns_ != 0) {
      spin_.Ended(now_ns_ - wait_began_ns_, wait_budget_ns_, wait_preempted_);
      wait_began_ns_ = 0;
    }
  } else if (sleep_until_ns != kDoNotSleep) {
    SleepOrSpin(sleep_until_ns);
  }
  context_ = nullptr;
  in_turn_ = false;
  return progress;
}

// Pumps all that is awake once. True if any of it did something.
bool Loop::Pass(bool resting) {
  bool progress = false;
  ++pass_;
  const size_t count = awake_.size();
  // What is woken meanwhile comes behind, and is not pumped in this pass.
  for (size_t i = 0, end = count; i < end;) {
    Pumped& pumped = *awake_[i];
    uint32_t before = pumped.activity_;
    pumped.Turn(resting);
    context_ = nullptr;
    const uint8_t patience = count <= kFewAwake ? kQuietTurnsMax : pumped.patience_;
    if (pumped.activity_ != before) {
      progress = true;
      pumped.quiet_turns_ = 0;
      if (patience != 0 || resting || pumped.woken_) {
        ++i;
        continue;
      }
    } else if (!resting && pumped.StaysAwake() &&
               (++pumped.quiet_turns_ < patience || count == 1)) {
      ++i;  // the next frame is likely to come here
      continue;
    }
    if (!resting) {
      before = pumped.activity_;
      pumped.Turn(true);
      context_ = nullptr;
    }
    pumped.quiet_turns_ = 0;
    if (pumped.activity_ != before) {
      progress = true;
      ++i;
      continue;
    }
    pumped.Rest();
    if (pumped.woken_) {
      ++i;
      continue;
    }
    pumped.awake_ = false;
    pumped.rested_pass_ = static_cast<uint32_t>(pass_);
    awake_[i] = awake_[--end];
    awake_[end] = awake_.back();
    awake_.pop_back();
  }
  return progress;
}

// Would it have paid to stay awake? Then it is patient for twice as long as that would have taken,
// else for half as long as before (docs/decisions/0031).
void Loop::LearnPatience(Pumped& woken) const {
  const uint32_t passes = static_cast<uint32_t>(pass_) - woken.rested_pass_;
  woken.patience_ = woken.look_costs_ == 0 ? kQuietTurnsMax
                    : passes <= kQuietTurnsMax
                        ? static_cast<uint8_t>(std::min<uint32_t>(2 * passes, kQuietTurnsMax))
                        : static_cast<uint8_t>(woken.patience_ / 2);
}

// What became ready after its turn still gets another in this one.
void Loop::PumpWoken() {
  for (size_t i = 0; i < awake_.size(); ++i) {  // by index: a turn may wake another
    Pumped& pumped = *awake_[i];
    if (!pumped.woken_) continue;
    const uint32_t before = pumped.activity_;
    pumped.Turn(false);
    if (pumped.activity_ != before) pumped.quiet_turns_ = 0;
    context_ = nullptr;
  }
}

bool Loop::RunDeferred() {
  bool any = false;
  for (int left = kResumesPerTurn; left > 0 && !ready_.empty(); --left) {
    Suspended* ready = ready_.PopFront();
    any = true;
    context_ = ready->context_;
    try {
      std::exchange(ready->waiting_, nullptr).resume();  // `ready` may be gone after this
    } catch (...) {
      // Of a kind of coroutine that is not ours.
      SayThrown("a coroutine", std::current_exception());
    }
    context_ = nullptr;
  }
  return RunFunctions() || any;
}

bool Loop::RunFunctions() {
  if (deferred_.empty()) return false;
  std::swap(deferred_, running_);
  for (InlineFunction<void()>& f : running_) {
    try {
      f();
    } catch (...) {
      SayThrown("a deferred function", std::current_exception());
    }
    context_ = nullptr;
  }
  running_.clear();
  return true;
}

bool Loop::RunPosted() {
  Posted* posted = mailbox_->Take();
  if (posted == nullptr) return false;
  while (posted != nullptr) {
    Posted* next = posted->next;
    posted->run(*posted);
    posted = next;
  }
  return true;
}

void Loop::SleepOrSpin(int64_t sleep_until_ns) {
  if (wait_began_ns_ == 0) {
    wait_began_ns_ = now_ns_;
    wait_budget_ns_ = spin_.BudgetNs();
    wait_preempted_ = false;
    last_look_ns_ = now_ns_;
  }
  const int64_t until_ns = std::min(sleep_until_ns, timers_.next_ns());
  if (now_ns_ - last_look_ns_ > kPreemptedNs) wait_preempted_ = true;
  last_look_ns_ = now_ns_;
  if (until_ns <= now_ns_) return;
  if (now_ns_ - wait_began_ns_ < wait_budget_ns_ && !wait_preempted_) {
    for (int i = 0; i < kSpinsPerLook && !SpinOnce(); ++i) {
    }
    return;
  }
  if (ArmAll()) {
    // A link that rests may have armed a timer just now: for room that nothing announces.
    const int64_t wake_ns = std::min(sleep_until_ns, timers_.next_ns());
    Completed(
        reactor_->Wait(wake_ns == Timers::kNever ? -1 : std::max<int64_t>(0, wake_ns - now_ns_)));
    if (mail_op_.pending) mail_refusals_ = 0;
  }
  mailbox_->EndSleep();
}

// Before a sleep: from here on all that happens wakes the reactor. False: something has happened.
bool Loop::ArmAll() {
  if (!mail_op_.pending) reactor_->Start(mail_op_, mailbox_->event_fd(), POLLIN);
  mailbox_->PrepareSleep();
  const bool progress = Pass(true) || blocks_.budget().WakeWaiters();
  return !progress && awake_.empty() && !HasDeferred() && !mailbox_->HasPosts();
}

bool Loop::PrepareSleep() {
  if (!usable()) return true;  // its turns do nothing
  in_turn_ = sleeps_elsewhere_ = true;
  const bool armed = ArmAll() && reactor_->Flush();
  in_turn_ = false;
  return armed;
}

// Looks at what is awake and nothing else, so that an arrival is seen soon. True: there is work.
bool Loop::SpinOnce() {
  ++pass_;
  for (size_t i = 0; i < awake_.size(); ++i) {  // by index: a turn may wake another
    const uint32_t before = awake_[i]->activity_;
    awake_[i]->Turn(false);
    if (awake_[i]->activity_ != before) return found_work_ = true;
  }
  context_ = nullptr;
  return mailbox_->HasPosts() || HasDeferred() ||
         (!reactor_->costs_to_ask() && reactor_->MayHaveCompletions());
}

void Loop::Spawn(Task<void> task) {
  auto* spawned = new Spawned{std::move(task), this, spawned_, nullptr};
  if (spawned_ != nullptr) spawned_->previous = spawned;
  spawned_ = spawned;
  Defer([spawned] {
    spawned->task.Start(
        [](void* user) {
          auto* ended = static_cast<Spawned*>(user);
          if (ended->task.threw()) SayThrown("a spawned task", ended->task.thrown());
          if (ended->next != nullptr) ended->next->previous = ended->previous;
          (ended->previous != nullptr ? ended->previous->next : ended->loop->spawned_) =
              ended->next;
          delete ended;
        },
        spawned);
  });
}

void Loop::Add(std::unique_ptr<Pumped> pumped) {
  pumped->rested_pass_ = static_cast<uint32_t>(pass_) - kQuietTurnsMax;  // nothing is known of it
  pumped_.push_back(std::move(pumped));
  Wake(*pumped_.back());
}

void Loop::Remove(Pumped& pumped) {
  pumped.removed_ = true;
  removed_any_ = true;
  pumped.End();
  Wake(pumped);
}

void Loop::DestroyRemoved() {
  removed_any_ = false;
  for (size_t i = 0; i < pumped_.size();) {
    Pumped& pumped = *pumped_[i];
    if (!pumped.removed_) {
      ++i;
    } else if (!pumped.ended()) {
      removed_any_ = true;
      ++i;
    } else {
      std::erase(awake_, &pumped);
      pumped_[i] = std::move(pumped_.back());
      pumped_.pop_back();
    }
  }
}

void Loop::Wake(Pumped& pumped) {
  pumped.woken_ = true;
  if (pumped.awake_) return;
  LearnPatience(pumped);
  pumped.awake_ = true;
  awake_.push_back(&pumped);
}

uint64_t Loop::NextRandom() {  // xorshift64*
  random_ ^= random_ >> 12;
  random_ ^= random_ << 25;
  random_ ^= random_ >> 27;
  return random_ * 0x2545f4914f6cdd1du;
}

}  // namespace jackfield
