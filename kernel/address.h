// An address names a medium and a place on it: `[shim+…]scheme:target[?key=value&…]`.
//
//   unix:/run/kv.sock?type=seqpacket     tcp://127.0.0.1:7001     chaos+unix:@kv?seed=7&delay=1ms
//   unix:                                (bare: a server chooses the target and reports it)
//
// `scheme:x`, `scheme://x` are the same. Values are percent-decoded, but not an IPv6 number in
// brackets, whose percent sign begins its zone: `[fe80::1%eth0]`, or `%25eth0` (RFC 6874). An
// Address is a plain value.
#ifndef JACKFIELD_KERNEL_ADDRESS_H_
#define JACKFIELD_KERNEL_ADDRESS_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace jackfield {

class Address {
 public:
  // Errors: INVALID_ARGUMENT (no scheme, bad character, a key twice, over 1,024 bytes).
  static absl::StatusOr<Address> Parse(std::string_view text);

  Address() = default;
  Address(std::string scheme, std::string target)
      : scheme_(std::move(scheme)), target_(std::move(target)) {}

  const std::vector<std::string>& shims() const { return shims_; }  // outermost first
  const std::string& scheme() const { return scheme_; }
  const std::string& target() const { return target_; }
  bool bare() const { return target_.empty(); }
  std::string ToString() const;

  // The value of `key`, if it is there.
  std::optional<std::string_view> Find(std::string_view key) const;
  const std::vector<std::pair<std::string, std::string>>& params() const { return params_; }

  // OK if every key is in `known`; else INVALID_ARGUMENT that names the nearest known key.
  absl::Status CheckKeys(std::span<const std::string_view> known) const;

  Address With(std::string key, std::string value) const;  // set or replaced
  Address Without(std::string_view key) const;
  Address WithTarget(std::string target) const;
  // Stands a shim in front of it that secures what is below, so that its medium may be one that
  // strangers read? No part of the text.
  bool secured() const { return secured_; }
  Address Secured() const;
  Address WithOuterShim(std::string_view shim) const;
  Address WithoutOuterShim() const;  // Requires: !shims().empty()

 private:
  std::vector<std::string> shims_;
  std::string scheme_;
  std::string target_;
  std::vector<std::pair<std::string, std::string>> params_;
  bool secured_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_ADDRESS_H_
