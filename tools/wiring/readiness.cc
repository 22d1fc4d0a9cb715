#include "tools/wiring/readiness.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "kernel/base/text.h"
#include "tools/wiring/seen_from.h"

namespace jackfield {

ReadyRule ReadyRuleOf(const ServiceEntry& entry, std::string_view folder) {
  ReadyRule rule = entry.ready;
  if (!rule.command.empty()) rule.command[0] = SeenFrom(folder, rule.command[0]);
  return rule;
}

std::string WhyNeverReady(const PlannedService& service) {
  const ReadyRule& rule = service.ready;
  if (rule.how == ReadyRule::How::kExec && access(rule.command[0].c_str(), X_OK) != 0)
    return Text("is ready when ", Escaped(rule.command[0]),
                " says so, which cannot be run: ", std::strerror(errno));
  if (rule.how != ReadyRule::How::kPort) return "";
  if (service.serves.empty()) return "is ready by \"port\", and serves at no place";
  for (const Address& serve : service.serves) {
    if (serve.bare())
      return Text("is ready by \"port\", and chooses its place over ", serve.ToString(),
                  " itself; name one, such as \"unix:./", service.name, ".sock\"");
  }
  return "";
}

}  // namespace jackfield
