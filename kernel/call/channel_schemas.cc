// The interfaces that a Channel calls, held against those that its service serves.
#include <algorithm>

#include "kernel/base/text.h"
#include "kernel/call/channel.h"

namespace jackfield {

void Channel::Speaks(const Interface& interface, SchemaJudge judge) {
  for (const SpokenInterface& spoken : speaks_) {
    if (spoken.interface == &interface) return;
  }
  speaks_.push_back({&interface, judge});
}

std::vector<Session::Spoken> Channel::SpokenInterfaces() const {
  std::vector<Session::Spoken> spoken;
  for (const SpokenInterface& speaks : speaks_)
    spoken.push_back({MessageType(speaks.interface->name), speaks.interface->schema_hash});
  return spoken;
}

absl::Status Channel::OnOtherSchema(const Session::OtherSchema& other) {
  if (other.schema.empty()) return absl::OkStatus();  // it had no room in the welcome
  for (const SpokenInterface& speaks : speaks_) {
    if (speaks.interface->name != other.interface) continue;
    const absl::Status status = speaks.judge(*speaks.interface, other.schema);
    if (status.ok()) continue;
    return Refused(Reason::kVersion,
                   Text(address().ToString(), ": ", std::string(status.message())));
  }
  return absl::OkStatus();
}

}  // namespace jackfield
