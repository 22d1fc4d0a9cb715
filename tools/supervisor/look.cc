#include "tools/supervisor/look.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

init::State StateOf(const Supervised& service) {
  switch (service.state) {
    case ServiceState::kWaiting:
      return init::State::Waiting;
    case ServiceState::kStarted:
      return service.asked_to_stop ? init::State::Stopping : init::State::Started;
    case ServiceState::kReady:
      return service.asked_to_stop ? init::State::Stopping : init::State::Ready;
    case ServiceState::kPausing:
      return init::State::Pausing;
    case ServiceState::kEnded:
      return init::State::Ended;
  }
  return init::State::Ended;
}

std::string PlaceText(const Plan& plan, Place place) {
  return place.line == 0 ? Text(plan.file, " (as changed by the command line)")
                         : Text(plan.file, ":", place.line, ":", place.column);
}

class Builder {
 public:
  Builder(FlatBufferBuilder& fbb, const Plan& plan, const Handing& handing,
          const std::vector<Supervised>& services, int64_t now_ns)
      : fbb_(fbb), plan_(plan), handing_(handing), services_(services), now_ns_(now_ns) {}

  Offset<init::Service> Build(size_t index) {
    const PlannedService& planned = plan_.services[index];
    const Supervised& service = services_[index];
    std::vector<Offset<init::Call>> calls;
    std::vector<std::string> waits_for, serves;
    for (const size_t call : planned.calls) {
      const PlannedChannel& channel = plan_.channels[call];
      calls.push_back(BuildCall(channel));
      if (service.state == ServiceState::kWaiting && !services_[channel.server].has_served)
        waits_for.push_back(plan_.services[channel.server].name);
    }
    for (const OutsideCall& call : planned.outside)
      calls.push_back(BuildCall(call.role, "", call.address.ToString(),
                                call.carries == Carried::kOneWay, call.place));
    for (const Address& address : handing_.served(index)) serves.push_back(address.ToString());
    const RestartRule& rule = service.restarts.rule();
    const bool restarts = rule.when != RestartRule::When::kNever;
    const auto name = fbb_.CreateString(planned.name);
    const auto ending = service.has_ended ? fbb_.CreateString(service.ending.ToString())
                                          : Offset<flatbuffers::String>();
    const auto serves_at = fbb_.CreateVectorOfStrings(serves);
    const auto all_calls = fbb_.CreateVector(calls);
    const auto waits = fbb_.CreateVectorOfStrings(waits_for);
    return init::CreateService(fbb_, name, StateOf(service), now_ns_ - service.since_ns,
                               service.running == nullptr ? 0 : service.running->pid(),
                               service.restarts.total(), service.restarts.in_a_row(),
                               restarts ? rule.restarts_max : 0,
                               service.state == ServiceState::kPausing
                                   ? std::max<int64_t>(0, service.deadline_ns - now_ns_)
                                   : 0,
                               ending, serves_at, all_calls, waits);
  }

 private:
  Offset<init::Call> BuildCall(const PlannedChannel& channel) {
    const std::vector<Address>& served = handing_.served(channel.server);
    const std::string address =
        served.empty() ? "" : ClientAddress(channel.address, served[channel.serve]).ToString();
    return BuildCall(channel.role, plan_.services[channel.server].name, address,
                     channel.carries == Carried::kOneWay, channel.place);
  }

  Offset<init::Call> BuildCall(const std::string& role, const std::string& service,
                               const std::string& address, bool one_way, Place place) {
    const auto some = [this](const std::string& text) {
      return text.empty() ? Offset<flatbuffers::String>() : fbb_.CreateString(text);
    };
    const auto a = some(role), b = some(service), c = some(address),
               d = some(PlaceText(plan_, place));
    return init::CreateCall(fbb_, a, b, c, one_way, d);
  }

  FlatBufferBuilder& fbb_;
  const Plan& plan_;
  const Handing& handing_;
  const std::vector<Supervised>& services_;
  const int64_t now_ns_;
};

}  // namespace

Offset<init::Wiring> BuildWiring(FlatBufferBuilder& fbb, const Plan& plan, const Handing& handing,
                                 const std::vector<Supervised>& services, int64_t began_ns,
                                 int64_t now_ns) {
  Builder builder(fbb, plan, handing, services, now_ns);
  std::vector<Offset<init::Service>> built;
  for (size_t i = 0; i < services.size(); ++i) built.push_back(builder.Build(i));
  std::error_code unknown;
  const auto name = fbb.CreateString(plan.name);
  const auto file = fbb.CreateString(std::filesystem::absolute(plan.file, unknown).string());
  const auto all = fbb.CreateVector(built);
  return init::CreateWiring(fbb, name, file, getpid(), now_ns - began_ns, all);
}

}  // namespace jackfield
