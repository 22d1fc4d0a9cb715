#include "tools/verbs/restart.h"

#include <string>

#include "tools/running/supervisor_client.h"
#include "tools/verbs/running_wiring.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {kWiringFlag};

int RunRestart(const Program& program, const Arguments& arguments) {
  const auto client =
      SupervisorClient::Open(*program.registry, arguments.Find("wiring").value_or(""));
  if (!client.ok()) return ComplainOfRunning(client.status());
  const auto restart = [&arguments](flatbuffers::FlatBufferBuilder& fbb) {
    return init::CreateRestartRequestDirect(fbb, arguments.operands[0].c_str());
  };
  const auto done = (*client)->init().Restart(restart).Wait();
  return done.ok() ? kExitOk : Complain(kExitFailed, std::string(done.status().message()));
}

}  // namespace

Verb RestartVerb() {
  return {.name = "restart",
          .summary = "stop one service of a running wiring, and start it again",
          .usage = "SERVICE",
          .description =
              "It is asked to stop, has its grace, and serves at the same addresses again. Its "
              "clients\n"
              "go on: their channels wait for it (README.md says what they are told).\n"
              "\n"
              "exit status: 0 it is being restarted, 1 it cannot be, 2 several wirings are meant,\n"
              "3 the wiring is not up\n",
          .flags = kFlags,
          .operands_min = 1,
          .operands_max = 1,
          .run = RunRestart};
}

}  // namespace jackfield
