#include "tools/supervisor/look.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>

#include "kernel/base/text.h"
#include "tools/wiring/call_name.h"

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

// Is it stopped by a signal, or a debugger? The state stands behind the name, which is in brackets.
bool IsStopped(int pid) {
  std::ifstream file(Text("/proc/", pid, "/stat"));
  std::string text;
  std::getline(file, text);
  const size_t name_end = text.rfind(')');
  return name_end != text.npos && name_end + 2 < text.size() &&
         (text[name_end + 2] == 'T' || text[name_end + 2] == 't');
}

class Builder {
 public:
  Builder(FlatBufferBuilder& fbb, const Known& known, int64_t now_ns)
      : fbb_(fbb), known_(known), now_ns_(now_ns) {}

  Offset<init::Service> Build(size_t index) {
    const PlannedService& planned = known_.plan.services[index];
    const Supervised& service = known_.services[index];
    std::vector<Offset<init::Call>> calls;
    std::vector<std::string> waits_for, serves;
    for (const size_t call : planned.calls) {
      const PlannedChannel& channel = known_.plan.channels[call];
      calls.push_back(BuildCall(planned.name, channel));
      if (service.state == ServiceState::kWaiting && !known_.services[channel.server].has_served)
        waits_for.push_back(known_.plan.services[channel.server].name);
    }
    for (const OutsideCall& call : planned.outside) calls.push_back(BuildCall(planned.name, call));
    for (const Address& address : known_.handing.served(index))
      serves.push_back(address.ToString());
    const auto name = fbb_.CreateString(planned.name);
    const auto ending = Some(service.has_ended ? service.ending.ToString() : "");
    const auto serves_at = fbb_.CreateVectorOfStrings(serves);
    const auto all_calls = fbb_.CreateVector(calls);
    const auto waits = fbb_.CreateVectorOfStrings(waits_for);
    const auto ready_when = Some(ReadyWhen(planned, service));
    const Handled handled = HandledBy(planned.name);
    const auto oldest = Some(handled.oldest);

    init::ServiceBuilder built(fbb_);
    built.add_name(name);
    built.add_state(StateOf(service));
    built.add_since_ns(now_ns_ - service.since_ns);
    if (StateOf(service) == init::State::Ready)
      built.add_ready_ns(service.since_ns - service.started_ns);
    built.add_restarts(service.restarts.total());
    built.add_restarts_in_a_row(service.restarts.in_a_row());
    const RestartRule& rule = service.restarts.rule();
    if (rule.when != RestartRule::When::kNever) built.add_restarts_max(rule.restarts_max);
    if (service.state == ServiceState::kPausing)
      built.add_pause_ns(std::max<int64_t>(0, service.deadline_ns - now_ns_));
    built.add_ending(ending);
    built.add_serves(serves_at);
    built.add_calls(all_calls);
    built.add_waits_for(waits);
    built.add_ready_when(ready_when);
    if (service.running != nullptr) {
      const int pid = service.running->pid();
      built.add_pid(pid);
      if (!service.over() && service.state != ServiceState::kPausing) {
        built.add_stopped(pid > 0 && IsStopped(pid));
        built.add_silent(known_.reach.connected(planned.name) && ToldBy(planned.name) == nullptr);
      }
    }
    built.add_clients(handled.clients);
    built.add_handling(handled.handling);
    built.add_waiting(handled.waiting);
    built.add_oldest(oldest);
    built.add_oldest_ns(handled.oldest_ns);
    built.add_handled(handled.handled);
    return built.Finish();
  }

 private:
  static std::string ReadyWhen(const PlannedService& planned, const Supervised& service) {
    if (service.state != ServiceState::kStarted) return "";
    if (service.readiness != nullptr) return service.readiness->awaits();
    return planned.ready.how == ReadyRule::How::kItself || planned.serves.empty()
               ? ""
               : "it says where it serves; name its places if it never does";
  }

  Offset<flatbuffers::String> Some(const std::string& text) {
    return text.empty() ? Offset<flatbuffers::String>() : fbb_.CreateString(text);
  }

