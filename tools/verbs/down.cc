#include "tools/verbs/down.h"

#include <cstdint>
#include <string>

#include "tools/running/supervisor_client.h"
#include "tools/verbs/running_wiring.h"

namespace jackfield {
namespace {

constexpr int64_t kLimitNs = 120'000'000'000;

int RunDown(const Program& program, const Arguments& arguments) {
  const std::string wanted = arguments.operands.empty() ? "" : arguments.operands[0];
  const auto client = SupervisorClient::Open(*program.registry, wanted);
  if (!client.ok()) return ComplainOfRunning(client.status());
  const auto stop = [](flatbuffers::FlatBufferBuilder& fbb) {
    return init::CreateStopRequest(fbb);
  };
  const auto done = (*client)->init().Stop(stop).Wait();
  if (!done.ok()) return Complain(kExitFailed, std::string(done.status().message()));
  const absl::Status ended = (*client)->WaitForEnd(kLimitNs);
  return ended.ok() ? kExitOk : Complain(kExitFailed, std::string(ended.message()));
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
      .operands_max = 1,
      .run = RunDown};
}

}  // namespace jackfield
