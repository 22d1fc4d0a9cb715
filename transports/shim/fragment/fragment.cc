#include "transports/shim/fragment/fragment.h"

#include <algorithm>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "transports/engine/about.h"
#include "transports/shim/fragment/fragment_driver.h"

namespace jackfield {
namespace {

constexpr std::string_view kKeys[] = {"message"};
constexpr uint64_t kMessageBytesMin = 4 << 10;

absl::StatusOr<uint32_t> MessageBytesMax(const Address& address) {
  const auto text = address.Find("message");
  if (!text) return kFrameBytesMaxDefault;
  absl::StatusOr<uint64_t> bytes = ParseBytes(*text);
  if (!bytes.ok()) return bytes.status();
  if (*bytes < kMessageBytesMin || *bytes > kFrameBytesMaxDefault) {
    return absl::InvalidArgumentError(About(address, "message is from ",
                                            FormatBytes(kMessageBytesMin), " to ",
                                            FormatBytes(kFrameBytesMaxDefault)));
  }
  return static_cast<uint32_t>(*bytes);
}

class FragmentShim final : public Shim {
 public:
  std::string_view name() const override { return "fragment"; }
  bool mends() const override { return true; }
  std::span<const std::string_view> keys() const override { return kKeys; }

  absl::StatusOr<Caps> Describe(const Address& address, const Caps& inner) const override {
    absl::StatusOr<uint32_t> message_bytes_max = MessageBytesMax(address);
    if (!message_bytes_max.ok()) return message_bytes_max.status();
    if (inner.frame_bytes_max < PieceHeader::kInnerFrameBytesMin) {
      return absl::InvalidArgumentError(
          About(address, "pieces need frames of at least ", PieceHeader::kInnerFrameBytesMin,
                " bytes below, and there are ", inner.frame_bytes_max));
    }
    Caps caps = inner;
    caps.frame_bytes_max = *message_bytes_max;
    caps.reliable = inner.reliable && inner.ordered;
    return caps;
  }

  absl::StatusOr<std::unique_ptr<LinkDriver>> Wrap(const Address& address, Role, Loop& loop,
                                                   std::unique_ptr<LinkDriver> inner,
                                                   const LinkTraits& inner_traits) const override {
    absl::StatusOr<uint32_t> message_bytes_max = MessageBytesMax(address);
    if (!message_bytes_max.ok()) return message_bytes_max.status();
    return std::make_unique<FragmentDriver>(loop, *message_bytes_max, std::move(inner),
                                            inner_traits);
  }
};

}  // namespace

std::unique_ptr<Shim> MakeFragmentShim() { return std::make_unique<FragmentShim>(); }

}  // namespace jackfield
