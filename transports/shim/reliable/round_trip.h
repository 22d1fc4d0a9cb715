// How long the way there and back takes, and so how long to wait for word of a packet.
//
// Smoothed time and variation: RFC 6298 §2 (α = 1/8, β = 1/4), with the least time and the
// receiver's own delay taken off as in RFC 9002 §5.3. The probe timeout: RFC 9002 §6.2.1 (in place
// of RFC 6298's timer, whose least of a second is meant for other paths). Unlike there, the guess
// before the first measurement is 20 ms instead of 333 ms: most peers here are on the same machine
// or in the same building, and what is sent so early is one small packet.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_SHIM_RELIABLE_ROUND_TRIP_H_
#define JACKFIELD_TRANSPORTS_SHIM_RELIABLE_ROUND_TRIP_H_

#include <algorithm>
#include <cstdint>

namespace jackfield {

class RoundTrip {
 public:
  static constexpr int64_t kGuessNs = 20'000'000;
  static constexpr int64_t kGranularityNs = 1'000'000;  // RFC 9002 kGranularity
  static constexpr int64_t kAckDelayMaxNs = 2'000'000;  // of both ends: part of version 1

  // Timeouts before anything was heard that do not back off yet (as Linux'
  // tcp_syn_linear_timeouts): small and few, they harm nobody, and on a bad line a hello has only
  // seconds.
  static constexpr int kLinearTimeouts = 4;

  bool measured() const { return measured_; }
  int64_t smoothed_ns() const { return smoothed_ns_; }
  int64_t variation_ns() const { return variation_ns_; }
  int64_t latest_ns() const { return latest_ns_; }
  int64_t min_ns() const { return min_ns_; }
  int64_t probe_timeout_ns() const {
    return smoothed_ns_ + std::max(4 * variation_ns_, kGranularityNs) + kAckDelayMaxNs;
  }

  // How long to wait for word after so many timeouts without one.
  int64_t backed_off_ns(int timeouts) const {
    if (!measured_) timeouts = std::max(0, timeouts - kLinearTimeouts);
    return probe_timeout_ns() << std::min(timeouts, kBackOffMax);
  }

  void Measure(int64_t sample_ns, int64_t ack_delay_ns) {
    sample_ns = std::max<int64_t>(sample_ns, 0);
    latest_ns_ = sample_ns;
    if (!measured_) {
      measured_ = true;
      // Unlike RFC 9002 §5.3: if the first word of our first packet was lost, a later packet brings
      // it again, and says itself how much later. Without that a connection over a few µs would
      // begin with a timeout of 200 ms, and a loss or two more would outlast a hello.
      sample_ns -= std::min(ack_delay_ns, sample_ns);
      min_ns_ = smoothed_ns_ = sample_ns;
      variation_ns_ = sample_ns / 2;
      return;
    }
    min_ns_ = std::min(min_ns_, sample_ns);
    // A delay that the receiver claims must not make the way shorter than it ever was.
    ack_delay_ns = std::min(ack_delay_ns, kAckDelayMaxNs);
    if (sample_ns >= min_ns_ + ack_delay_ns) sample_ns -= ack_delay_ns;
    const int64_t off_ns =
        smoothed_ns_ > sample_ns ? smoothed_ns_ - sample_ns : sample_ns - smoothed_ns_;
    variation_ns_ = (3 * variation_ns_ + off_ns) / 4;
    smoothed_ns_ = (7 * smoothed_ns_ + sample_ns) / 8;
  }

 private:
  static constexpr int kBackOffMax = 16;
  bool measured_ = false;
  int64_t latest_ns_ = 0, min_ns_ = 0;
  int64_t smoothed_ns_ = kGuessNs, variation_ns_ = kGuessNs / 2;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_RELIABLE_ROUND_TRIP_H_
