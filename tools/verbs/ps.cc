#include "tools/verbs/ps.h"

#include <cstdio>
#include <string>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/cli/table.h"
#include "tools/running/supervisor_client.h"
#include "tools/verbs/running_wiring.h"

namespace jackfield {
namespace {

// From so long a call is worth a line: whoever asks wants to know who is stuck.
constexpr int64_t kLongNs = 1'000'000'000;

std::string Name(const flatbuffers::String* text) {
  return text == nullptr ? "" : Escaped(text->string_view());
}

// Why it does not get on, to be read after its name; "" if it does.
std::string WhyStuck(const init::Service& service) {
  if (service.stopped()) return Text("is stopped by a signal; try: kill -CONT ", service.pid());
  if (service.silent()) return "does not answer: a handler or its main function does not come back";
  if (service.oldest_ns() >= kLongNs && service.oldest() != nullptr)
    return Text("has had ", Name(service.oldest()), " under way for ",
                FormatDurationNs(service.oldest_ns()));
  return "";
}

std::string NoteOf(const init::Service& service) {
  const std::string ending = Name(service.ending());
  switch (service.state()) {
    case init::State::Waiting: {
      std::string names;
      for (const auto* name : *service.waits_for())
        names += Text(names.empty() ? "waits for " : ", ", Name(name));
      return names;
    }
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

std::string RestartsOf(const init::Service& service) {
  if (service.restarts_in_a_row() == 0) return Text(service.restarts());
  return Text(service.restarts(), " (", service.restarts_in_a_row(), " of ", service.restarts_max(),
              " in a row)");
}

void PrintServices(const init::Wiring& wiring) {
  Table table({"SERVICE", "STATE", "SINCE", "PID", "RESTARTS", "HANDLING", "HANDLED", "SERVES",
               "CALLS", "NOTE"});
  for (const init::Service* service : *wiring.services()) {
    std::string state = init::EnumNameState(service->state());
    if (!state.empty()) state[0] = static_cast<char>(state[0] | 0x20);
    std::string serves, calls;
    for (const auto* address : *service->serves())
      serves += Text(serves.empty() ? "" : " ", Name(address));
    for (const init::Call* call : *service->calls())
      calls += Text(calls.empty() ? "" : " ", Name(call->role()));
    table.Add({Name(service->name()), state, FormatDurationNs(service->since_ns()),
               service->pid() == 0 ? "-" : Text(service->pid()), RestartsOf(*service),
               Text(service->handling() + service->waiting()), Text(service->handled()),
               serves.empty() ? "-" : serves, calls.empty() ? "-" : calls, NoteOf(*service)});
  }
  std::fputs(table.ToString().c_str(), stdout);
}

// Who waits, on whom, for which method, since when, and what is known of that one.
void PrintWaiting(const init::Wiring& wiring) {
  Table table({"WAITS", "ON", "FOR", "SINCE", "CALLS", "BECAUSE"});
  bool any = false;
  for (const init::Service* service : *wiring.services()) {
    for (const init::Call* call : *service->calls()) {
      if (call->oldest() == nullptr || call->oldest_ns() < kLongNs) continue;
      any = true;
      std::string on = Name(call->service()), because = call->open() ? "" : "it is not connected";
      for (const init::Service* other : *wiring.services()) {
        if (call->service() == nullptr || other->name()->str() != call->service()->str()) continue;
        if (const std::string why = WhyStuck(*other); !why.empty())
          because = Text(Name(other->name()), " ", why);
      }
      if (on.empty()) on = Name(call->address());
      table.Add({Name(service->name()), on, Name(call->oldest()),
                 FormatDurationNs(call->oldest_ns()), Text(call->calls()), because});
    }
  }
  if (any) std::printf("\n%s", table.ToString().c_str());
}

void Print(const init::Wiring& wiring) {
  std::printf("%s  up %s  pid %d  %s\n", Name(wiring.name()).c_str(),
              FormatDurationNs(wiring.up_ns()).c_str(), wiring.pid(), Name(wiring.file()).c_str());
  PrintServices(wiring);
  PrintWaiting(wiring);
}

int RunPs(const Program& program, const Arguments& arguments) {
  const std::string wanted = arguments.operands.empty() ? "" : arguments.operands[0];
  const auto client = SupervisorClient::Open(*program.registry, wanted);
  if (!client.ok()) return ComplainOfRunning(client.status());
  const absl::StatusOr<MessageOf<init::Wiring>> wiring = (*client)->Look();
  if (!wiring.ok()) return Complain(kExitFailed, std::string(wiring.status().message()));
  Print(**wiring);
  return kExitOk;
}

}  // namespace

Verb PsVerb() {
  return {.name = "ps",
          .summary = "the services of a running wiring: state, process, restarts, addresses",
          .usage = "[WIRING]",
          .description =
              "WIRING: its name, or NAME@PID; needed where several are up. A service that has not\n"
              "been started says what it waits for, one that has ended says how. Calls that have "
              "been under\n"
              "way for 1 s or more are listed with who waits for them, and why that may be.\n"
              "\n"
              "exit status: 0 done, 1 it does not answer, 2 several are meant, 3 it is not up\n",
          .operands_max = 1,
          .run = RunPs};
}

}  // namespace jackfield
