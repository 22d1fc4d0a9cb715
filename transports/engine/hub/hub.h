// The hub engine: media without connections, where one endpoint receives from many peers. The hub
// reads the endpoint, and hands each frame to the driver of its peer: to the kernel every peer is a
// link of its own, and an Opening is a source of links as with sockets. docs/decisions/0005 says
// why.
//
//   endpoint ── Read ──▶ HubBatch ──▶ the queue of each peer ──▶ HubDriver::Pump ──▶ its Link
//   peer     ◀── HubMedium::Send ─────────────────────────────── HubDriver::Pump ◀── its Link
//
// Whichever link is awake reads for all; when all rest, one wait on the endpoint serves all.
//
// What is bounded, and what happens at the bound:
//   peers_max        one more is refused, and counted; on a medium where nothing tells that a peer
//                    has gone (silent_ns), it gets the place of the one that was silent longest
//   peer_bytes_max   queued for one peer that does not take it: on a lossy medium what follows is
//                    dropped and counted; on a reliable one the endpoint is not read until it has
//                    been taken (its own queue then fills, and pushes back at every sender)
//   kBatchesMax      batches that hold untaken frames, of all peers: the endpoint is not read until
//                    one has been taken (on a lossy medium the system then drops what does not fit)
//   a quarter of the node's memory  in those batches; with none at all the endpoint is not read
//                    until there is some
//
// Invariants:
//   1. A driver is in the table from its admission until it is told to close or its end is known.
//   2. A batch is freed when references is 0; each frame in a peer's queues holds one.
//   3. Nothing calls the sink but Chores(), a timer's; so never from inside Open, Pump or Close.
//
// Thread: the node's. The hub lives until its opening and its last driver are gone and no operation
// refers to it; then it deletes itself.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_HUB_HUB_H_
#define JACKFIELD_TRANSPORTS_ENGINE_HUB_HUB_H_

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kernel/link.h"
#include "kernel/loop/loop.h"
#include "kernel/loop/reactor.h"
#include "kernel/loop/timers.h"
#include "kernel/transport.h"
#include "transports/engine/hub/hub_batch.h"
#include "transports/engine/hub/hub_medium.h"

namespace jackfield {

class HubDriver;

struct HubLimits {
  uint32_t peers_max = 4096;
  uint32_t peer_bytes_max = 4 << 20;
  bool reliable = true;  // the medium loses nothing, so neither may the hub
  // Who has been silent for so long may have gone without a word, and gives way to a new peer when
  // there is no place left. 0: nobody goes unnoticed.
  int64_t silent_ns = 0;
};

struct HubCounters {
  uint64_t strays = 0;   // frames of nobody we know: stale ones of an instance that is gone
  uint64_t refused = 0;  // peers that were not admitted
  uint64_t dropped = 0;  // frames over peer_bytes_max (lossy media only)
};

// Serves at the medium's endpoint; `actual` is reported to the sink.
std::unique_ptr<Opening> MakeHubServer(Loop& loop, LinkSink& sink,
                                       std::unique_ptr<HubMedium> medium, HubLimits limits,
                                       Address actual);
// Greets the server, and produces one link when it has answered. what: for errors, "connect
// mq:/kv".
std::unique_ptr<Opening> MakeHubClient(Loop& loop, LinkSink& sink,
                                       std::unique_ptr<HubMedium> medium, HubLimits limits,
                                       std::string what);

class Hub : private MemoryWaiter {
 public:
  static constexpr uint32_t kBatchesMax = 16;

  Hub(Loop& loop, LinkSink& sink, std::unique_ptr<HubMedium> medium, HubLimits limits, Role role,
      Address actual, std::string what);
  Hub(const Hub&) = delete;

  // ---- For the opening.
  void StopAdmitting();  // the opening is gone, and with it the sink

  // ---- For the drivers.
  void Join() { ++users_; }
  void Leave();  // the hub may be gone after this
  enum class Looked : uint8_t { kSomething, kNothing, kBlocked };
  // Looks at the endpoint once and hands out what is there.
  Looked Read();
  // A look that took all there was is enough in a pass, for all: what came after it is for the
  // next.
  bool DrainedInThisPass() const { return drained_in_pass_ == loop_.pass(); }
  // Sees to it that an arrival will be noticed though all rest. False: something is there already.
  bool Arm();
  void Forget(HubDriver& driver);  // what still comes for it is a stray
  void Release(HubSlot& slot);     // its frame has been taken
  void NoteFull(int change) { full_peers_ += change; }
  HubMedium& medium() const { return *medium_; }
  const HubLimits& limits() const { return limits_; }
  Loop& loop() const { return loop_; }

  const HubCounters& counters() const { return counters_; }

 private:
  ~Hub() override;
  HubBatch* NewBatch();
  void OnMemory() override;
  void Dispatch(HubSlot& slot);
  void Learn(uint32_t got);
  void Open(HubSlot& slot);
  bool HasPlace();  // for one more peer; perhaps by ending one
  void AddDriver(HubAdmission admission);
  void Chores();
  void DoChores();
  void Greet();
  void HandOver();
  void FailOpening(absl::Status why);
  void NoteRefused(absl::Status why);
  void OnReady(int32_t result);
  void LookForAll();  // while all rest
  void Break(int error);
  void ListenInItsPlace();
  void FinishIfUnused();

  Loop& loop_;
  LinkSink* sink_;  // null: the opening is gone, or has been told its end
  const std::unique_ptr<HubMedium> medium_;
  const HubLimits limits_;
  const Role role_;
  const Address actual_;
  const std::string what_;

  Op read_op_;
  Timer chores_;
  uint32_t users_ = 0;  // the opening, the drivers, and who is just calling the sink
  bool began_ = false, admitted_any_ = false, broken_ = false, starved_ = false;
  int64_t give_up_ns_ = 0;  // a client: until then the server must have answered
  absl::Status opening_failed_;
  absl::Status refused_;  // the last client that was, and that the sink has not been told of

  std::unordered_map<HubKey, HubDriver*, HubKeyHash> peers_;
  std::vector<std::pair<std::unique_ptr<HubDriver>, LinkTraits>> admitted_;  // not handed over yet
  HubBatch* spare_ = nullptr;
  uint32_t held_batches_ = 0;
  uint64_t drained_in_pass_ = 0;
  uint32_t got_last_ = 0;  // by the last look
  uint64_t alone_ = 0;     // looks that found one thing, since one found or was followed by more
  int full_peers_ = 0;
  int64_t all_heard_until_ns_ = 0;  // before it nobody has been silent for silent_ns
  HubCounters counters_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_HUB_HUB_H_
