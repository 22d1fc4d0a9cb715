#include "transports/udp/settings.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/link.h"
#include "transports/engine/about.h"
#include "transports/udp/udp.h"

namespace jackfield {
namespace {

constexpr std::string_view kKeys[] = {"plain", "ttl", "iface", "loop"};

bool IsGroup(const std::string& host) {
  in_addr v4;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return IN_MULTICAST(ntohl(v4.s_addr));
  in6_addr v6;
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_MULTICAST(&v6);
}

bool ReadNumber(std::string_view text, int most, int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 0 && number <= most;
}

}  // namespace

absl::StatusOr<UdpSettings> UdpSettings::Read(const Address& address, Role role) {
  if (absl::Status status = address.CheckKeys(kKeys); !status.ok()) return status;
  const auto bad = [&](std::string_view why) {
    return absl::InvalidArgumentError(About(address, why));
  };
  UdpSettings settings;
  settings.plain = address.Find("plain").has_value();
  absl::StatusOr<HostPort> where = HostPort::Read(address, role);
  if (!where.ok()) return where.status();
  settings.where = *std::move(where);
  settings.multicast = IsGroup(settings.where.host);
  for (const std::string_view key : {"ttl", "iface", "loop"}) {
    if (address.Find(key) && !settings.multicast)
      return bad(Text("?", key, " is for multicast groups (224.0.0.0/4, ff00::/8)"));
  }
  if (const auto ttl = address.Find("ttl"); ttl && !ReadNumber(*ttl, 255, settings.ttl))
    return bad("ttl is 0..255");
  if (const auto loop = address.Find("loop")) {
    if (*loop != "on" && *loop != "off") return bad("loop is on or off");
    settings.loop = *loop == "on";
  }
  if (const auto iface = address.Find("iface")) {
    if (iface->empty()) return bad("iface is the name of a network interface, such as lo or eth0");
    settings.iface = *iface;
  }
  // A zone says the same: [ff02::1%eth0].
  if (settings.multicast && !settings.where.zone.empty()) {
    if (!settings.iface.empty() && settings.iface != settings.where.zone)
      return bad("?iface= and the zone name different interfaces");
    settings.iface = std::exchange(settings.where.zone, "");
  }
  const bool here = settings.multicast ? settings.iface == "lo" : settings.where.IsLoopbackByName();
  if (!here && !settings.plain) return settings.NotLoopback(address);
  return settings;
}

absl::Status UdpSettings::NotLoopback(const Address& address) const {
  return MakeStatus(
      Outcome::kRefused, Reason::kPermission,
      Text(address.ToString(), " is not loopback: anyone on the way could read and write; if ",
           "that is meant, say ?plain",
           multicast ? ", and to stay on this machine ?iface=lo" : ""));
}

Caps CapsOf(const UdpSettings& settings, Role role) {
  Caps caps;
  caps.send = !settings.multicast || role == Role::kConnect;
  caps.receive = !settings.multicast || role == Role::kServe;
  caps.reply = !settings.multicast;
  caps.fan_out = settings.multicast;
  caps.multi_host = true;
  caps.frame_bytes_max = kUdpFrameBytesMax;
  caps.depth_frames = Link::kDepthFrames;
  return caps;
}

}  // namespace jackfield
