#include "kernel/registry.h"

#include <algorithm>

#include "kernel/base/text.h"
#include "kernel/frame.h"
#include "kernel/loop/loop.h"

namespace jackfield {
namespace {

constexpr uint32_t kShimsMax = 3;  // put in front of an address unasked
constexpr uint32_t kOverheadBytesMax = kHeaderBytes + kExtensionBytesMax;

// Stands between a shim's user and the transport below: wraps each link on its way up.
class ShimOpening final : public Opening, public LinkSink {
 public:
  ShimOpening(const Shim& shim, const Address& address, Role role, Caps caps, Loop& loop,
              LinkSink& up)
      : shim_(shim), address_(address), role_(role), caps_(caps), loop_(loop), up_(up) {}

  void SetInner(std::unique_ptr<Opening> inner) { inner_ = std::move(inner); }

  void OnServing(const Address& actual) override {
    Address outer = address_.WithTarget(actual.target());
    for (const auto& [key, value] : actual.params()) outer = outer.With(key, value);
    up_.OnServing(outer);
  }
  void OnLink(std::unique_ptr<LinkDriver> driver, LinkTraits traits) override {
    absl::StatusOr<std::unique_ptr<LinkDriver>> wrapped =
        shim_.Wrap(address_, role_, loop_, std::move(driver), traits);
    if (!wrapped.ok()) return up_.OnOpenFailed(wrapped.status());
    traits.caps = caps_;
    traits.provides_tx =
        false;  // the shim's link takes its memory from the pool, whatever is behind it
    traits.description = Text(shim_.name(), "+", traits.description);
    up_.OnLink(*std::move(wrapped), std::move(traits));
  }
  void OnOpenFailed(absl::Status status) override { up_.OnOpenFailed(std::move(status)); }
  void OnRefused(const absl::Status& why) override { up_.OnRefused(why); }
  bool MakeRoom() override { return up_.MakeRoom(); }

