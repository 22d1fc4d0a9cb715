#include "services/allow/access_gate.h"

#include <algorithm>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/call/port.h"
#include "services/allow/badge.h"

namespace jackfield::allow {
namespace {

// A client as a sentence has it.
std::string Words(const PeerIdentity& peer, std::string_view caller, std::string_view name) {
  std::string words = !caller.empty()             ? std::string(caller)
                      : !peer.certificate.empty() ? Text("cert:", peer.certificate)
                      : peer.known
                          ? Text("uid ", peer.uid, " (gid ", peer.gid, ", pid ", peer.pid, ")")
                          : "a client that this medium tells nothing of";
  if (caller.empty() && !name.empty()) words += Text(", which calls itself \"", name, "\"");
  return words;
}

// What would let it in.
std::string Help(std::string_view service, const PeerIdentity& peer, std::string_view caller) {
  if (!caller.empty()) return Text("; try: \"", caller, "\" in allow = […] of ", service);
  if (!peer.certificate.empty())
    return Text("; try: \"cert:", peer.certificate, "\" in allow = […] of ", service);
  if (peer.known) return Text("; try: \"uid:", peer.uid, "\" in allow = […] of ", service);
  return "; over this medium only services of its wiring are known, by their calls = …";
}

}  // namespace

std::string AccessGate::Group::Words() const {
  std::string words;
  for (size_t i = 0; i < who.size(); ++i)
    words += Text(i == 0 ? "" : i + 1 == who.size() ? " and " : ", ", who[i].text());
  return words;
}

AccessGate::Group& AccessGate::GroupOf(std::string_view what) {
  for (Group& group : groups_) {
    if (group.what == what) return group;
  }
  return groups_.emplace_back(Group{std::string(what), {}});
}

absl::StatusOr<std::unique_ptr<AccessGate>> AccessGate::Create(std::string service,
                                                               const std::vector<Rule>& rules,
                                                               std::optional<Key> key) {
  std::unique_ptr<AccessGate> gate(new AccessGate(std::move(service)));
  gate->key_ = key;
  gate->GroupOf(kEverything);
  for (const Rule& rule : rules) {
    absl::StatusOr<Who> who = Who::Parse(rule.who);
    if (!who.ok()) return who.status();
    gate->GroupOf(rule.what).who.push_back(*std::move(who));
  }
  if (gate->groups_.size() > kWhatsMax + 1)
    return absl::InvalidArgumentError(Text("there are rules for ", gate->groups_.size() - 1,
                                           " methods and interfaces, and at most ", kWhatsMax,
                                           " can have some"));
  gate->everybody_ = gate->groups_[0].who.empty();
  return gate;
}

Gate::Admission AccessGate::Admit(const Client& client) const {
  Admission admission;
  if (key_) admission.caller = BearerOf(*key_, client.badge).value_or("");
  for (size_t i = 0; i < groups_.size(); ++i) {
    const bool meant =
        (i == 0 && everybody_) ||
        std::any_of(groups_[i].who.begin(), groups_[i].who.end(),
                    [&](const Who& who) { return who.Means(client.peer, admission.caller); });
    if (meant) admission.rights |= uint64_t{1} << i;
  }
  if (admission.rights == 0) {
    std::string admitted;
    for (const Group& group : groups_) {
      if (group.who.empty()) continue;
      admitted += Text(admitted.empty() ? "" : "; ", group.what == kEverything ? "" : group.what,
                       group.what == kEverything ? "" : " for ", group.Words());
    }
    admission.status =
        Refused(Reason::kPermission, Text(service_, " admits ", admitted, ", not ",
                                          Words(client.peer, admission.caller, client.name),
                                          Help(service_, client.peer, admission.caller)));
  }
  return admission;
}

size_t AccessGate::GroupFor(std::string_view method) const {
  const std::string_view interface = method.substr(0, method.rfind('/'));
  size_t found = 0;
  for (size_t i = 1; i < groups_.size(); ++i) {
    if (groups_[i].what == method) return i;
    if (groups_[i].what == interface) found = i;
  }
  return found;
}

size_t AccessGate::GroupFor(uint32_t type, const Port& port) const {
  const auto place = std::lower_bound(found_.begin(), found_.end(), type,
                                      [](const auto& one, uint32_t t) { return one.first < t; });
  if (place != found_.end() && place->first == type) return place->second;
  const std::string method = port.NameOf(type);
  // What has no name here is not remembered: there are as many of those as a client likes.
  if (method.find('/') == std::string::npos) return 0;
  const size_t group = GroupFor(method);
  found_.insert(place, {type, group});
  return group;
}

bool AccessGate::MayCall(const Admission& admitted, uint32_t type, const Port& port) const {
  if (groups_.size() == 1) return true;
  return (admitted.rights >> GroupFor(type, port) & 1) != 0;
}

absl::Status AccessGate::WhyNot(const Admission& admitted, uint32_t type, const Port& port) const {
  const Group& group = groups_[GroupFor(type, port)];
  return Refused(Reason::kPermission,
                 Text(service_, ": ", port.NameOf(type), " may be called by ", group.Words(),
                      ", not by ", admitted.caller.empty() ? "this client" : admitted.caller));
}

}  // namespace jackfield::allow
