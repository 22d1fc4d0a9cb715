#include "transports/shim/tls/tls.h"

#include <map>
#include <mutex>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/engine/about.h"
#include "transports/shim/tls/tls_context.h"
#include "transports/shim/tls/tls_driver.h"
#include "transports/shim/tls/tls_record.h"
#include "transports/shim/tls/tls_settings.h"

namespace jackfield {
namespace {

class TlsShim final : public Shim {
 public:
  std::string_view name() const override { return "tls"; }
  std::span<const std::string_view> keys() const override { return TlsSettings::Keys(); }
  bool secures() const override { return true; }

  absl::StatusOr<Caps> Describe(const Address& address, const Caps& inner) const override {
    if (auto settings = TlsSettings::Read(address); !settings.ok()) return settings.status();
    if (!inner.reply || !inner.ordered || !inner.reliable ||
        inner.frame_bytes_max < TlsRecord::kInnerFrameBytesMin) {
      return absl::InvalidArgumentError(
          About(address,
                "tls needs a medium that goes both ways, keeps order and loses nothing, "
                "with frames of ",
                TlsRecord::kInnerFrameBytesMin,
                " bytes or more; where "
                "it does lose some, write tls+reliable+"));
    }
    Caps caps = inner;
    caps.encrypted = true;
    caps.fds = false;  // TLS carries bytes
    caps.priority_levels = 1;
    caps.frame_bytes_max = kFrameBytesMaxDefault;
    caps.depth_frames = Link::kDepthFrames;
    return caps;
  }

  absl::Status Check(const Address& address, Role role) const override {
    absl::StatusOr<TlsSettings> settings = TlsSettings::Read(address);
    if (!settings.ok()) return settings.status();
    if (role == Role::kConnect && settings->token.empty() && settings->name.empty()) {
      return absl::InvalidArgumentError(
          About(address, "whose certificate is the service to have? Say ?name=, the name in it"));
    }
    return MakeSslContext(*settings, role).status();
  }

  absl::StatusOr<std::unique_ptr<LinkDriver>> Wrap(const Address& address, Role role, Loop& loop,
                                                   std::unique_ptr<LinkDriver> inner,
                                                   const LinkTraits& inner_traits) const override {
    absl::StatusOr<TlsSettings> settings = TlsSettings::Read(address);
    if (!settings.ok()) return settings.status();
    absl::StatusOr<SslContext> context = contexts_.Get(*settings, role);
    if (!context.ok()) return context.status();
    TlsDriver::Setup setup{.context = *std::move(context),
                           .role = role,
                           .wanted = settings->token.empty() ? settings->name : "",
                           .handshakes = HandshakesOf(loop)};
    return std::make_unique<TlsDriver>(loop, std::move(setup), std::move(inner), inner_traits);
  }

 private:
  std::shared_ptr<TlsHandshakes> HandshakesOf(const Loop& loop) const {
    const std::lock_guard lock(mutex_);
    std::erase_if(handshakes_, [](const auto& of) { return of.second.expired(); });
    std::shared_ptr<TlsHandshakes> found = handshakes_[&loop].lock();
    if (found == nullptr) handshakes_[&loop] = found = std::make_shared<TlsHandshakes>();
    return found;
  }

  mutable TlsContexts contexts_;
  mutable std::mutex mutex_;  // a transport is shared by loops; taken once a connection
  mutable std::map<const Loop*, std::weak_ptr<TlsHandshakes>> handshakes_;
};

}  // namespace

std::unique_ptr<Shim> MakeTlsShim() { return std::make_unique<TlsShim>(); }

}  // namespace jackfield
