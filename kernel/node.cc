#include "kernel/node.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "absl/status/status.h"
#include "kernel/address.h"
#include "kernel/common_params.h"
#include "kernel/memory_limit.h"
#include "kernel/outcome.h"
#include "kernel/port.h"
#include "kernel/text.h"
#include "kernel/thrown.h"
#include "kernel/transport.h"

namespace jackfield {
namespace {

constexpr int kTimersPerTurn = 256;
constexpr int kResumesPerTurn = 1024;  // so that coroutines that wake each other starve nobody
constexpr int kReadyQueues = 8;        // of links: two are in use on each that works
// A link that stays silent for so many passes while others work is armed and left to the reactor.
constexpr uint32_t kQuietTurnsMax = 16;
// While links are awake, the reactor is asked each so many turns (if it cannot tell for nothing
// whether that pays).
constexpr uint32_t kPollEvery = 16;
// A spin that lasts this much longer between two looks was interrupted: the CPU went to somebody
// else.
constexpr int64_t kPreemptedNs = 500'000;
constexpr int kSpinsPerLook = 8;             // at the clock
constexpr uint32_t kReactorsMax = 16;        // one after the other
constexpr uint32_t kMailRefusalsMax = 1000;  // a pause lies between two
constexpr useconds_t kPauseUs = 1000;

uint64_t RandomEpoch() {
  uint64_t epoch = 0;
  if (getrandom(&epoch, sizeof epoch, 0) != sizeof epoch)
    epoch = static_cast<uint64_t>(SystemClock().NowNs());
  return epoch | 1;  // never 0
}

// On one CPU whoever we wait for needs it. Where there are more, being bound to one says nothing
// about the others: what spinning is worth is then learned.
bool MachineHasOneCpu() { return sysconf(_SC_NPROCESSORS_ONLN) <= 1; }

// The process has one stderr, and may have many nodes.
void SayOnceThatEpollTakesOver(std::string_view why) {
  static std::atomic<bool> said{false};
  if (said.exchange(true)) return;
  std::fputs(
      Text("jackfield: ", why, "; epoll takes over (everything works, a little slower)\n").c_str(),
      stderr);
}

}  // namespace

struct Node::Spawned {
  Task<void> task;
  Node* node;
  Spawned* next;
  Spawned* previous;
};

absl::StatusOr<std::unique_ptr<Node>> Node::Create(NodeOptions options) {
  if (options.registry == nullptr)
    return absl::InvalidArgumentError("a node needs a registry of transports");
  std::unique_ptr<Clock> own_clock;
  if (options.clock == nullptr) {
    own_clock = std::make_unique<SystemClock>();
    options.clock = own_clock.get();
  }
  const NodeOptions::Wait wait = options.wait;
  std::unique_ptr<Node> node(new Node(std::move(options), std::move(own_clock)));
  if (absl::Status status = node->Init(wait); !status.ok()) return status;
  return node;
}

Node::Node(NodeOptions options, std::unique_ptr<Clock> own_clock)
    : name_(options.name.substr(0, 64)),
      epoch_(options.epoch != 0 ? options.epoch : RandomEpoch()),
      registry_(options.registry),
      own_clock_(std::move(own_clock)),
      clock_(options.clock),
      sys_(options.seam),
      blocks_(options.memory_bytes_max != 0 ? options.memory_bytes_max : DefaultMemoryBytes(),
              name_),
      mail_op_([](Op& op, int32_t result) { static_cast<Node*>(op.user)->OnMail(result); }, this),
      may_spin_(!MachineHasOneCpu()),
      spin_(options.spin_ns, may_spin_),
      random_(epoch_ * 0x9e3779b97f4a7c15u),
      thread_(gettid()) {
  awake_.reserve(64);
  deferred_.reserve(64);
  running_.reserve(64);
  now_ns_ = clock_->NowNs();
}

absl::Status Node::Init(NodeOptions::Wait wait) {
  {  // The queues of the first links are there before the first call, and before the first late
     // acknowledgement.
    Block queues[kReadyQueues];
    for (Block& queue : queues) queue = blocks_.Get(Link::kDepthFrames * sizeof(FrameRef));
  }
  const int event_fd = sys_.EventFd();
  if (event_fd < 0) return SysError(-event_fd, "eventfd");
  mailbox_ = MailboxHandle(new Mailbox(event_fd));
  const char* forced = std::getenv("JACKFIELD_REACTOR");
  if (forced != nullptr && std::string_view(forced) == "epoll") wait = NodeOptions::Wait::kEpoll;
  if (wait != NodeOptions::Wait::kEpoll) {
    absl::StatusOr<std::unique_ptr<Reactor>> reactor = MakeUringReactor(sys_, 256);
    if (reactor.ok()) {
      reactor_ = *std::move(reactor);
      return absl::OkStatus();
    }
    if (wait == NodeOptions::Wait::kUring) return reactor.status();
    SayOnceThatEpollTakesOver(std::string(reactor.status().message()));
  }
  absl::StatusOr<std::unique_ptr<Reactor>> reactor = MakeEpollReactor(sys_);
  if (!reactor.ok()) return reactor.status();
  reactor_ = *std::move(reactor);
  return absl::OkStatus();
}

Node::~Node() {
  while (spawned_ != nullptr) {
    Spawned* gone = spawned_;
    spawned_ = gone->next;
    delete gone;
  }
  EndLingering();
  if (reactor_ == nullptr) return;
  if (forked()) {  // all of them act on what is the parent's
    for (auto& link : links_) static_cast<void>(link.release());
    static_cast<void>(reactor_.release());
    return;
  }
  for (auto& link : links_) {
    link->SetOwner(nullptr);
    RemoveLink(*link);
  }
  // Two phases: nothing of ours is freed while an operation of the kernel's may refer to it.
  reactor_->Cancel(mail_op_);
  for (int i = 0; i < 100'000 && (!links_.empty() || reactor_->pending() > 0); ++i) {
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
}

absl::Status Node::Run() {
  if (!usable()) return WhyUnusable();
  while (!stopped_) Turn();
  stopped_ = false;
  return Usable();
}

void Node::EndLingering() {
  while (Lingering* lingering = lingering_.front()) delete lingering;
}

absl::Status Node::WhyUnusable() const {
  if (forked()) {
    return Refused(
        Reason::kMisuse,
        "this process is a forked child, and the node is its parent's: make another node "
        "after the fork");
  }
  if (thread_ == gettid()) return failure_;
  return Refused(Reason::kMisuse,
                 Text("the node ", name_, " belongs to thread ", thread_,
                      ", which made it, with its channels and ports, and this is thread ", gettid(),
                      ": make another node here, or hand the work over by handle().Run(…)"));
}

// ---- The reactor's end.

// The waits go on in another. Returns 0.
int Node::ReplaceReactor(int error) {
  const absl::Status refused =
      SysError(error, reactor_->name() == "epoll" ? "epoll_wait" : "io_uring_enter");
  absl::StatusOr<std::unique_ptr<Reactor>> other = refused;
  if (reactors_ < kReactorsMax) other = MakeEpollReactor(sys_);
  if (!other.ok()) {
    usleep(kPauseUs);  // for whoever comes again: it ends its links still
    Fail(MakeStatus(Outcome::kFailed, Reason::kResource,
                    Text("the node ", name_, " cannot wait for anything any more: ",
                         std::string(other.status().message()))));
    return 0;
  }
  SayOnceThatEpollTakesOver(std::string(refused.message()));
  ++reactors_;
  const std::unique_ptr<Reactor> old = std::exchange(reactor_, *std::move(other));
  old->MoveTo(*reactor_);
  return 0;
}

void Node::Fail(absl::Status why) {
  if (!failure_.ok()) return;
  failure_ = std::move(why);
  stopped_ = interrupted_ = true;
  owner_.GiveUp();
}

void Node::OnMail(int32_t result) {
  if (result >= 0) {
    mail_refusals_ = 0;
    uint64_t count;
    sys_.Read(mailbox_->event_fd(), &count, sizeof count);
  } else if (result != -ECANCELED) {
    // Without sleep it goes on; but not for ever.
    usleep(kPauseUs);
    if (++mail_refusals_ < kMailRefusalsMax) return;
    Fail(MakeStatus(Outcome::kFailed, Reason::kResource,
                    Text("the node ", name_, " cannot hear other threads any more: ",
                         std::string(SysError(-result, "wait for its eventfd").message()))));
  }
}

void Node::EndWait(Op& op) {
  if (forked()) op.pending = false;  // it is the parent's
  // Again, if its function has begun it anew: what had come already is told before the end of it.
  while (op.pending) {
    reactor_->Cancel(op);
    Completed(reactor_->Wait(-1));
  }
}

// ---- A turn.

bool Node::Turn(int64_t sleep_until_ns) {
  if (!usable()) [[unlikely]]
    return false;
  in_turn_ = true;
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
  current_call_ = nullptr;
  in_turn_ = false;
  return progress;
}

// Pumps every awake link once. True if any of them did something.
bool Node::Pass(bool resting) {
  bool progress = false;
  ++pass_;
  const size_t count = awake_.size();
  // Those that are woken meanwhile come behind, and are not pumped in this pass.
  for (size_t i = 0, end = count; i < end;) {
    Link& link = *awake_[i];
    const uint32_t before = link.activity_;
    link.Turn(resting);
    current_call_ = nullptr;
    if (link.activity_ == before) {
      if (!resting && !link.closed_) {
        // It stays awake for a while: the next frame is likely to come here. But not to try again
        // what found no memory.
        if (!link.awaits_memory() && (++link.quiet_turns_ < kQuietTurnsMax || count == 1)) {
          ++i;
          continue;
        }
        link.Turn(true);
      }
      link.Rest();
    }
    link.quiet_turns_ = 0;
    if (link.activity_ != before) {
      progress = true;
      ++i;
    } else if (link.woken_) {
      ++i;
    } else {
      link.awake_ = false;
      awake_[i] = awake_[--end];
      awake_[end] = awake_.back();
      awake_.pop_back();
    }
  }
  return progress;
}

// What became ready to be sent after its link's turn still leaves in this one.
void Node::PumpWoken() {
  for (size_t i = 0; i < awake_.size(); ++i) {  // by index: a turn may wake another link
    Link& link = *awake_[i];
    if (!link.woken_) continue;
    const uint32_t before = link.activity_;
    link.Turn(false);
    if (link.activity_ != before) link.quiet_turns_ = 0;
    current_call_ = nullptr;
  }
}

bool Node::RunDeferred() {
  bool any = false;
  for (int left = kResumesPerTurn; left > 0 && !ready_.empty(); --left) {
    Suspended* ready = ready_.PopFront();
    any = true;
    SetCurrentCall(ready->call_);
    try {
      std::exchange(ready->waiting_, nullptr).resume();  // `ready` may be gone after this
    } catch (...) {
      // Of a kind of coroutine that is not ours.
      SayThrown("a coroutine", std::current_exception());
    }
    current_call_ = nullptr;
  }
  if (deferred_.empty()) return any;
  std::swap(deferred_, running_);
  for (InlineFunction<void()>& f : running_) {
    try {
      f();
    } catch (...) {
      SayThrown("a deferred function", std::current_exception());
    }
    current_call_ = nullptr;
  }
  running_.clear();
  return true;
}

bool Node::RunPosted() {
  Posted* posted = mailbox_->Take();
  if (posted == nullptr) return false;
  while (posted != nullptr) {
    Posted* next = posted->next;
    posted->run(*posted);
    posted = next;
  }
  return true;
}

void Node::SleepOrSpin(int64_t sleep_until_ns) {
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

  if (!mail_op_.pending) reactor_->Start(mail_op_, mailbox_->event_fd(), POLLIN);
  mailbox_->PrepareSleep();
  const bool progress = Pass(true) || blocks_.budget().WakeWaiters();
  if (!progress && awake_.empty() && !HasDeferred() && !mailbox_->HasPosts()) {
    // A link that rests may have armed a timer just now: for room that nothing announces.
    const int64_t wake_ns = std::min(sleep_until_ns, timers_.next_ns());
    Completed(
        reactor_->Wait(wake_ns == Timers::kNever ? -1 : std::max<int64_t>(0, wake_ns - now_ns_)));
    if (mail_op_.pending) mail_refusals_ = 0;
  }
  mailbox_->EndSleep();
}

// Looks at the awake links and nothing else, so that an arrival is seen soon. True: something is to
// be done.
bool Node::SpinOnce() {
  ++pass_;
  for (size_t i = 0; i < awake_.size(); ++i) {  // by index: a turn may wake another link
    const uint32_t before = awake_[i]->activity_;
    awake_[i]->Turn(false);
    if (awake_[i]->activity_ != before) return found_work_ = true;
  }
  current_call_ = nullptr;
  return mailbox_->HasPosts() || HasDeferred() ||
         (!reactor_->costs_to_ask() && reactor_->MayHaveCompletions());
}

void Node::Spawn(Task<void> task) {
  auto* spawned = new Spawned{std::move(task), this, spawned_, nullptr};
  if (spawned_ != nullptr) spawned_->previous = spawned;
  spawned_ = spawned;
  Defer([spawned] {
    spawned->task.Start(
        [](void* user) {
          auto* ended = static_cast<Spawned*>(user);
          if (ended->task.threw()) SayThrown("a spawned task", ended->task.thrown());
          if (ended->next != nullptr) ended->next->previous = ended->previous;
          (ended->previous != nullptr ? ended->previous->next : ended->node->spawned_) =
              ended->next;
          delete ended;
        },
        spawned);
  });
}

Link& Node::AddLink(std::unique_ptr<LinkDriver> driver, LinkTraits traits, LinkOwner* owner) {
  links_.push_back(std::make_unique<Link>(*this, std::move(driver), std::move(traits)));
  Link& link = *links_.back();
  link.SetOwner(owner);
  WakeLink(link);
  return link;
}

void Node::RemoveLink(Link& link) {
  link.SetOwner(nullptr);
  link.removed_ = true;
  removed_any_ = true;
  link.StartClose();
  WakeLink(link);
}

void Node::EndOpening(std::unique_ptr<Opening> opening) {
  if (forked()) static_cast<void>(opening.release());
}

void Node::DestroyRemoved() {
  removed_any_ = false;
  for (size_t i = 0; i < links_.size();) {
    Link& link = *links_[i];
    if (!link.removed_) {
      ++i;
    } else if (!link.closed_) {
      removed_any_ = true;
      ++i;
    } else {
      std::erase(awake_, &link);
      links_[i] = std::move(links_.back());
      links_.pop_back();
    }
  }
}

void Node::WakeLink(Link& link) {
  link.woken_ = true;
  if (link.awake_) return;
  link.awake_ = true;
  awake_.push_back(&link);
}

absl::StatusOr<Address> Node::TakeSpin(const Address& address) {
  const absl::StatusOr<std::optional<int64_t>> spin_ns = ReadSpin(address);
  if (!spin_ns.ok()) return spin_ns.status();
  if (*spin_ns) spin_ = Spin(**spin_ns, may_spin_);
  return address.Without("spin");
}

uint64_t Node::NextRandom() {  // xorshift64*
  random_ ^= random_ >> 12;
  random_ ^= random_ << 25;
  random_ ^= random_ >> 27;
  return random_ * 0x2545f4914f6cdd1du;
}

}  // namespace jackfield
