// What the types of messages in a running wiring are called, and JSON for what is in them: by the
// pages of its services and the schemas that they serve.
//
// Thread: the main one. It blocks where a schema is asked for, once for each service.
#ifndef JACKFIELD_TOOLS_WATCH_NAMES_H_
#define JACKFIELD_TOOLS_WATCH_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "kernel/registry.h"
#include "services/stubs/message_fault.h"
#include "tools/dynamic/remote.h"
#include "tools/running/supervisor_client.h"
#include "tools/watch/reader.h"

namespace jackfield::watch {

class Names {
 public:
  // wiring: NAME@PID; "": it has ended, and there is no JSON to be had. Outlives neither.
  Names(const Registry& registry, std::string wiring)
      : registry_(registry), wiring_(std::move(wiring)) {}

  // What the services of the wiring call their methods, as far as they run.
  void Learn(SupervisorClient& client);
  // That service has these methods. `service`: as it can be reached in the wiring.
  void Add(const std::string& service, const std::map<uint32_t, std::string>& methods);

  // "shop.Stock/Reserve", or "type 7".
  std::string MethodOf(uint32_t type) const;
  bool knows(uint32_t type) const { return methods_.contains(type); }

  // What is in a message. Errors, to be read by people: no schema can be had, and why; or it is not
  // what its schema says.
  absl::StatusOr<std::string> JsonOf(uint32_t type, Way way, std::span<const std::byte> payload);

 private:
  struct Known {
    std::string service, method;
  };
  absl::StatusOr<dynamic::Remote*> RemoteOf(const std::string& service);

  const Registry& registry_;
  const std::string wiring_;
  std::map<uint32_t, Known> methods_;
  std::map<std::string, absl::StatusOr<std::unique_ptr<dynamic::Remote>>> remotes_;
};

}  // namespace jackfield::watch

#endif  // JACKFIELD_TOOLS_WATCH_NAMES_H_
