// One word of a line `allow`: whom it means.
//
//   orders        the service of that name in the wiring, and each of its instances, by its badge
//   uid:1000      who runs as that user, by the system's word; also uid:alice
//   gid:1000      whose process has that group as its own; also gid:build. Further groups that a
//                 user is in do not count: the media tell the first alone
//   cert:orders.shop  who has shown a certificate of that name, over a medium that asks for one
//   nobody        nobody
//
// Thread: any; plain values.
#ifndef JACKFIELD_SERVICES_ALLOW_WHO_H_
#define JACKFIELD_SERVICES_ALLOW_WHO_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "kernel/link.h"

namespace jackfield::allow {

class Who {
 public:
  // Blocks: while the system looks up the name of a user or group.
  // Errors: INVALID_ARGUMENT (no such user or group; a word that means nobody that can be known).
  static absl::StatusOr<Who> Parse(std::string_view text);

  // caller: what its badge proves; "": nothing.
  bool Means(const PeerIdentity& peer, std::string_view caller) const;
  // Is it a service of the wiring?
  bool is_service() const { return kind_ == Kind::kService; }
  const std::string& text() const { return text_; }

 private:
  enum class Kind : uint8_t { kService, kUser, kGroup, kCertificate, kNobody };
  Kind kind_ = Kind::kNobody;
  uint32_t id_ = 0;
  std::string text_;
};

}  // namespace jackfield::allow

#endif  // JACKFIELD_SERVICES_ALLOW_WHO_H_
