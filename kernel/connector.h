// Connections for a client: opens an address, again and again after growing, jittered pauses, until
// one of them has come to a session; anew when its service has gone; and elsewhere when it is told
// so. What it brings it hands over, and hears what became of it.
//
// Here is the place for what will choose an address anew for each attempt: a name.
//
// Thread: the node's. Ownership: its user's, which outlives it or names another one.
#ifndef JACKFIELD_KERNEL_CONNECTOR_H_
#define JACKFIELD_KERNEL_CONNECTOR_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "kernel/address.h"
#include "kernel/loop/timers.h"
#include "kernel/node.h"
#include "kernel/transport.h"

namespace jackfield {

class Connector final : private LinkSink {
 public:
  // While somebody is in a hurry the pauses are at most one and a half times this, so that a
  // service that has come is found within 100 ms; later, one and a half times the second.
  static constexpr int64_t kPauseNs = 50'000'000;
  static constexpr int64_t kIdlePauseNs = 1'000'000'000;
  static constexpr int64_t kHurryNs = 10'000'000'000;
  // A session that lasted so long begins the pauses anew; a service that lets clients in only to
  // lose them meets longer ones.
  static constexpr int64_t kSettledNs = 1'000'000'000;

  // From the loop, never from inside a function of the Connector. `why` is REFUSED, with the code
  // of the last attempt.
  class User {
   public:
    virtual void OnConnection(std::unique_ptr<LinkDriver> driver, LinkTraits traits) = 0;
    // No further attempt will be made.
    virtual void OnNoConnection(const absl::Status& why) = 0;

   protected:
    ~User() = default;
  };

  // An attempt ends after `attempt_ns`, if the first ones have no limit that is later.
  Connector(Node& node, Address address, int64_t attempt_ns, User& user);
  ~Connector() override;
  void SetUser(User& user) { user_ = &user; }

  // The first time: tries until `until_ns`, as long as nobody is there (UNAVAILABLE).
  void Start(int64_t until_ns);
  // The service was there, and has gone for `why`: tries for as long as it is not stopped, also
  // when the service or this machine has no room (RESOURCE_EXHAUSTED).
  void StartAgain(const absl::Status& why);
  // What it brought has come to nothing, for `why`: the next attempt, or the end.
  void TryAgain(absl::Status why);
  // What it brought has become a session.
  void Opened();
  // Somebody waits for a connection.
  void Hurry();
  // Another address from the next attempt on, which StartNow makes. Ends one that is under way.
  void GoTo(Address address);
  void StartNow();
  // No attempt is under way, and none is due.
  bool idle() const { return phase_ == Phase::kIdle; }
  void Stop();

  const Address& address() const { return address_; }
  // Why there is none yet; OK before the first attempt has failed.
  const absl::Status& last_failure() const { return last_failure_; }

 private:
  enum class Phase : uint8_t { kIdle, kAttempt, kPause, kEnd };

  void OnServing(const Address&) override {}
  void OnLink(std::unique_ptr<LinkDriver> driver, LinkTraits traits) override;
  void OnOpenFailed(absl::Status why) override { TryAgain(std::move(why)); }
  void OnTimer();
  void Attempt();
  void Arm(Phase phase, int64_t due_ns);
  void Pause(int64_t now_ns);

  Node& node_;
  Address address_;
  const int64_t attempt_ns_;
  User* user_;
  std::unique_ptr<Opening> opening_;
  Phase phase_ = Phase::kIdle;
  bool again_ = false;
  int64_t until_ns_ = 0;  // of the first attempts
  int64_t pause_ns_ = kFirstPauseNs;
  int64_t hurry_until_ns_ = 0;
  int64_t opened_ns_ = 0;
  absl::Status gone_why_, last_failure_, end_why_;
  Timer timer_;

  static constexpr int64_t kFirstPauseNs = 1'000'000;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_CONNECTOR_H_
