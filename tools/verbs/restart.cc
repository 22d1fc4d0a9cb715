#include "tools/verbs/restart.h"

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/base/text.h"
#include "tools/running/supervisor_client.h"
#include "tools/running/why_stuck.h"
#include "tools/verbs/running_wiring.h"
#include "tools/wiring/instance_name.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {kOutputFlag, kWiringFlag};
constexpr int64_t kLookAgainNs = 20'000'000;

absl::Status Restart(SupervisorClient& client, const std::string& service) {
  const auto request = [&service](flatbuffers::FlatBufferBuilder& fbb) {
    return init::CreateRestartRequestDirect(fbb, service.c_str());
  };
  return client.init().Restart(request).Wait().status();
}

const init::Service* Find(const init::Wiring& wiring, std::string_view name) {
  for (const init::Service* service : *wiring.services()) {
    if (service->name()->string_view() == name) return service;
  }
  return nullptr;
}

// Waits until a service has been started again, and is as ready as it gets. The supervisor gives up
// on one that does not, so this has no limit of its own.
absl::Status AwaitRestart(SupervisorClient& client, const std::string& name, uint64_t restarts) {
  for (;;) {
    const absl::StatusOr<MessageOf<init::Wiring>> wiring = client.Look();
    if (!wiring.ok()) return wiring.status();
    const init::Service* service = Find(**wiring, name);
    if (service == nullptr) return absl::NotFoundError(Text(name, " has gone"));
    const bool up = service->state() == init::State::Ready ||
                    (service->state() == init::State::Started && service->serves()->size() == 0);
    if (up && service->restarts() > restarts) return absl::OkStatus();
    if (service->state() == init::State::Ended)
      return absl::UnavailableError(Text(name, " ", TextOf(service->ending())));
    const int64_t until_ns = client.node().clock().NowNs() + kLookAgainNs;
    client.node().RunUntil([] { return false; }, until_ns);
  }
}

// One instance after the other, so that the others serve meanwhile.
absl::Status RestartInTurn(SupervisorClient& client, const std::vector<std::string>& instances) {
  for (const std::string& instance : instances) {
    const absl::StatusOr<MessageOf<init::Wiring>> before = client.Look();
    if (!before.ok()) return before.status();
    const init::Service* service = Find(**before, instance);
    const uint64_t restarts = service == nullptr ? 0 : service->restarts();
    absl::Status done = Restart(client, instance);
    if (done.ok()) done = AwaitRestart(client, instance, restarts);
    if (!done.ok()) {
      return absl::Status(done.code(), Text(std::string(done.message()),
                                            "; the instances behind it were not restarted"));
    }
  }
  return absl::OkStatus();
}

// The instances of a service; none where the name means one service, or none.
absl::StatusOr<std::vector<std::string>> InstancesOf(SupervisorClient& client,
                                                     std::string_view name) {
  const absl::StatusOr<MessageOf<init::Wiring>> wiring = client.Look();
  if (!wiring.ok()) return wiring.status();
  std::vector<std::string> instances;
  for (const init::Service* service : *(*wiring)->services()) {
    if (GroupOf(service->name()->string_view()) == name)
      instances.push_back(service->name()->str());
  }
  return instances;
}

int RunRestart(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return Complain(kExitUsage, std::string(output.status().message()));
  const std::string& name = arguments.operands[0];
  const auto client =
      SupervisorClient::Open(*program.registry, arguments.Find("wiring").value_or(""));
  if (!client.ok()) return ComplainOfRunning(client.status());
  const auto instances = InstancesOf(**client, name);
  absl::Status done = instances.status();
  if (done.ok())
    done = instances->empty() ? Restart(**client, name) : RestartInTurn(**client, *instances);
  if (!done.ok()) return Complain(kExitFailed, std::string(done.message()));
  if (*output == Output::kJson) {
    const RunningWiring& wiring = (*client)->wiring();
    std::printf("%s\n", Text("{\"wiring\":", JsonString(wiring.name), ",\"pid\":", wiring.pid,
                             ",\"service\":", JsonString(name), ",\"state\":\"restarting\"}")
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
              "go on: their channels wait for it (README.md says what they are told). Of a service "
              "with\n"
              "instances one is restarted after the other, each when the one before is ready "
              "again.\n"
              "\n"
              "exit status: 0 it is being restarted, 1 it cannot be, 2 several wirings are meant,\n"
              "3 the wiring is not up\n",
          .flags = kFlags,
          .operands_min = 1,
          .operands_max = 1,
          .run = RunRestart};
}

}  // namespace jackfield
