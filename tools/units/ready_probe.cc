#include "tools/units/ready_probe.h"

#include "kernel/base/text.h"

namespace jackfield::units {
namespace {

constexpr std::string_view kAgain = "; do sleep 0.1; done";

// As one word of sh.
std::string ShellWord(std::string_view word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? "'\\''" : std::string(1, c);
  return text + "'";
}

}  // namespace

std::string ReadyProbe(const PlannedService& service, std::span<const Address> places,
                       std::string_view jackfield) {
  std::string line;
  switch (service.ready.how) {
    case ReadyRule::How::kItself:
    case ReadyRule::How::kNotify:
      break;
    case ReadyRule::How::kExec:
      line = "until";
      for (const std::string& word : service.ready.command) line += Text(" ", ShellWord(word));
      line += Text(" >/dev/null 2>&1", kAgain);
      break;
    case ReadyRule::How::kPort:
      // Whoever answers at all is there: 3 is "nobody serves there" (tools/README.md).
      for (const Address& place : places)
        line += Text(line.empty() ? "" : "; ", "until ", ShellWord(jackfield), " ls -q ",
                     ShellWord(place.ToString()), " >/dev/null 2>&1; [ $? -ne 3 ]", kAgain);
      break;
  }
  return line;
}

std::string ReadyNote(const PlannedService& service) {
  if (service.ready.how == ReadyRule::How::kExec)
    return Text(service.name, ": ready = \"exec:…\" is an ExecStartPost= that runs ",
                Escaped(service.ready.command[0]), " until it exits with 0");
  if (service.ready.how == ReadyRule::How::kPort)
    return Text(service.name,
                ": ready = \"port\" is an ExecStartPost= that asks at its places until somebody "
                "answers");
  return "";
}

}  // namespace jackfield::units
