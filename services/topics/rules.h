// What the clients of a topics service may publish and subscribe to: the wiring key `topics`, as
// arguments of the service.
//
//   --pub orders=order.* --sub orders=price.>
//
// A client is known by the name that it gives itself, which in a wiring is that of its service;
// instances share one ("packer" of packer.2). The rules keep services from mistakes, then, and not
// from each other's malice: they run as the same user. Who is not named may do anything.
//
// Thread: any; plain values.
#ifndef JACKFIELD_SERVICES_TOPICS_RULES_H_
#define JACKFIELD_SERVICES_TOPICS_RULES_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace jackfield::topics {

class TopicRules {
 public:
  // Takes its arguments out of `args`; the others stay. Errors: INVALID_ARGUMENT, with what can be
  // said.
  static absl::StatusOr<TopicRules> Take(std::vector<std::string>& args);

  // Errors: PERMISSION_DENIED, which names the client, what it wants, what it may, and what helps.
  absl::Status CheckPublish(std::string_view client, std::string_view topic) const;
  // May it have all that the pattern stands for? Errors: as CheckPublish.
  absl::Status CheckSubscribe(std::string_view client, std::string_view pattern) const;

 private:
  using Patterns = std::vector<std::string>;
  struct OfClient {
    Patterns publish, subscribe;
  };
  const OfClient* Find(std::string_view client) const;  // null: it is not named

  std::map<std::string, OfClient, std::less<>> clients_;
};

}  // namespace jackfield::topics

#endif  // JACKFIELD_SERVICES_TOPICS_RULES_H_
