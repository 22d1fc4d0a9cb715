#include "tools/verbs/ps.h"

#include <unistd.h>

#include <cstdio>
#include <string>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/cli/table.h"
#include "tools/running/situation.h"
#include "tools/running/supervisor_client.h"
#include "tools/running/why_stuck.h"
#include "tools/verbs/init_json.h"
#include "tools/verbs/running_wiring.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {
    {'o', "output", "FORMAT", "table (the default) or json, one object: jackfield.init.Wiring"}};

std::string RestartsOf(const init::Service& service) {
  if (service.restarts_in_a_row() == 0) return Text(service.restarts());
  return Text(service.restarts(), " (", service.restarts_in_a_row(), " of ", service.restarts_max(),
              " in a row)");
}

// "stock packer (3)": a role with three servers.
std::string RolesOf(const init::Service& service) {
  std::string roles;
  const auto& calls = *service.calls();
  for (uint32_t i = 0, next = 0; i < calls.size(); i = next) {
    const std::string role = TextOf(calls[i]->role());
    while (next < calls.size() && TextOf(calls[next]->role()) == role) ++next;
    roles += Text(roles.empty() ? "" : " ", role, next - i == 1 ? "" : Text(" (", next - i, ")"));
  }
  return roles;
}

void PrintServices(const init::Wiring& wiring) {
  Table table({"SERVICE", "STATE", "SINCE", "PID", "RESTARTS", "HANDLING", "HANDLED", "SERVES",
               "CALLS", "NOTE"});
  for (const init::Service* service : *wiring.services()) {
    std::string serves;
    const std::string calls = RolesOf(*service);
    for (const auto* address : *service->serves())
      serves += Text(serves.empty() ? "" : " ", TextOf(address));
    table.Add({TextOf(service->name()), StateText(service->state()),
               FormatDurationNs(service->since_ns()),
               service->pid() == 0 ? "-" : Text(service->pid()), RestartsOf(*service),
               Text(service->handling() + service->waiting()), Text(service->handled()),
               serves.empty() ? "-" : serves, calls.empty() ? "-" : calls, NoteOf(*service)});
  }
  std::fputs(table.ToString().c_str(), stdout);
}

// Who waits, on whom, for which method, since when, and what is known of that one.
void PrintWaiting(const Situation& situation) {
  Table table({"WAITS", "ON", "FOR", "SINCE", "CALLS", "BECAUSE"});
  bool any = false;
  for (const Situation::Channel& channel : situation.channels) {
    if (!channel.stuck) continue;
    any = true;
    table.Add({channel.client, channel.server.empty() ? channel.address : channel.server,
               channel.oldest, FormatDurationNs(channel.oldest_ns), Text(channel.calls),
               channel.because});
  }
  if (any) std::printf("\n%s", table.ToString().c_str());
}

void Print(const init::Wiring& wiring) {
  std::printf("%s  up %s  pid %d  %s\n", TextOf(wiring.name()).c_str(),
              FormatDurationNs(wiring.up_ns()).c_str(), wiring.pid(),
              TextOf(wiring.file()).c_str());
  PrintServices(wiring);
  PrintWaiting(SituationOf(wiring));
}

int RunPs(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return Complain(kExitUsage, std::string(output.status().message()));
  const std::string wanted = arguments.operands.empty() ? "" : arguments.operands[0];
  const auto client = SupervisorClient::Open(*program.registry, wanted);
  if (!client.ok()) return ComplainOfRunning(client.status());
  absl::StatusOr<MessageOf<init::Wiring>> wiring = (*client)->Look();
  if (!wiring.ok()) return Complain(kExitFailed, std::string(wiring.status().message()));
  if (*output == Output::kTable) {
    Print(**wiring);
    return kExitOk;
  }
  const absl::Status printed =
      PrintInitJson("Look", wiring->message().payload(),
                    isatty(STDOUT_FILENO) ? message::Layout::kIndented : message::Layout::kLine);
  return printed.ok() ? kExitOk : Complain(kExitFailed, std::string(printed.message()));
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
              "way for 1 s or more, or to one that is stuck, are listed with who waits for them.\n"
              "With -o json it is the answer of jackfield.init.Init/Look, by its schema\n"
              "(services/init/init.fbs).\n"
              "\n"
              "exit status: 0 done, 1 it does not answer, 2 several are meant, 3 it is not up\n",
          .flags = kFlags,
          .operands_max = 1,
          .run = RunPs};
}

}  // namespace jackfield
