// A Port and its gate: who is admitted, and what becomes of who is not.
#include "kernel/call/gate.h"
#include "kernel/call/port.h"
#include "kernel/call/port_seat.h"

namespace jackfield {

absl::Status PortSeat::Admit(Session& session, std::string_view badge) {
  const Gate* gate = port_.options_.gate;
  if (gate == nullptr) return absl::OkStatus();
  admission_ = std::make_unique<Gate::Admission>(
      gate->Admit({.peer = session.identity(), .badge = badge, .name = session.peer_name()}));
  if (!admission_->status.ok()) port_.NoteDenied(admission_->status);
  return admission_->status;
}

void Port::NoteDenied(const absl::Status& why) {
  ++denied_;
  notes_.Note(why);
}

// True: the call has ended.
bool Port::IsDenied(const PortSeat& seat, ServerCall& call) {
  const Gate::Admission& admitted = *seat.admission();
  const Gate& gate = *options_.gate;
  if (admitted.status.ok() && gate.MayCall(admitted, call.type(), *this)) return false;
  const absl::Status why =
      admitted.status.ok() ? gate.WhyNot(admitted, call.type(), *this) : admitted.status;
  NoteDenied(why);
  if (call.one_way_)
    ++call.session_->counters().dropped;
  else
    call.Refuse(why).IgnoreError();
  End(call);
  return true;
}

std::string_view ServerCall::caller() const {
  if (session_ == nullptr) return {};
  const Gate::Admission* admission = static_cast<const PortSeat&>(session_->user()).admission();
  return admission == nullptr ? std::string_view() : admission->caller;
}

}  // namespace jackfield