  // All ports of a service together.
  struct Handled {
    uint32_t clients = 0, handling = 0, waiting = 0;
    uint64_t handled = 0;
    std::string oldest;
    int64_t oldest_ns = 0;
  };
  Handled HandledBy(const std::string& service) const {
    Handled sum;
    const control::Process* process = ToldBy(service);
    if (process == nullptr || process->ports() == nullptr) return sum;
    for (const control::Port* port : *process->ports()) {
      sum.clients += port->clients();
      sum.handling += port->calls();
      sum.waiting += port->waiting();
      sum.handled += port->handled();
      if (port->oldest_type() != 0 && port->oldest_ns() >= sum.oldest_ns) {
        sum.oldest_ns = port->oldest_ns();
        sum.oldest = known_.reach.MethodOf(service, port->oldest_type());
      }
    }
    return sum;
  }

  const control::Process* ToldBy(const std::string& service) const {
    const auto answer = known_.answers.find(service);
    return answer == known_.answers.end() ? nullptr : &*answer->second;
  }

  // What `client` tells of the channel that it has under that name (CallNameOf).
  const control::Channel* ToldOf(const std::string& client, const std::string& name) const {
    const control::Process* process = ToldBy(client);
    if (process == nullptr || process->channels() == nullptr) return nullptr;
    for (const control::Channel* channel : *process->channels()) {
      if (channel->role() != nullptr && channel->role()->string_view() == name) return channel;
    }
    return nullptr;
  }

  Offset<init::Call> BuildCall(const std::string& client, const PlannedChannel& channel) {
    const std::optional<Address> actual = known_.handing.ServedAt(channel);
    const std::string address = actual ? ClientAddress(channel.address, *actual).ToString() : "";
    const control::Channel* told = ToldOf(client, CallNameOf(known_.plan, channel));
    return BuildCall(told, channel.role, known_.plan.services[channel.server].name, address,
                     channel.carries, channel.place,
                     told == nullptr || told->oldest_type() == 0
                         ? ""
                         : known_.reach.MethodOf(known_.plan.services[channel.server].name,
                                                 told->oldest_type()));
  }

  Offset<init::Call> BuildCall(const std::string& client, const OutsideCall& call) {
    const control::Channel* told = ToldOf(client, call.role);
    return BuildCall(
        told, call.role, "", call.address.ToString(), call.carries, call.place,
        told == nullptr || told->oldest_type() == 0 ? "" : Text("type ", told->oldest_type()));
  }

  Offset<init::Call> BuildCall(const control::Channel* told, const std::string& role,
                               const std::string& service, const std::string& address,
                               Carried carries, Place place, const std::string& method) {
    const auto its_role = fbb_.CreateString(role), its_service = Some(service),
               its_address = Some(address), written = Some(PlaceText(known_.plan, place)),
               oldest = Some(method);
    init::CallBuilder built(fbb_);
    built.add_role(its_role);
    built.add_service(its_service);
    built.add_address(its_address);
    built.add_one_way(carries == Carried::kOneWay);
    built.add_place(written);
    if (told != nullptr) {
      built.add_open(told->open());
      built.add_calls(told->calls());
      built.add_oldest(oldest);
      built.add_oldest_ns(told->oldest_ns());
      built.add_sent(told->sent());
      built.add_in_doubt(told->in_doubt());
      built.add_refused(told->refused());
      built.add_delivered(told->delivered());
      built.add_failed(told->failed());
      built.add_dropped(told->dropped());
    }
    return built.Finish();
  }

  FlatBufferBuilder& fbb_;
  const Known& known_;
  const int64_t now_ns_;
};

}  // namespace

Offset<init::Wiring> BuildWiring(FlatBufferBuilder& fbb, const Known& known, int64_t began_ns,
                                 int64_t now_ns) {
  Builder builder(fbb, known, now_ns);
  std::vector<Offset<init::Service>> built;
  for (size_t i = 0; i < known.services.size(); ++i) built.push_back(builder.Build(i));
  std::error_code unknown;
  const auto name = fbb.CreateString(known.plan.name);
  const bool is_file = std::filesystem::exists(known.plan.file, unknown);
  const auto file = fbb.CreateString(
      is_file ? std::filesystem::absolute(known.plan.file, unknown).string() : known.plan.file);
  const auto all = fbb.CreateVector(built);
  const auto logs =
      known.logs.empty() ? Offset<flatbuffers::String>() : fbb.CreateString(known.logs);
  return init::CreateWiring(fbb, name, file, getpid(), now_ns - began_ns, all, logs,
                            known.log.waiting_bytes(), known.log.lost());
}

}  // namespace jackfield
