// The medium of `sim:`: names, connections and frames under way, all inside one thread, all decided
// by a seed.
//
// A frame that its sender's link hands over is copied into a block of the receiving node's pool,
// with the moment at which it will have arrived. The receiving end has a timer of its own node for
// that moment, so the medium needs no loop and no clock: it works on a virtual clock that a
// SimWorld advances, and on the real one.
//
// Thread: one at a time. The first to serve or connect owns the medium until the last end is gone;
// another thread is refused meanwhile (Enter).
#ifndef JACKFIELD_TRANSPORTS_SIM_SIM_MEDIUM_H_
#define JACKFIELD_TRANSPORTS_SIM_SIM_MEDIUM_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "transports/engine/seeded.h"

namespace jackfield {

class Loop;
class SimEnd;
class SimListener;

// What the address of a connection says.
struct SimSettings {
  bool seeded = false;
  uint64_t seed = 0;
  DurationRange delay{1'000, 50'000};
  uint32_t depth_frames = 256;  // under way or unread in one direction
};

class SimMedium {
 public:
  static constexpr uint32_t kDepthFramesMax = 1024;

  explicit SimMedium(uint64_t seed) : random_(seed) {}
  SimMedium(const SimMedium&) = delete;

  // FNV-1a (64 bits) over every frame that has arrived: when, from whom, to whom, its bytes. The
  // same seed and the same program give the same hash.
  uint64_t trace_hash() const { return trace_hash_; }
  uint64_t frames_arrived() const { return frames_arrived_; }

  // ---- Faults. A connection is named by its place among those that live, 0..connections()-1,
  // oldest first.

  enum class InFlight : uint8_t { kArrives, kIsLost };
  size_t connections() const;
  bool Joins(size_t connection, const Loop& a, const Loop& b) const;
  // Both ends see the loss of their peer; what is under way arrives before, or is lost.
  void Cut(size_t connection, InFlight in_flight);
  // Nothing arrives in either direction before `until_ns`.
  void Stall(size_t connection, int64_t until_ns);
  // The node will be destroyed without a word: from now on it sends nothing, and its peers see the
  // loss.
  void Crash(const Loop& loop, InFlight in_flight);
  // No new connection between the two before `until_ns`, and nothing arrives on those there are.
  void Partition(const Loop& a, const Loop& b, int64_t until_ns);
  // Connections that were lost by Cut or Crash so far.
  uint64_t losses() const { return losses_; }

  // ---- For the transport.
  // Each Enter that succeeded is followed by one Leave. Errors: FAILED_PRECONDITION (another thread
  // is inside).
  absl::Status Enter();
  void Leave();
  Random& random() { return random_; }
  SimListener* Find(const std::string& target) const;
  void Add(const std::string& target, SimListener& listener);  // Requires: nobody serves there
  void Remove(const std::string& target);
  std::string NewTarget();
  bool Parted(const Loop& a, const Loop& b, int64_t now_ns) const;
  void AddEnd(SimEnd& end);
  void RemoveEnd(SimEnd& end);
  void NoteArrival(int64_t now_ns, uint64_t from_epoch, const Loop& to,
                   std::span<const std::byte> frame);

 private:
  struct Part {  // between two nodes, by their epochs
    uint64_t a;
    uint64_t b;
    int64_t until_ns;
  };
  void Hash(std::span<const std::byte> bytes);

  Random random_;
  std::map<std::string, SimListener*> listeners_;
  std::vector<SimEnd*> ends_;  // of each connection the client's, then the server's; oldest first
  std::vector<Part> parts_;
  uint64_t targets_made_ = 0;
  uint64_t losses_ = 0;
  uint64_t frames_arrived_ = 0;
  uint64_t trace_hash_ = 14695981039346656037u;

  std::mutex thread_mutex_;  // of the next two only: threads that are to be refused may ask at the
                             // same time
  std::thread::id thread_;
  size_t users_ = 0;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SIM_SIM_MEDIUM_H_
