#include "tools/verbs/down.h"

#include <cstdint>
#include <cstdio>
#include <string>

#include "kernel/base/text.h"
#include "tools/running/supervisor_client.h"
#include "tools/verbs/running_wiring.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {kOutputFlag};
constexpr int64_t kLimitNs = 120'000'000'000;

int RunDown(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return Complain(kExitUsage, std::string(output.status().message()));
  const std::string wanted = arguments.operands.empty() ? "" : arguments.operands[0];
  const auto client = SupervisorClient::Open(*program.registry, wanted);
  if (!client.ok()) return ComplainOfRunning(client.status());
  const auto stop = [](flatbuffers::FlatBufferBuilder& fbb) {
    return init::CreateStopRequest(fbb);
  };
  const auto done = (*client)->init().Stop(stop).Wait();
  if (!done.ok()) return Complain(kExitFailed, std::string(done.status().message()));
  const absl::Status ended = (*client)->WaitForEnd(kLimitNs);
  if (!ended.ok()) return Complain(kExitFailed, std::string(ended.message()));
  if (*output == Output::kJson) {
    const RunningWiring& wiring = (*client)->wiring();
    std::printf("%s\n", Text("{\"wiring\":", JsonString(wiring.name), ",\"pid\":", wiring.pid,
                             ",\"state\":\"ended\"}")
                            .c_str());
  }
  return kExitOk;
}

}  // namespace

Verb DownVerb() {
  return {
      .name = "down",
      .summary = "stop a running wiring",
      .usage = "[WIRING]",
      .description =
          "Asks its supervisor to stop the services, clients before those that they call, each\n"
          "with its grace; comes back when all is over, after two minutes at most.\n"
          "\n"
          "exit status: 0 it has ended, 1 it has not, 2 several are meant, 3 it is not up\n",
      .flags = kFlags,
      .operands_max = 1,
      .run = RunDown};
}

}  // namespace jackfield
