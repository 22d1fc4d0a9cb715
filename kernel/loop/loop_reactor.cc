// What a loop waits with: its first reactor, the one that takes over when the system refuses, and
// the end of a loop that can wait for nothing more.
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/loop.h"

namespace jackfield {
namespace {

constexpr uint32_t kReactorsMax = 16;        // one after the other
constexpr uint32_t kMailRefusalsMax = 1000;  // a pause lies between two
constexpr useconds_t kPauseUs = 1000;

// The process has one stderr, and may have many nodes.
void SayOnceThatEpollTakesOver(std::string_view why) {
  static std::atomic<bool> said{false};
  if (said.exchange(true)) return;
  std::fputs(
      Text("jackfield: ", why, "; epoll takes over (everything works, a little slower)\n").c_str(),
      stderr);
}

}  // namespace

absl::Status Loop::Init(LoopOptions::Wait wait) {
  const int event_fd = sys_.EventFd();
  if (event_fd < 0) return SysError(-event_fd, "eventfd");
  mailbox_ = MailboxHandle(new Mailbox(event_fd));
  const char* forced = std::getenv("JACKFIELD_REACTOR");
  if (forced != nullptr && std::string_view(forced) == "epoll") wait = LoopOptions::Wait::kEpoll;
  if (wait != LoopOptions::Wait::kEpoll) {
    absl::StatusOr<std::unique_ptr<Reactor>> reactor = MakeUringReactor(sys_, 256);
    if (reactor.ok()) {
      reactor_ = *std::move(reactor);
      return absl::OkStatus();
    }
    if (wait == LoopOptions::Wait::kUring) return reactor.status();
    SayOnceThatEpollTakesOver(std::string(reactor.status().message()));
  }
  absl::StatusOr<std::unique_ptr<Reactor>> reactor = MakeEpollReactor(sys_);
  if (!reactor.ok()) return reactor.status();
  reactor_ = *std::move(reactor);
  return absl::OkStatus();
}

// The waits go on in another. Returns 0.
int Loop::ReplaceReactor(int error) {
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

void Loop::Fail(absl::Status why) {
  if (!failure_.ok()) return;
  failure_ = std::move(why);
  stopped_ = interrupted_ = true;
  owner_.GiveUp();
}

void Loop::OnMail(int32_t result) {
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

absl::Status Loop::WhyUnusable() const {
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

}  // namespace jackfield
