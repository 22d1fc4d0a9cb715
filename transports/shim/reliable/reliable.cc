#include "transports/shim/reliable/reliable.h"

#include <algorithm>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "transports/engine/about.h"
#include "transports/shim/reliable/packet.h"
#include "transports/shim/reliable/reliable_driver.h"

namespace jackfield {
namespace {

constexpr std::string_view kKeys[] = {"idle"};
constexpr int64_t kIdleLeastNs = 100'000'000, kIdleMostNs = int64_t{3600} * 1'000'000'000;
// The least that a session can do with (kernel/caps.h: CallNeeds).
constexpr uint32_t kFrameBytesLeast = 256;

absl::StatusOr<ReliableSettings> Read(const Address& address) {
  ReliableSettings settings;
  if (const auto text = address.Find("idle")) {
    absl::StatusOr<int64_t> idle_ns = ParseDurationNs(*text);
    if (!idle_ns.ok()) return idle_ns.status();
    if (*idle_ns < kIdleLeastNs || *idle_ns > kIdleMostNs)
      return absl::InvalidArgumentError(
          About(address, "idle=", Escaped(*text), " is not within 100ms..1h"));
    settings.idle_ns = *idle_ns;
  }
  return settings;
}

class ReliableShim final : public Shim {
 public:
  std::string_view name() const override { return "reliable"; }
  bool mends() const override { return true; }
  std::span<const std::string_view> keys() const override { return kKeys; }

  absl::StatusOr<Caps> Describe(const Address& address, const Caps& inner) const override {
    if (absl::StatusOr<ReliableSettings> settings = Read(address); !settings.ok())
      return settings.status();
    if (!inner.send || !inner.receive || !inner.reply) {
      return absl::InvalidArgumentError(
          About(address,
                "reliable needs a medium that goes both ways, because what arrived must be "
                "acknowledged to its sender; this one does not"));
    }
    const uint32_t packet_bytes = std::min(inner.frame_bytes_max, ReliableDriver::kPacketBytesMax);
    if (packet_bytes < kFrameBytesLeast + Packet::kHeaderBytesMax) {
      return absl::InvalidArgumentError(
          About(address, "reliable needs frames of ", kFrameBytesLeast + Packet::kHeaderBytesMax,
                " bytes or more; the medium has ", inner.frame_bytes_max));
    }
    Caps caps = inner;
    caps.ordered = caps.reliable = caps.peer_loss = true;
    caps.fds = false;  // a descriptor cannot be sent a second time when the first was lost
    caps.priority_levels = 1;
    caps.frame_bytes_max = ReliableDriver::FrameBytesMax(inner.frame_bytes_max);
    caps.depth_frames = Link::kDepthFrames;
    return caps;
  }

  absl::StatusOr<std::unique_ptr<LinkDriver>> Wrap(const Address& address, Role, Loop& loop,
                                                   std::unique_ptr<LinkDriver> inner,
                                                   const LinkTraits& inner_traits) const override {
    absl::StatusOr<ReliableSettings> settings = Read(address);
    if (!settings.ok()) return settings.status();
    return std::make_unique<ReliableDriver>(loop, *settings, std::move(inner), inner_traits);
  }
};

}  // namespace

std::unique_ptr<Shim> MakeReliableShim() { return std::make_unique<ReliableShim>(); }

}  // namespace jackfield
