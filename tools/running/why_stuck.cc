#include "tools/running/why_stuck.h"

#include "kernel/base/text.h"
#include "kernel/base/units.h"

namespace jackfield {

std::string TextOf(const flatbuffers::String* text) {
  return text == nullptr ? "" : Escaped(text->string_view());
}

std::string StateText(init::State state) {
  std::string text = init::EnumNameState(state);
  if (!text.empty()) text[0] = static_cast<char>(text[0] | 0x20);
  return text;
}

std::string WhyStuck(const init::Service& service) {
  if (service.stopped()) return Text("is stopped by a signal; try: kill -CONT ", service.pid());
  if (service.silent()) return "does not answer: a handler or its main function does not come back";
  if (service.oldest_ns() >= kLongNs && service.oldest() != nullptr)
    return Text("has had ", TextOf(service.oldest()), " under way for ",
                FormatDurationNs(service.oldest_ns()));
  return "";
}

std::string NoteOf(const init::Service& service) {
  const std::string ending = TextOf(service.ending());
  switch (service.state()) {
    case init::State::Waiting: {
      std::string names;
      for (const auto* name : *service.waits_for())
        names += Text(names.empty() ? "waits for " : ", ", TextOf(name));
      return names;
    }
    case init::State::Started:
      if (service.ready_when() == nullptr) break;
      return Text("is ready when ", TextOf(service.ready_when()));
    case init::State::Pausing:
      return Text("starts again in ", FormatDurationNs(service.pause_ns()), ": it ", ending);
    case init::State::Ended:
      return ending;
    default:
      break;
  }
  if (std::string why = WhyStuck(service); !why.empty()) return why;
  return ending.empty() ? "" : Text("before: it ", ending);
}

}  // namespace jackfield
