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

std::string NoteOf(const init::Service& service) {
  const std::string ending = service.ending() == nullptr ? "" : service.ending()->str();
  switch (service.state()) {
    case init::State::Waiting: {
      std::string names;
      for (const auto* name : *service.waits_for())
        names += Text(names.empty() ? "waits for " : ", ", Escaped(name->string_view()));
      return names;
    }
    case init::State::Pausing:
      return Text("starts again in ", FormatDurationNs(service.pause_ns()), ": it ", ending);
    case init::State::Ended:
      return ending;
    default:
      return ending.empty() ? "" : Text("before: it ", ending);
  }
}

std::string RestartsOf(const init::Service& service) {
  if (service.restarts_in_a_row() == 0) return Text(service.restarts());
  return Text(service.restarts(), " (", service.restarts_in_a_row(), " of ", service.restarts_max(),
              " in a row)");
}

void Print(const init::Wiring& wiring) {
  std::printf("%s  up %s  pid %d  %s\n", Escaped(wiring.name()->string_view()).c_str(),
              FormatDurationNs(wiring.up_ns()).c_str(), wiring.pid(),
              Escaped(wiring.file()->string_view()).c_str());
  Table table({"SERVICE", "STATE", "SINCE", "PID", "RESTARTS", "SERVES", "CALLS", "NOTE"});
  for (const init::Service* service : *wiring.services()) {
    std::string state = init::EnumNameState(service->state());
    if (!state.empty()) state[0] = static_cast<char>(state[0] | 0x20);
    std::string serves, calls;
    for (const auto* address : *service->serves())
      serves += Text(serves.empty() ? "" : " ", Escaped(address->string_view()));
    for (const init::Call* call : *service->calls())
      calls += Text(calls.empty() ? "" : " ", Escaped(call->role()->string_view()));
    table.Add({Escaped(service->name()->string_view()), state,
               FormatDurationNs(service->since_ns()),
               service->pid() == 0 ? "-" : Text(service->pid()), RestartsOf(*service),
               serves.empty() ? "-" : serves, calls.empty() ? "-" : calls, NoteOf(*service)});
  }
  std::fputs(table.ToString().c_str(), stdout);
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
              "been started says what it waits for, one that has ended says how.\n"
              "\n"
              "exit status: 0 done, 1 it does not answer, 2 several are meant, 3 it is not up\n",
          .operands_max = 1,
          .run = RunPs};
}

}  // namespace jackfield
