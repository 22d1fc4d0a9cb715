// How many bytes may be under way: CUBIC.
//
// Growth and decrease: RFC 9438 (β 0.7, C 0.4, fast convergence, the Reno-friendly region). Slow
// start, recovery periods and persistent congestion as RFC 9002 §7.3 and §7.6 put them: at most one
// decrease for what was sent before the last one; nothing grows in recovery, nor while the
// application, not the window, is what limits (§7.8). After a rest of more than a second the
// window begins small again (RFC 5681 §4.1). The least window is four packets where RFC 9002 says
// two: with fewer than four under way a loss is only ever found by a timeout.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_SHIM_RELIABLE_CONGESTION_H_
#define JACKFIELD_TRANSPORTS_SHIM_RELIABLE_CONGESTION_H_

#include <cstdint>

namespace jackfield {

class Congestion {
 public:
  static constexpr uint32_t kFirstPackets = 10;
  static constexpr uint32_t kLeastPackets = 4;

  explicit Congestion(uint32_t packet_bytes_max);

  uint64_t window_bytes() const { return window_bytes_; }
  bool in_slow_start() const { return window_bytes_ < threshold_bytes_; }

  // A packet that counted as under way has arrived. limited: the window, not the application, is
  // what held sending back.
  void OnAcked(uint32_t bytes, int64_t sent_ns, int64_t now_ns, int64_t round_trip_ns,
               bool limited);
  // Packets were lost, the youngest of them sent at `sent_ns`.
  void OnLost(int64_t sent_ns, int64_t now_ns);
  // Everything that was sent over several probe timeouts was lost.
  void OnPersistentCongestion();
  // Sending begins again after a rest.
  void OnRestart();

 private:
  uint64_t least_bytes() const { return uint64_t{kLeastPackets} * packet_bytes_; }
  void BeginEpoch(int64_t now_ns);

  const uint64_t packet_bytes_;
  uint64_t window_bytes_;
  uint64_t threshold_bytes_ = UINT64_MAX;
  int64_t recovery_began_ns_ = INT64_MIN;  // what was sent before it is beyond decreasing for
  // RFC 9438 §4.1, in packets and seconds.
  int64_t epoch_began_ns_ = 0;  // 0: none
  double most_packets_ = 0;     // W_max
  double back_seconds_ = 0;     // K
  double reno_packets_ = 0;     // W_est
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_RELIABLE_CONGESTION_H_
