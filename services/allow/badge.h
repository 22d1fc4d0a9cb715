// A badge: a name, and the proof that whoever starts the services gave it to its bearer. Only the
// starter and the one service that it is shown to have the key; each service has a key of its own,
// so that what a service sees opens no other one.
//
//   starter:  Key of_kv = KeyOf(run_key, "kv");  badge = MakeBadge(of_kv, "orders");
//   kv:       BearerOf(of_kv, badge) == "orders"
//
// It travels in the hello as it is: whoever can read a link can show it again. On a medium that
// leaves the machine it wants encryption below it.
//
// Thread: any; plain functions.
#ifndef JACKFIELD_SERVICES_ALLOW_BADGE_H_
#define JACKFIELD_SERVICES_ALLOW_BADGE_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/allow/siphash.h"

namespace jackfield::allow {

// Of the system's randomness. Errors: INTERNAL (it has none).
absl::StatusOr<Key> NewKey();
// What one service gets, out of what belongs to all that are started together.
Key KeyOf(const Key& run, std::string_view service);

// 32 hexadecimal digits, and back. Errors: INVALID_ARGUMENT.
std::string ToHex(const Key& key);
absl::StatusOr<Key> KeyFromHex(std::string_view digits);

// "orders:0123456789abcdef"
std::string MakeBadge(const Key& service, std::string_view bearer);
// Whose badge it is, of those made with that key; nothing: it proves nothing. The view is into
// `badge`.
std::optional<std::string_view> BearerOf(const Key& service, std::string_view badge);

}  // namespace jackfield::allow

#endif  // JACKFIELD_SERVICES_ALLOW_BADGE_H_
