// What a service is granted, as text and back.
#include <algorithm>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "services/service.h"

namespace jackfield {

absl::StatusOr<uint64_t> ParseMemoryBytes(std::string_view text) {
  const absl::StatusOr<uint64_t> bytes = ParseBytes(text);
  if (bytes.ok() && *bytes >= kMemoryBytesLeast) return bytes;
  return absl::InvalidArgumentError(Text("memory is a size of at least ",
                                         FormatBytes(kMemoryBytesLeast), ", such as 64MiB, not \"",
                                         Escaped(text), "\""));
}

absl::StatusOr<int64_t> ParseGraceNs(std::string_view text) {
  absl::StatusOr<int64_t> grace_ns = ParseDurationNs(text);
  if (grace_ns.ok() && *grace_ns > kGraceNsMax)
    return absl::InvalidArgumentError(
        Text("a grace is at most ", FormatDurationNs(kGraceNsMax), ", not ", Escaped(text)));
  return grace_ns;
}

absl::StatusOr<Grants> Grants::Parse(std::string_view text) {
  Grants grants;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    const size_t space = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, space);
    const std::string_view value = line.substr(std::min(space + 1, line.size()));
    const size_t second = value.find(' ');
    if (word == "grace") {
      absl::StatusOr<int64_t> grace_ns = ParseGraceNs(value);
      if (!grace_ns.ok()) return grace_ns.status();
      grants.grace_ns = *grace_ns;
      continue;
    }
    if (word == "badge") {
      if (grants.calls.empty()) return absl::InvalidArgumentError("a badge belongs to a call");
      grants.calls.back().badge = value;
      continue;
    }
    if (word == "control")
      grants.control = value;
    else if (word == "key")
      grants.badge_key = value;
    else if (word == "name")
      grants.name = value;
    else if (word == "serve")
      grants.serves.emplace_back(value);
    else if (word == "limit" && value.substr(0, second) == "memory" && second != value.npos) {
      absl::StatusOr<uint64_t> bytes = ParseMemoryBytes(value.substr(second + 1));
      if (!bytes.ok()) return bytes.status();
      grants.memory_bytes_max = *bytes;
    } else if (word == "allow" && second != value.npos) {
      grants.allows.push_back({std::string(value.substr(0, second)),  //
                               std::string(value.substr(second + 1))});
    } else if (word == "call" && second != std::string_view::npos) {
      const std::string_view name = value.substr(0, second);
      const size_t equals = std::min(name.find('='), name.size());
      grants.calls.push_back(
          {.role = std::string(name.substr(0, equals)),
           .address = std::string(value.substr(second + 1)),
           .server = std::string(name.substr(std::min(equals + 1, name.size())))});
    } else
      return absl::InvalidArgumentError(Text("cannot read the grant \"", Escaped(line), "\""));
  }
  return grants;
}

std::string Grants::ToString() const {
  std::string text = Text("name ", name, "\n");
  for (const std::string& address : serves) text += Text("serve ", address, "\n");
  for (const GrantedCall& call : calls) {
    text += Text("call ", call.role, call.server.empty() ? "" : "=", call.server, " ", call.address,
                 "\n");
    if (!call.badge.empty()) text += Text("badge ", call.badge, "\n");
  }
  for (const allow::Rule& rule : allows) text += Text("allow ", rule.what, " ", rule.who, "\n");
  if (!badge_key.empty()) text += Text("key ", badge_key, "\n");
  if (memory_bytes_max != 0) text += Text("limit memory ", memory_bytes_max, "B\n");
  if (!control.empty()) text += Text("control ", control, "\n");
  if (grace_ns != kGraceNs) text += Text("grace ", grace_ns, "ns\n");
  return text;
}

std::string NameInRole(std::string_view role, std::string_view server) {
  if (server.empty()) return std::string(role);
  const bool instance = server.size() > role.size() && server.substr(0, role.size()) == role &&
                        server[role.size()] == '.';
  return instance ? std::string(server) : Text(role, "/", server);
}

}  // namespace jackfield
