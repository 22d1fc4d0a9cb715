#include "tools/watch/line.h"

#include "absl/status/status.h"
#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/cli/program.h"
#include "tools/cli/time_text.h"

namespace jackfield::watch {
namespace {

constexpr int kTimeDigits = 6;

std::string CodeOf(const Event& event) {
  return absl::StatusCodeToString(static_cast<absl::StatusCode>(event.code));
}

bool Ends(const Seen& seen) { return seen.told.what == "answers" || seen.told.what == "ends"; }

}  // namespace

std::string LineOf(const Seen& seen) {
  const bool is_caller = seen.told.by_caller == (seen.event.way == FrameWay::kSent);
  const std::string& caller = is_caller ? seen.service : seen.peer;
  const std::string& called = is_caller ? seen.peer : seen.service;
  std::string line = Text(TimeText(seen.event.realtime_ns, kTimeDigits), " ", caller,
                          seen.told.by_caller ? " → " : " ← ", called, "  ");
  if (seen.told.what == "ends") return Text(line, "the session ended: ", CodeOf(seen.event));
  line += seen.method;
  if (seen.told.what != "calls" && seen.told.what != "answers") line += Text("  ", seen.told.what);
  if (Ends(seen)) {
    line += Text("  ", CodeOf(seen.event));
    if (seen.told.took_ns >= 0) line += Text(" ", TookText(seen.told.took_ns));
  }
  if (!seen.message.empty()) line += Text("  ", seen.message);
  if (!seen.note.empty()) line += Text(seen.event.code == 0 ? "  # " : ": ", seen.note);
  return line;
}

std::string JsonOf(const Seen& seen) {
  std::string json =
      Text("{\"time\":\"", TimeText(seen.event.realtime_ns, kTimeDigits),
           "\",\"service\":", JsonString(seen.service), ",\"peer\":", JsonString(seen.peer),
           ",\"way\":\"", seen.event.way == FrameWay::kSent ? "sent" : "received", "\",\"what\":\"",
           seen.told.what, "\"");
  if (seen.told.what != "ends") {
    json += Text(",\"method\":", JsonString(seen.method), ",\"call\":", seen.event.call_id,
                 ",\"frame_bytes\":", seen.event.frame_bytes);
  }
  if (Ends(seen)) json += Text(",\"code\":\"", CodeOf(seen.event), "\"");
  if (seen.told.took_ns >= 0) json += Text(",\"took_ns\":", seen.told.took_ns);
  if (!seen.message.empty()) json += Text(",\"message\":", seen.message);
  if (!seen.note.empty()) json += Text(",\"note\":", JsonString(seen.note));
  return json + "}";
}

}  // namespace jackfield::watch
