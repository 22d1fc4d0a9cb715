// How a Session refuses a hello, and how it is refused. The rest is in session.cc.
#include "kernel/refusal.h"
#include "kernel/session.h"
#include "kernel/text.h"

namespace jackfield {

void Session::Refuse(Reason reason, const std::string& text) {
  const absl::Status why = Refused(reason, text);
  Build refusal([&](flatbuffers::FlatBufferBuilder& fbb) { BuildRefusal(fbb, why); });
  SendControl(FrameKind::Refuse, refusal);
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

}  // namespace jackfield
