#include "tools/units/places.h"

#include <memory>
#include <string>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tools/wiring/restartable.h"
#include "tools/wiring/wiring.h"

namespace jackfield::units {
namespace {

// A port that takes whatever such a channel carries.
absl::StatusOr<Address> Choose(Node& node, const Address& bare, Carried carries) {
  PortOptions options;
  options.needs = NeedsOf(carries, Role::kServe);
  absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(node, {bare.ToString()}, options);
  if (!port.ok()) return port.status();
  if (absl::Status status = (*port)->WaitServing(); !status.ok()) return status;
  return (*port)->addresses()[0];
}

Carried CarriedAt(const Plan& plan, size_t service, size_t serve) {
  for (const size_t called : plan.services[service].called) {
    if (plan.channels[called].serve == serve) return plan.channels[called].carries;
  }
  return Carried::kCalls;
}

// What a unit cannot have, a line for each.
std::string Refusals(const Plan& plan) {
  std::string text;
  if (plan.one_process) {
    return Text(plan.file,
                ": its services are threads of one process, and a unit is a process; choose a "
                "medium between processes, such as --over unix\n");
  }
  for (const PlannedChannel& channel : plan.channels) {
    const bool goes = PlaceGoesWithProcess(channel);
    if (!channel.caps.inherited && !goes) continue;
    text += Text(Prefix(plan.file, channel.over_place), plan.services[channel.client].name, " → ",
                 plan.services[channel.server].name, " over ", channel.address.ToString(), ": ",
                 channel.caps.inherited ? "its ends are inherited from who starts both, and each "
                                          "unit is started by itself; another medium would do, "
                                          "such as unix:"
                                        : "its place goes with the server's process; give it one, "
                                          "such as ",
                 goes ? Text(channel.address.ToString(), "./", channel.role) : std::string(), "\n");
  }
  return text;
}

}  // namespace

absl::StatusOr<Places> ChoosePlaces(const Plan& plan, const Registry& registry) {
  std::string refusals = Refusals(plan);
  if (!refusals.empty()) {
    refusals.pop_back();
    return absl::InvalidArgumentError(refusals);
  }
  absl::StatusOr<std::unique_ptr<Node>> node =
      Node::Create({.name = "jackfield", .registry = &registry});
  if (!node.ok()) return node.status();
  Places places(plan.services.size());
  for (size_t i = 0; i < plan.services.size(); ++i) {
    const std::vector<Address>& serves = plan.services[i].serves;
    for (size_t k = 0; k < serves.size(); ++k) {
      absl::StatusOr<Address> place = serves[k].bare()
                                          ? Choose(**node, serves[k], CarriedAt(plan, i, k))
                                          : absl::StatusOr<Address>(serves[k]);
      if (!place.ok()) {
        return absl::Status(
            place.status().code(),
            Text(plan.services[i].name, ": no place was found for ", serves[k].ToString(), ": ",
                 std::string(place.status().message())));
      }
      places[i].push_back(ClientAddress(serves[k], *place));
    }
  }
  return places;
}

}  // namespace jackfield::units
