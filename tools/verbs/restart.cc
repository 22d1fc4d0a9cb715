#include "tools/verbs/restart.h"

#include <cstdio>
#include <string>

#include "kernel/base/text.h"
#include "tools/running/supervisor_client.h"
#include "tools/verbs/running_wiring.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {kOutputFlag, kWiringFlag};

int RunRestart(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return Complain(kExitUsage, std::string(output.status().message()));
  const auto client =
      SupervisorClient::Open(*program.registry, arguments.Find("wiring").value_or(""));
  if (!client.ok()) return ComplainOfRunning(client.status());
  const auto restart = [&arguments](flatbuffers::FlatBufferBuilder& fbb) {
    return init::CreateRestartRequestDirect(fbb, arguments.operands[0].c_str());
  };
  const auto done = (*client)->init().Restart(restart).Wait();
  if (!done.ok()) return Complain(kExitFailed, std::string(done.status().message()));
  if (*output == Output::kJson) {
    const RunningWiring& wiring = (*client)->wiring();
    std::printf("%s\n", Text("{\"wiring\":", JsonString(wiring.name), ",\"pid\":", wiring.pid,
                             ",\"service\":", JsonString(arguments.operands[0]),
                             ",\"state\":\"restarting\"}")
                            .c_str());
  }
  return kExitOk;
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
