#include "tools/supervisor/telling.h"

#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/wiring/instance_name.h"

namespace jackfield {

void Telling::Say(std::string_view line) {
  log_.Append("", line);
  if (loudness_ != Loudness::kQuiet) outlet_.Write(Text(line, "\n"), Outlet::Whose::kOwn);
}

void Telling::Failure(std::string_view line) {
  log_.Append("", line);
  outlet_.Write(Text("jackfield: ", line, "\n"), Outlet::Whose::kOwn);
}

// "  calls stock packer pay as till": a role with many servers once, by the name of their group.
std::string Telling::CallsOf(size_t index) const {
  std::string text, last;
  for (const size_t call : plan_.services[index].calls) {
    const PlannedChannel& channel = plan_.channels[call];
    const std::string_view name = NameOf(channel.server), group = GroupOf(name);
    const std::string_view called = group.empty() ? name : group;
    std::string word = called == channel.role ? channel.role : Text(called, " as ", channel.role);
    if (word != last) text += Text(text.empty() ? "  calls " : " ", word);
    last = std::move(word);
  }
  return text;
}

void Telling::Line(std::string_view line) {
  log_.Append("", line);
  outlet_.Write(Text(line, "\n"), Outlet::Whose::kOwn);
}

void Telling::State(size_t index, std::string_view state, int64_t took_ns) {
  std::string line =
      Text("  ", NameOf(index), std::string(NameWidth(plan_) - NameOf(index).size() + 2, ' '),
           state, std::string(9 - state.size(), ' '), FormatDurationNs(took_ns), "  ");
  for (const Address& address : handing_.served(index)) line += Text(address.ToString(), "  ");
  line += services_[index].running->where();
  line += CallsOf(index);
  for (const OutsideCall& call : plan_.services[index].outside)
    line += Text("  calls ", call.role, " at ", call.address.ToString());
  Say(line);
}

void Telling::Slow(size_t index) {
  std::string waiting;
  for (const size_t channel : plan_.services[index].called) {
    const size_t client = plan_.channels[channel].client;
    if (services_[client].state == ServiceState::kWaiting)
      waiting += Text(waiting.empty() ? "; not started without it: " : ", ", NameOf(client));
  }
  Say(Text("  ", NameOf(index), " (", services_[index].running->where(), ") is not ready after ",
           FormatDurationNs(kSlowNs), ", and is waited for up to ", FormatDurationNs(kReadyWaitNs),
           waiting));
}

void Telling::Ended(size_t index) {
  if (loudness_ == Loudness::kVerbose)
    Say(Text("  ", NameOf(index), " has ended: ", services_[index].ending.ToString()));
}

void Telling::Restart(size_t index, int64_t pause_ns) {
  const Supervised& service = services_[index];
  Say(Text("  ", NameOf(index), " (", service.running->where(), ") ", service.ending.ToString(),
           "; it is started again", pause_ns == 0 ? "" : " in ",
           pause_ns == 0 ? "" : FormatDurationNs(pause_ns),
           service.asked_to_restart ? std::string()
                                    : Text(" (restart ", service.restarts.in_a_row(), " of ",
                                           service.restarts.rule().restarts_max, " in a row)")));
}

std::string Telling::EndOf(size_t index, bool stopping) const {
  const Supervised& service = services_[index];
  const std::string text =
      Text(NameOf(index), " (", service.running->where(), ") ", service.ending.ToString());
  if (stopping) return Text(text, " while stopping");
  if (service.restarts.used_up())
    return Text(text, " after ", service.restarts.in_a_row(),
                " restarts in a row, as many as it may have; all is stopped");
  if (!service.has_served && !plan_.services[index].serves.empty())
    return Text(text, " before it was ready; all is stopped");
  if (!service.ending.clean()) return Text(text, "; all is stopped");
  for (const size_t channel : plan_.services[index].called) {
    const size_t client = plan_.channels[channel].client;
    if (services_[client].ending.clean() && services_[client].state == ServiceState::kEnded &&
        !services_[client].asked_to_stop)
      continue;
    return Text(text, " while ", NameOf(client), " still needed it; all is stopped");
  }
  return text;
}

}  // namespace jackfield
