#include "transports/shim/tls/tls_settings.h"

#include <algorithm>

#include "transports/engine/about.h"

namespace jackfield {
namespace {

constexpr std::string_view kKeys[] = {"ca", "cert", "key", "name", "token"};

// "kv.shop" of "kv.shop:7000", "::1" of "[::1]:7000"; "": the target is no host and port.
std::string HostIn(std::string_view target) {
  const size_t colon = target.rfind(':');
  if (colon == std::string_view::npos || target.find('/') != std::string_view::npos) return "";
  const std::string_view port = target.substr(colon + 1);
  if (port.empty() ||
      !std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return "";
  std::string_view host = target.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    host = host.substr(0, host.find('%'));  // a zone is this machine's own
  }
  return std::string(host);
}

}  // namespace

std::span<const std::string_view> TlsSettings::Keys() { return kKeys; }

absl::StatusOr<TlsSettings> TlsSettings::Read(const Address& address) {
  TlsSettings settings;
  const auto read = [&address](std::string_view key, std::string& to) {
    if (const auto value = address.Find(key)) to = *value;
  };
  read("ca", settings.ca);
  read("cert", settings.cert);
  read("key", settings.key);
  read("token", settings.token);
  settings.name = HostIn(address.target());
  read("name", settings.name);
  const bool some = !settings.ca.empty() || !settings.cert.empty() || !settings.key.empty();
  const bool all = !settings.ca.empty() && !settings.cert.empty() && !settings.key.empty();
  if (!settings.token.empty() && some) {
    return absl::InvalidArgumentError(
        About(address, "token is in place of ca, cert and key: say either"));
  }
  if (settings.token.empty() && !all) {
    return absl::InvalidArgumentError(
        About(address,
              "tls needs three files, ?ca=, ?cert= and ?key=, or one that both ends have, ?token= "
              "(transports/shim/tls/README.md makes them)"));
  }
  return settings;
}

}  // namespace jackfield
