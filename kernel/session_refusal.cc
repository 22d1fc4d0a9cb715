// How a Session refuses a hello, and how it is refused. The rest is in session.cc.
#include "kernel/node.h"
#include "kernel/session.h"
#include "kernel/text.h"
#include "schemas/control_generated.h"

namespace jackfield {

bool Session::SendRefuse(Reason reason, const std::string& text) {
  Build refusal([&](flatbuffers::FlatBufferBuilder& fbb) {
    const auto words = fbb.CreateString(text);
    fbb.Finish(
        wire::CreateRefuse(fbb, static_cast<uint8_t>(reason), 0, kVersionMin, kVersionMax, words));
  });
  return SendControl(FrameKind::Refuse, refusal);
}

void Session::Refuse(Reason reason, const std::string& text) {
  SendRefuse(reason, text);
  Fail(Refused(reason, text));
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

void Session::OnRefuse(std::span<const std::byte> payload) {
  const auto* refusal = RootOf<wire::Refuse>(payload);
  if (refusal == nullptr)
    return Fail(Refused(Reason::kUnreachable, "the service refused without a reason"));
  const auto reason = static_cast<Reason>(refusal->reason());
  std::string text =
      refusal->text() == nullptr ? "" : Escaped(refusal->text()->string_view().substr(0, 1000));
  if (reason == Reason::kVersion) {
    text = Text("version: this client speaks ", int{kVersionMin}, "..", int{kVersionMax},
                ", the service at ", Where(), " ", int{refusal->version_min()}, "..",
                int{refusal->version_max()});
  }
  // An open session is ended: what its calls came to depends on each of them.
  Fail(MakeStatus(state_ == State::kOpen ? Outcome::kFailed : Outcome::kRefused, reason, text));
}

void Session::OnLinkFailing(const absl::Status& why) {
  if (state_ != State::kOpen || one_way()) return;
  SendRefuse(ReasonOf(why), Text(node_.name(), ": ", std::string(why.message())));
}

}  // namespace jackfield
