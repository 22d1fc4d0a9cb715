#include "tools/verbs/restart.h"

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/running/find_wiring.h"
#include "tools/running/supervisor_client.h"
#include "tools/running/why_stuck.h"
#include "tools/verbs/running_wiring.h"
#include "tools/wiring/instance_name.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {kOutputFlag, kWiringFlag};
constexpr int64_t kLookAgainNs = 20'000'000;

struct Restarted {
  std::string service;
  int pid_before = 0, pid = 0;  // 0: it had not been started, or is a thread
  bool serves = false;
  int64_t ready_ns = 0;  // from its start
};

const init::Service* Find(const init::Wiring& wiring, std::string_view name) {
  for (const init::Service* service : *wiring.services()) {
    if (service->name()->string_view() == name) return service;
  }
  return nullptr;
}

// Waits until a service has been started again, and is as ready as it gets. The supervisor gives up
// on one that does not, so this has no limit of its own.
absl::Status AwaitRestart(SupervisorClient& client, uint64_t restarts, Restarted& restarted) {
  for (;;) {
    const absl::StatusOr<MessageOf<init::Wiring>> wiring = client.Look();
    if (!wiring.ok()) {
      if (client.IsUp()) return wiring.status();
      return absl::UnavailableError(HowItHasEnded(client.wiring()));
    }
    const init::Service* service = Find(**wiring, restarted.service);
    if (service == nullptr) return absl::NotFoundError(Text(restarted.service, " has gone"));
    const bool up = service->state() == init::State::Ready ||
                    (service->state() == init::State::Started && service->serves()->size() == 0);
    if (up && service->restarts() > restarts) {
      restarted.pid = service->pid();
      restarted.serves = service->state() == init::State::Ready;
      restarted.ready_ns = service->ready_ns();
      return absl::OkStatus();
    }
    if (service->state() == init::State::Ended)
      return absl::UnavailableError(Text(restarted.service, " ", TextOf(service->ending())));
    const int64_t until_ns = client.node().clock().NowNs() + kLookAgainNs;
    client.node().RunUntil([] { return false; }, until_ns);
  }
}

absl::StatusOr<Restarted> Restart(SupervisorClient& client, const std::string& name) {
  const absl::StatusOr<MessageOf<init::Wiring>> before = client.Look();
  if (!before.ok()) return before.status();
  const init::Service* service = Find(**before, name);
  const uint64_t restarts = service == nullptr ? 0 : service->restarts();
  Restarted restarted{.service = name, .pid_before = service == nullptr ? 0 : service->pid()};
  const auto request = [&name](flatbuffers::FlatBufferBuilder& fbb) {
    return init::CreateRestartRequestDirect(fbb, name.c_str());
  };
  absl::Status done = client.init().Restart(request).Wait().status();
  if (done.ok()) done = AwaitRestart(client, restarts, restarted);
  if (!done.ok()) return done;
  return restarted;
}

// The service of that name, or its instances, each by its own; what names none comes back as it is.
absl::StatusOr<std::vector<std::string>> MeantBy(SupervisorClient& client, std::string_view name) {
  const absl::StatusOr<MessageOf<init::Wiring>> wiring = client.Look();
  if (!wiring.ok()) return wiring.status();
  std::vector<std::string> meant;
  for (const init::Service* service : *(*wiring)->services()) {
    if (Means(name, service->name()->string_view())) meant.push_back(service->name()->str());
  }
  if (meant.empty()) meant.emplace_back(name);
  return meant;
}

void Print(const Restarted& done, const RunningWiring& wiring, Output output) {
  if (output == Output::kJson) {
    std::printf("%s\n", Text("{\"wiring\":", JsonString(wiring.name), ",\"pid\":", wiring.pid,
                             ",\"service\":", JsonString(done.service),
                             ",\"state\":", done.serves ? "\"ready\"" : "\"started\"",
                             ",\"service_pid_before\":", done.pid_before,
                             ",\"service_pid\":", done.pid, ",\"ready_ns\":", done.ready_ns, "}")
                            .c_str());
  } else {
    const auto where = [](int pid) {
      return pid == 0 ? std::string("a thread") : Text("pid ", pid);
    };
    std::printf(
        "%s\n",
        Text(done.service, ": restarted (", where(done.pid_before), " → ", where(done.pid), ")",
             done.serves ? Text(", ready after ", FormatDurationNs(done.ready_ns)) : std::string())
            .c_str());
  }
  std::fflush(stdout);
}

int RunRestart(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return Complain(kExitUsage, std::string(output.status().message()));
  const auto client =
      SupervisorClient::Open(*program.registry, arguments.Find("wiring").value_or(""));
  if (!client.ok()) return ComplainOfRunning(client.status());
  const auto names = MeantBy(**client, arguments.operands[0]);
  if (!names.ok()) return Complain(kExitFailed, std::string(names.status().message()));
  // One instance after the other, so that the others serve meanwhile.
  for (const std::string& name : *names) {
    const absl::StatusOr<Restarted> done = Restart(**client, name);
    if (!done.ok())
      return Complain(
          kExitFailed,
          Text(std::string(done.status().message()),
               name == names->back() ? "" : "; the instances behind it were not restarted"));
    if (*output == Output::kJson || !arguments.Has("quiet"))
      Print(*done, (*client)->wiring(), *output);
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
              "go on: their channels wait for it (README.md says what they are told). Comes back "
              "when it\n"
              "is ready, and says so in a line. Of a service with instances one is restarted after "
              "the\n"
              "other, each when the one before is ready again.\n"
              "\n"
              "exit status: 0 it is up again, 1 it is not, 2 several wirings are meant, 3 the "
              "wiring is\n"
              "not up\n",
          .flags = kFlags,
          .operands_min = 1,
          .operands_max = 1,
          .run = RunRestart};
}

}  // namespace jackfield
