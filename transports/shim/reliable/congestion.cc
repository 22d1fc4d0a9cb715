#include "transports/shim/reliable/congestion.h"

#include <algorithm>
#include <cmath>

namespace jackfield {
namespace {

constexpr double kBeta = 0.7, kC = 0.4;
// RFC 9438 §4.3: with this growth a Reno-like window that shrinks to β is fair to Reno.
constexpr double kRenoAlpha = 3 * (1 - kBeta) / (1 + kBeta);
constexpr uint64_t kWindowBytesMax = uint64_t{64} << 20;

}  // namespace

Congestion::Congestion(uint32_t packet_bytes_max)
    : packet_bytes_(packet_bytes_max), window_bytes_(uint64_t{kFirstPackets} * packet_bytes_max) {}

void Congestion::BeginEpoch(int64_t now_ns) {
  const double window = static_cast<double>(window_bytes_) / static_cast<double>(packet_bytes_);
  epoch_began_ns_ = now_ns;
  most_packets_ = std::max(most_packets_, window);
  back_seconds_ = std::cbrt((most_packets_ - window) / kC);
  reno_packets_ = window;
}

void Congestion::OnAcked(uint32_t bytes, int64_t sent_ns, int64_t now_ns, int64_t round_trip_ns,
                         bool limited) {
  if (sent_ns <= recovery_began_ns_ || !limited) return;
  if (in_slow_start()) {
    window_bytes_ = std::min(window_bytes_ + bytes, kWindowBytesMax);
    return;
  }
  if (epoch_began_ns_ == 0) BeginEpoch(now_ns);
  const double packet = static_cast<double>(packet_bytes_);
  const double window = static_cast<double>(window_bytes_) / packet;
  const double acked = bytes / packet;
  const double at = static_cast<double>(now_ns - epoch_began_ns_ + round_trip_ns) * 1e-9;
  const double off = at - back_seconds_;
  const double target = std::clamp(kC * off * off * off + most_packets_, window, 1.5 * window);
  reno_packets_ += kRenoAlpha * acked / window;
  const double grown = std::max(window + (target - window) / window * acked, reno_packets_);
  window_bytes_ = std::min(static_cast<uint64_t>(grown * packet), kWindowBytesMax);
}

void Congestion::OnLost(int64_t sent_ns, int64_t now_ns) {
  if (sent_ns <= recovery_began_ns_) return;
  recovery_began_ns_ = now_ns;
  const double window = static_cast<double>(window_bytes_) / static_cast<double>(packet_bytes_);
  // Fast convergence: a window that did not get as far as last time leaves room to others.
  most_packets_ = window < most_packets_ ? window * (1 + kBeta) / 2 : window;
  epoch_began_ns_ = 0;
  window_bytes_ =
      std::max(static_cast<uint64_t>(static_cast<double>(window_bytes_) * kBeta), least_bytes());
  threshold_bytes_ = window_bytes_;
}

void Congestion::OnPersistentCongestion() {
  window_bytes_ = least_bytes();
  recovery_began_ns_ = INT64_MIN;
  epoch_began_ns_ = 0;
}

void Congestion::OnRestart() {
  window_bytes_ = std::min(window_bytes_, uint64_t{kFirstPackets} * packet_bytes_);
  epoch_began_ns_ = 0;
}

}  // namespace jackfield
