#include "tools/web/serve.h"

#include <poll.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "kernel/base/text.h"
#include "tools/running/supervisor_client.h"
#include "tools/supervisor/signals.h"
#include "tools/verbs/running_wiring.h"
#include "tools/web/http_server.h"
#include "tools/web/listening.h"
#include "tools/web/site.h"
#include "tools/web/watching.h"

namespace jackfield::web {
namespace {

// Until it is asked to stop.
void Serve(HttpServer& server, Signals& signals) {
  for (;;) {
    pollfd fds[] = {{server.fd(), POLLIN, 0}, {signals.fd(), POLLIN, 0}};
    poll(fds, 2, server.timeout_ms());
    if (fds[1].revents != 0 && signals.Take().stops > 0) return;
    server.Turn();
  }
}

int Run(const Program& program, const Arguments& arguments, std::string_view default_place,
        std::string token) {
  const std::string wanted = arguments.operands.empty() ? "" : arguments.operands[0];
  auto client = SupervisorClient::Open(*program.registry, wanted);
  if (!client.ok()) return ComplainOfRunning(client.status());
  absl::StatusOr<Listening> listening = Listen(arguments.Find("listen").value_or(default_place));
  if (!listening.ok())
    return Complain(absl::IsInvalidArgument(listening.status()) ? kExitUsage : kExitFailed,
                    std::string(listening.status().message()));
  Signals signals;
  if (const absl::Status blocked = signals.Block(); !blocked.ok())
    return Complain(kExitFailed, std::string(blocked.message()));

  // Cookies know no ports: the name keeps the pages of two programs apart.
  const std::string cookie =
      Text("jackfield-", listening->place.substr(listening->place.rfind(':') + 1));
  Watching watching(*program.registry, *std::move(client), wanted);
  Site site(watching, token, cookie);
  const auto server = HttpServer::Start(std::move(listening->fd), cookie,
                                        [&site](const Asked& asked) { return site.Reply(asked); });
  if (!server.ok()) return Complain(kExitFailed, std::string(server.status().message()));
  if (!listening->is_loopback && !arguments.Has("quiet"))
    std::fprintf(stderr,
                 "jackfield: other machines can reach %s, and what goes there is not encrypted\n",
                 listening->place.c_str());
  std::printf("http://%s%s\n", listening->place.c_str(),
              token.empty() ? "/metrics" : Text("/?token=", token).c_str());
  if (std::fflush(stdout) != 0) return Complain(kExitFailed, "cannot write to stdout");
  Serve(**server, signals);
  return kExitInterrupted;
}

}  // namespace

int RunMetrics(const Program& program, const Arguments& arguments) {
  return Run(program, arguments, kMetricsPlace, "");
}

int RunUi(const Program& program, const Arguments& arguments) {
  absl::StatusOr<std::string> token = NewToken();
  if (!token.ok()) return Complain(kExitFailed, std::string(token.status().message()));
  return Run(program, arguments, kUiPlace, *std::move(token));
}

}  // namespace jackfield::web
