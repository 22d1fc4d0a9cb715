// The bookkeeping of a generator: what is due, what is out, what waits because no place is free.
// Nothing that was due is skipped: what cannot be sent waits here with the moment at which it was
// due, and its latency counts from there.
//
//   issuer.Due(number, due_ns, now_ns);     when a call is due
//   issuer.SendWaiting(clock);              when there may be room again
//   issuer.Ended(place, status, now_ns);    when one has ended
//
// It knows neither bus nor clock: a Sender sends, and the caller says what time it is, in ns since
// the start of the run.
//
// Thread: one.
#ifndef JACKFIELD_TOOLS_LOAD_ISSUER_H_
#define JACKFIELD_TOOLS_LOAD_ISSUER_H_

#include <cstdint>
#include <deque>
#include <vector>

#include "absl/status/status.h"
#include "tools/load/sheet.h"

namespace jackfield::load {

class Sender {
 public:
  // Sends request `number`, and later calls Issuer::Ended(place, …) once. Errors: REFUSED with
  // kBackPressure: there is no room, it is asked again; any other: the call has ended so, and
  // Issuer::Ended is not called.
  virtual absl::Status Send(uint64_t number, uint32_t place) = 0;

 protected:
  ~Sender() = default;
};

struct IssuerLimits {
  uint32_t out_max = 0;      // calls out at once
  uint64_t waiting_max = 0;  // calls that wait here; more are not sent
};

class Issuer {
 public:
  Issuer(Sender& sender, const Sheet& sheet, IssuerLimits limits)
      : sender_(sender), sheet_(sheet), limits_(limits) {}
  Issuer(const Issuer&) = delete;

  void Due(uint64_t number, int64_t due_ns, int64_t now_ns);
  // Sends what waits as long as there is room, the first that was due first. At most `most`.
  void SendWaiting(int64_t now_ns, uint32_t most);
  void Ended(uint32_t place, const absl::Status& status, int64_t now_ns);
  // The run is over: what waits is not sent, what is out is not answered, and what is told of it
  // afterwards counts no more.
  void GiveUp();

  uint32_t out() const { return out_; }
  uint64_t waiting() const { return waiting_.size(); }

 private:
  struct Call {
    uint64_t number;
    int64_t due_ns, seen_ns, sent_ns;
  };
  bool TrySend(const Call& call, int64_t now_ns);
  uint32_t TakePlace();
  void Count(const Call& call, const absl::Status& status, int64_t now_ns);
  void ShowGauges(int64_t now_ns);

  Sender& sender_;
  const Sheet sheet_;
  const IssuerLimits limits_;
  std::vector<Call> places_;
  std::vector<uint32_t> free_;
  std::deque<Call> waiting_;
  uint32_t out_ = 0;
  bool over_ = false;
};

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_ISSUER_H_
