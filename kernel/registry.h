// The transports and shims that a program contains. main() builds one and passes it down; there is
// no other list.
//
// Thread: build it on one thread, then share it as const.
#ifndef JACKFIELD_KERNEL_REGISTRY_H_
#define JACKFIELD_KERNEL_REGISTRY_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/transport.h"

namespace jackfield {

class Registry {
 public:
  void Add(std::unique_ptr<Transport> transport) { transports_.push_back(std::move(transport)); }
  void Add(std::unique_ptr<Shim> shim) { shims_.push_back(std::move(shim)); }
  // `alias:` means `scheme:`, with `prefix` put in front of the target.
  void AddAlias(std::string alias, std::string scheme, std::string prefix);

  std::span<const std::unique_ptr<Transport>> transports() const { return transports_; }
  std::span<const std::unique_ptr<Shim>> shims() const { return shims_; }

  // `text` as an Address of a known scheme, aliases resolved.
  // Errors: INVALID_ARGUMENT, with the nearest scheme when the name is unknown.
  absl::StatusOr<Address> Parse(std::string_view text) const;

  // Caps of the whole stack. Errors: as Transport::Describe.
  absl::StatusOr<Caps> Describe(const Address& address, Role role) const;

  // What a channel or a port with such needs stands on: `address`, where need be with shims in
  // front that mend what the medium lacks, as few as possible. Both ends come to the same stack
  // when they ask for the same. `?raw` forbids it, and is taken out. message_bytes: to be carried
  // too, if shims can see to it; what no shim mends, `needs` decides. Errors: as Describe;
  // FAILED_PRECONDITION (needs that are not met, each named).
  struct Stacked {
    Address address;
    Caps caps;
  };
  absl::StatusOr<Stacked> Stack(const Address& address, Role role, const Caps& needs,
                                uint32_t message_bytes = kMessageBytesDefault) const;

  // Opens the whole stack. Errors: as Transport::Open.
  absl::StatusOr<std::unique_ptr<Opening>> Open(const Address& address, Role role, Loop& loop,
                                                LinkSink& sink) const;

 private:
  struct Alias {
    std::string alias, scheme, prefix;
  };
  const Transport* FindTransport(std::string_view scheme) const;
  const Shim* FindShim(std::string_view name) const;
  absl::Status Unknown(std::string_view name) const;
  absl::StatusOr<Stacked> Mend(const Address& address, Role role, const Caps& needs,
                               uint32_t depth) const;
  // `address` without the outer shim and that shim's parameters.
  static Address Inner(const Address& address, const Shim& shim);

  std::vector<std::unique_ptr<Transport>> transports_;
  std::vector<std::unique_ptr<Shim>> shims_;
  std::vector<Alias> aliases_;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_REGISTRY_H_