 private:
  const Shim& shim_;
  const Address address_;
  const Role role_;
  const Caps caps_;
  Loop& loop_;
  LinkSink& up_;
  std::unique_ptr<Opening> inner_;
};

absl::Status UnknownShim(const Registry& registry, std::string_view name) {
  std::vector<std::string_view> known;
  for (const auto& shim : registry.shims()) known.push_back(shim->name());
  const std::string said = Text("\"", Escaped(name), "+\" is not a shim");
  for (const auto& transport : registry.transports()) {
    if (transport->scheme() == name)
      return absl::InvalidArgumentError(Text(said, " but a transport, and stands last"));
  }
  const std::string_view nearest = Nearest(name, known);
  return absl::InvalidArgumentError(nearest.empty()
                                        ? Text(said, "; there are ", Listed(known))
                                        : Text(said, "; did you mean \"", nearest, "+\"?"));
}

}  // namespace

void Registry::AddAlias(std::string alias, std::string scheme, std::string prefix) {
  aliases_.push_back({std::move(alias), std::move(scheme), std::move(prefix)});
}

absl::StatusOr<Address> Registry::Parse(std::string_view text) const {
  absl::StatusOr<Address> address = Address::Parse(text);
  if (!address.ok()) return address;
  for (const Alias& alias : aliases_) {
    if (alias.alias != address->scheme()) continue;
    Address resolved(alias.scheme, alias.prefix + address->target());
    for (const auto& [key, value] : address->params()) resolved = resolved.With(key, value);
    for (auto shim = address->shims().rbegin(); shim != address->shims().rend(); ++shim)
      resolved = resolved.WithOuterShim(*shim);
    address = std::move(resolved);
    break;
  }
  for (const std::string& shim : address->shims()) {
    if (FindShim(shim) == nullptr) return UnknownShim(*this, shim);
  }
  if (FindTransport(address->scheme()) == nullptr) return Unknown(address->scheme());
  return address;
}

absl::StatusOr<Caps> Registry::Describe(const Address& address, Role role) const {
  if (!address.shims().empty()) {
    const Shim* shim = FindShim(address.shims().front());
    if (shim == nullptr) return UnknownShim(*this, address.shims().front());
    absl::StatusOr<Caps> inner = Describe(Inner(address, *shim), role);
    if (!inner.ok()) return inner;
    return shim->Describe(address, *inner);
  }
  const Transport* transport = FindTransport(address.scheme());
  if (transport == nullptr) return Unknown(address.scheme());
  return transport->Describe(address, role);
}

// Tries stacks of `depth` shims in front of `address`.
absl::StatusOr<Registry::Stacked> Registry::Mend(const Address& address, Role role,
                                                 const Caps& needs, uint32_t depth) const {
  for (const auto& shim : shims_) {
    const auto& there = address.shims();
    if (!shim->mends() || std::find(there.begin(), there.end(), shim->name()) != there.end())
      continue;
    const Address outer = address.WithOuterShim(shim->name());
    const absl::StatusOr<Caps> caps = Describe(outer, role);
    if (!caps.ok()) continue;
    if (MissingNeeds(*caps, needs).empty()) return Stacked{outer, *caps};
    if (depth == 1) continue;
    if (absl::StatusOr<Stacked> more = Mend(outer, role, needs, depth - 1); more.ok()) return more;
  }
  return absl::NotFoundError("no such stack");
}

absl::StatusOr<Registry::Stacked> Registry::Stack(const Address& address, Role role,
                                                  const Caps& needs, uint32_t message_bytes) const {
  const Address bare = address.Without("raw");
  const absl::StatusOr<Caps> caps = Describe(bare, role);
  if (!caps.ok()) return caps.status();
  Caps wishes = needs;
  wishes.frame_bytes_max =
      std::max(needs.frame_bytes_max,
               std::min(message_bytes, UINT32_MAX - kOverheadBytesMax) + kOverheadBytesMax);
  if (MissingNeeds(*caps, wishes).empty()) return Stacked{bare, *caps};
  const bool raw = address.Find("raw").has_value();
  const bool meets_needs = MissingNeeds(*caps, needs).empty();
  for (const Caps& wanted : {wishes, needs}) {
    for (uint32_t depth = 1; depth <= kShimsMax && !raw; ++depth) {
      if (absl::StatusOr<Stacked> mended = Mend(bare, role, wanted, depth); mended.ok())
        return mended;
    }
    if (meets_needs) return Stacked{bare, *caps};
  }
  const std::vector<std::string> missing = MissingNeeds(*caps, needs);
  const std::vector<std::string_view> words(missing.begin(), missing.end());
  return absl::FailedPreconditionError(Text(bare.ToString(), " cannot carry this: it lacks ",
                                            Listed(words),
                                            raw ? ", and ?raw forbids to mend it" : ""));
}

absl::StatusOr<std::unique_ptr<Opening>> Registry::Open(const Address& address, Role role,
                                                        Loop& loop, LinkSink& sink) const {
  absl::StatusOr<Caps> caps = Describe(address, role);
  if (!caps.ok()) return caps.status();
  if (address.shims().empty())
    return FindTransport(address.scheme())->Open(address, role, loop, sink);

  const Shim& shim = *FindShim(address.shims().front());
  if (absl::Status status = shim.Check(address, role); !status.ok()) return status;
  auto opening = std::make_unique<ShimOpening>(shim, address, role, *caps, loop, sink);
  absl::StatusOr<std::unique_ptr<Opening>> inner = Open(Inner(address, shim), role, loop, *opening);
  if (!inner.ok()) return inner.status();
  opening->SetInner(*std::move(inner));
  return opening;
}

const Transport* Registry::FindTransport(std::string_view scheme) const {
  for (const auto& transport : transports_) {
    if (transport->scheme() == scheme) return transport.get();
  }
  return nullptr;
}

const Shim* Registry::FindShim(std::string_view name) const {
  for (const auto& shim : shims_) {
    if (shim->name() == name) return shim.get();
  }
  return nullptr;
}

absl::Status Registry::Unknown(std::string_view name) const {
  std::vector<std::string_view> schemes, all;
  for (const auto& transport : transports_) schemes.push_back(transport->scheme());
  all = schemes;
  std::string aliases;
  for (const Alias& alias : aliases_) {
    all.push_back(alias.alias);
    aliases += Text("; ", alias.alias, ": is ", alias.scheme, ":", alias.prefix);
  }
  const std::string said = Text("\"", Escaped(name), ":\" is not a transport");
  if (FindShim(name) != nullptr) {
    return absl::InvalidArgumentError(
        Text(said, " but a shim, and stands in front of one: ", name, "+SCHEME:"));
  }
  const std::string_view nearest = Nearest(name, all);
  return absl::InvalidArgumentError(nearest.empty()
                                        ? Text(said, "; there are ", Listed(schemes), aliases)
                                        : Text(said, "; did you mean \"", nearest, ":\"?"));
}

Address Registry::Inner(const Address& address, const Shim& shim) {
  Address inner = address.WithoutOuterShim();
  for (const std::string_view key : shim.keys()) inner = inner.Without(key);
  return shim.secures() ? inner.Secured() : inner;
}

}  // namespace jackfield
