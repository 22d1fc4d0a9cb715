// How a Session refuses a hello, and how it is refused. The rest is in session.cc.
#include "kernel/base/text.h"
#include "kernel/loop/loop.h"
#include "kernel/refusal.h"
#include "kernel/session.h"

namespace jackfield {

bool Session::SendRefuse(const absl::Status& why) {
  Build refusal([&](flatbuffers::FlatBufferBuilder& fbb) { BuildRefusal(fbb, why); });
  return SendControl(FrameKind::Refuse, refusal);
}

void Session::Refuse(Reason reason, const std::string& text) {
  const absl::Status why = Refused(reason, text);
  SendRefuse(why);
  Fail(why);
}

void Session::OnOtherVersion(uint8_t version) {
  if (side_ == Side::kClient) {
    return Fail(Refused(Reason::kVersion,
                        Text("version: this client speaks ", int{kVersionMin}, "..",
                             int{kVersionMax}, ", the service at ", Where(), " ", int{version})));
  }
  Refuse(Reason::kVersion, Text("version: this service speaks ", int{kVersionMin}, "..",
                                int{kVersionMax}, ", its client ", int{version}));
}

// Whoever speaks so hears this session's own frames no better; but a bare Refuse every stack knows.
void Session::OnOtherStack(FrameKind kind) {
  const absl::Status why = StacksDiffer(kind, Where());
  if (side_ == Side::kClient) return Fail(why);
  Refuse(Reason::kVersion, std::string(why.message()));
}

// An open session is ended by it: what its calls came to depends on each of them.
void Session::OnRefuse(const absl::Status& why) {
  if (state_ == State::kHello) return OnNoWelcome(NoWelcome::kRefused, why);
  Fail(state_ == State::kOpen
           ? MakeStatus(Outcome::kFailed, ReasonOf(why), std::string(why.message()))
           : why);
}

// The peer is told why.
void Session::OnFailing(Link&, const absl::Status& why) {
  if (state_ != State::kOpen || one_way()) return;
  SendRefuse(Refused(ReasonOf(why), Text(loop_.name(), ": ", std::string(why.message()))));
}

}  // namespace jackfield
