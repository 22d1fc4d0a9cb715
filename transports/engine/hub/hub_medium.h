// What a medium without connections gives to the hub engine: one endpoint that many peers send to,
// and a way to send to each of them (a datagram socket, a message queue).
//
// The hub makes of it what the kernel wants: a link for each peer. A medium says who a frame came
// from by a key; the hub keeps the table of peers, the memory, the waits and the order of the end.
//
// Thread: the node's, all of it.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_HUB_HUB_MEDIUM_H_
#define JACKFIELD_TRANSPORTS_ENGINE_HUB_HUB_MEDIUM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/base/outcome.h"
#include "kernel/link.h"
#include "kernel/loop/sys.h"

namespace jackfield {

class HubBatch;

// How a medium names a sender: its address, its number in an envelope, or both. At most 39 bytes.
struct HubKey {
  static constexpr uint8_t kBytesMax = 39;
  uint8_t size = 0;
  std::array<uint8_t, kBytesMax> bytes{};

  // False: there is no room for so many.
  bool Append(const void* from, size_t count) {
    if (size + count > kBytesMax) return false;
    std::memcpy(bytes.data() + size, from, count);
    size = static_cast<uint8_t>(size + count);
    return true;
  }
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), size}; }
  friend bool operator==(const HubKey& a, const HubKey& b) { return a.view() == b.view(); }
};
struct HubKeyHash {
  size_t operator()(const HubKey& key) const { return std::hash<std::string_view>()(key.view()); }
};

// Who sent it, by the word of the system. Trivial, as what lies in a batch must be.
struct HubSender {
  bool known = false;
  uint32_t uid = 0;
  uint32_t gid = 0;
  int32_t pid = 0;
};

// One thing that came in. It lies in a slot of a HubBatch, in front of its frame.
struct HubArrival {
  enum class What : uint8_t {
    kNothing,  // not worth a word: the medium dropped it and has counted it
    kFrame,    // of a peer that is known, or dropped as a stray
    kOpens,    // a new peer; `data` is what its medium says in greeting, and goes to Admit
    kRefused,  // to a client: the server will not have it, for `reason`; `data` says it as text
    kCorrupt,  // bytes that no peer of ours sends: ends the peer, if it is known
    kEnds,     // a peer says that it goes
    kGone,     // the system says that a peer has gone; what it sent before may still come
  };
  What what = What::kNothing;
  bool opens_with_frame = false;      // kOpens: `data` is the peer's first frame as well
  Reason reason = Reason::kResource;  // kRefused
  uint8_t fd_count = 0;
  uint32_t bytes = 0;
  std::byte* data = nullptr;  // within the slot, at a multiple of 8
  HubKey from;
  HubSender identity;
  std::array<int, kFdsMax> fds;  // the first fd_count; owned by the hub
};

// What a medium keeps of one peer: its address, a descriptor to answer through. Destroyed when the
// link has ended.
class HubPeer {
 public:
  virtual ~HubPeer() = default;
  // Becomes readable when the peer is gone: a pidfd, a life line. -1: nothing tells (then only its
  // own word or a failed send ends it).
  virtual int watch_fd() const { return -1; }
  // watch_fd() has become readable. False: it only meant that it is time to look, and the peer is
  // there; then the descriptor is not readable any more.
  virtual bool IsGone() { return true; }
  // Becomes writable when there is room again. -1: nothing tells, and the hub tries again by a
  // timer.
  virtual int room_fd() const { return -1; }
};

struct HubAdmission {
  HubKey key;
  std::unique_ptr<HubPeer> peer;
  LinkTraits traits;
};

class HubMedium {
 public:
  virtual ~HubMedium() = default;

  // The largest thing that can arrive, with whatever the medium puts around a frame.
  virtual uint32_t arrival_bytes_max() const = 0;
  // How many arrivals are worth taking in one look.
  virtual uint32_t arrivals_at_once() const { return 64; }

  // ---- Receiving.

  // Becomes readable when something has arrived.
  virtual int readable_fd() const = 0;
  // Takes what has arrived, at most batch.slots() of it, into the slots from 0 on; never blocks.
  // Returns: how many slots are filled; 0: nothing was there; -errno: the endpoint is broken, and
  // with it every peer. What only one peer or one moment is to blame for is not an error here.
  virtual int Receive(HubBatch& batch) = 0;
  // Why all of it ends, when Receive has said `error`. what: for errors, "connect mq:/kv".
  virtual absl::Status WhyBroken(int error, std::string_view what) const {
    return SysError(error, what);
  }
  // Called before the hub waits for readable_fd(). False: do not wait, something is there.
  virtual bool PrepareWait() { return true; }

  // ---- Peers.

  // A new peer, by an arrival of kind kOpens. Takes over arrival's descriptors by setting fd_count
  // to 0. On failure the hub counts it and forgets it; what the peer is told is the medium's own
  // affair.
  virtual absl::StatusOr<HubAdmission> Admit(HubArrival& arrival) = 0;
  // The hub has as many peers as it takes: the medium may say so to this one.
  virtual void RefuseAdmission(HubArrival& arrival, std::string_view why) = 0;

  // Sends frames from the front of link's queue, as many as the medium takes now, and pops them.
  // Returns: 0; -EAGAIN: there is no room for the rest; other -errno: the peer is gone.
  virtual int Send(HubPeer& peer, Link& link) = 0;
  // Tells the peer that its link ends here, where nothing else tells it. False: no room, try again.
  virtual bool SayGoodbye(HubPeer& peer) = 0;

  // The server admits nobody any more: its name may go. Peers that are there stay.
  virtual void CloseDoor() {}

  // ---- A client's beginning.

  enum class Greeted : uint8_t {
    kSent,      // the server's answer will arrive as kOpens or kRefused
    kNoRoom,    // try again a little later
    kAdmitted,  // no answer is needed: Admit is called with an empty arrival
  };
  // Errors: as Transport::Open.
  virtual absl::StatusOr<Greeted> Greet() { return Greeted::kAdmitted; }
  // It has greeted and waits, and is asked every few milliseconds: is there still somebody who
  // could answer? Errors: UNAVAILABLE (the server has died since, or another has its name).
  virtual absl::Status CanBeAnswered() { return absl::OkStatus(); }
  // It has greeted, and goes without having been admitted, as far as it has heard: a server that
  // has admitted it is told, where nothing else tells it.
  virtual void GiveUp() {}
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_HUB_HUB_MEDIUM_H_
