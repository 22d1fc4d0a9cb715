// The interfaces that a Channel calls, held against those that its service serves.
#include "kernel/base/text.h"
#include "kernel/call/channel.h"

namespace jackfield {

void Channel::Speaks(const Interface& interface, SchemaJudge judge) {
  for (const SpokenInterface& spoken : speaks_) {
    if (spoken.interface == &interface) return;
  }
  speaks_.push_back({&interface, judge});
  if (absl::Status status = Judge(speaks_.back()); !status.ok()) OnNoConnection(status);
}

absl::Status Channel::Judge(const SpokenInterface& spoken) const {
  for (const auto& [interface, schema] : other_schemas_) {
    if (interface != spoken.interface->name) continue;
    const absl::Status status = spoken.judge(*spoken.interface, schema);
    if (status.ok()) return status;
    return Refused(Reason::kVersion,
                   Text(address().ToString(), ": ", std::string(status.message())));
  }
  return absl::OkStatus();
}

std::vector<Session::Spoken> Channel::SpokenInterfaces() const {
  std::vector<Session::Spoken> spoken;
  for (const CalledInterface* called = CalledInterface::first(); called != nullptr;
       called = called->next())
    spoken.push_back({MessageType(called->interface().name), called->interface().schema_hash});
  return spoken;
}

absl::Status Channel::OnOtherSchemas(std::span<const Session::OtherSchema> others) {
  other_schemas_.clear();
  for (const Session::OtherSchema& other : others) {
    if (!other.schema.empty())  // else it had no room in the welcome
      other_schemas_.emplace_back(other.interface, other.schema);
  }
  for (const SpokenInterface& spoken : speaks_) {
    if (absl::Status status = Judge(spoken); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace jackfield
