// When a call of an idempotent method is made again: the one place that decides it.
//
// Again, at most kRetriesMax times: a call whose service went away, or could not be reached, while
// it was under way (FAILED or IN_DOUBT, with kPeerDied or kUnreachable), as long as its deadline
// has not passed. Never: what was REFUSED, what was answered, what this program gave up itself,
// what came damaged; what would go to a channel that has ended; and a call with descriptors, which
// went with the first try.
//
// The deadline is that of all tries together: CallOptions.timeout or the method's deadline_ms, and
// that of the call being handled. Where neither names one, each try has that of its channel.
//
// How it ends is true of all tries: when one was IN_DOUBT, and none answered, so is the call.
//
// Thread: the node's.
#ifndef JACKFIELD_SERVICES_STUBS_TRIES_H_
#define JACKFIELD_SERVICES_STUBS_TRIES_H_

#include "absl/status/status.h"
#include "kernel/call/channel.h"
#include "services/stubs/route.h"

namespace jackfield {

class Tries {
 public:
  static constexpr int kRetriesMax = 2;

  // options: of all tries, with the defaults of the method.
  Tries(const Route& route, const CallOptions& options) : route_(route), options_(options) {}

  // Where the next try goes, and with which options: it begins now.
  Channel& channel() const { return route_.channel(); }
  CallOptions Begin();

  // A try has ended so. Is there another? Then channel() is where.
  bool Again(const absl::Status& ended);
  // How the call ended, whose last try ended so.
  absl::Status Sum(const absl::Status& last) const;

 private:
  Route route_;
  const CallOptions options_;
  int64_t Now() const { return channel().node().FreshNowNs(); }
  nanoseconds Passed() const { return nanoseconds(Now() - began_ns_); }
  int64_t began_ns_ = 0;  // the first one
  int retries_ = 0;
  absl::Status in_doubt_;  // the first try that was; OK: none
};

}  // namespace jackfield

#endif  // JACKFIELD_SERVICES_STUBS_TRIES_H_
