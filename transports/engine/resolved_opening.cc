#include "transports/engine/resolved_opening.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/mailbox.h"
#include "transports/engine/about.h"

namespace jackfield {
namespace {

std::atomic<int> lookups{0};  // a process has one resolver; counts its threads, publishes nothing

class ResolvedOpening;

// Held by the opening and by the thread, later the mailbox; the last to let go deletes it.
struct Lookup : Posted {
  ResolveHost resolve;
  MailboxHandle loop;
  ResolvedOpening* owner = nullptr;  // of the node's thread; null: nobody waits any more
  absl::StatusOr<InternetNames> names = absl::UnknownError("not asked yet");  // until it is posted
  std::atomic<int> holders{2};  // its last change publishes all of the above to who deletes it

  void LetGo() {
    if (holders.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
};

class ResolvedOpening final : public Opening {
 public:
  ResolvedOpening(LinkSink& sink, OpenAtNames open) : sink_(sink), open_(std::move(open)) {}
  ~ResolvedOpening() override { Forget(); }

  absl::Status Start(Loop& loop, const Address& address, ResolveHost resolve) {
    if (lookups.fetch_add(1, std::memory_order_relaxed) >= kLookupsMax) {
      lookups.fetch_sub(1, std::memory_order_relaxed);
      return Refused(Reason::kUnreachable,
                     About(address, "this process is looking up ", kLookupsMax,
                           " names already; does a name server answer (resolv.conf(5))?"));
    }
    lookup_ = new Lookup;
    lookup_->resolve = std::move(resolve);
    lookup_->loop = loop.handle();
    lookup_->owner = this;
    lookup_->run = [](Posted& posted) { OnFound(static_cast<Lookup&>(posted)); };
    if (StartThread(*lookup_)) return absl::OkStatus();
    lookups.fetch_sub(1, std::memory_order_relaxed);
    lookup_->LetGo();  // for the thread that there is not
    return MakeStatus(Outcome::kRefused, Reason::kResource,
                      About(address, "no thread to look up the name of the host (ulimit -u, ",
                            "pids.max); a number needs none"));
  }

 private:
  static bool StartThread(Lookup& lookup) {
    // The program's signals are the business of its own threads.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    const int error = pthread_create(&thread, &detached, Run, &lookup);
    pthread_attr_destroy(&detached);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return error == 0;
  }

  static void* Run(void* user) {
    auto& lookup = *static_cast<Lookup*>(user);
    lookup.names = lookup.resolve();
    lookups.fetch_sub(1, std::memory_order_relaxed);
    const MailboxHandle loop = lookup.loop;  // outlives the lookup, which the node may delete
    if (!loop->Post(lookup)) lookup.LetGo();
    return nullptr;
  }

  static void OnFound(Lookup& lookup) {
    ResolvedOpening* const owner = lookup.owner;
    const absl::StatusOr<InternetNames> names = std::move(lookup.names);
    lookup.LetGo();
    if (owner == nullptr) return;
    owner->Forget();
    if (!names.ok()) return owner->sink_.OnOpenFailed(names.status());
    absl::StatusOr<std::unique_ptr<Opening>> opened = owner->open_(*names, owner->sink_);
    // Last: the sink may destroy the opening.
    if (!opened.ok()) return owner->sink_.OnOpenFailed(opened.status());
    owner->opening_ = *std::move(opened);
  }

  void Forget() {
    if (lookup_ == nullptr) return;
    lookup_->owner = nullptr;
    std::exchange(lookup_, nullptr)->LetGo();
  }

  LinkSink& sink_;
  const OpenAtNames open_;
  Lookup* lookup_ = nullptr;  // under way
  std::unique_ptr<Opening> opening_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Opening>> OpenResolved(Loop& loop, LinkSink& sink,
                                                      const Address& address, const HostPort& where,
                                                      ResolveHost resolve, OpenAtNames open) {
  if (where.Number()) {
    const absl::StatusOr<InternetNames> names = resolve();
    if (!names.ok()) return names.status();
    return open(*names, sink);
  }
  auto opening = std::make_unique<ResolvedOpening>(sink, std::move(open));
  if (absl::Status status = opening->Start(loop, address, std::move(resolve)); !status.ok())
    return status;
  return opening;
}

}  // namespace jackfield
