// Services: the main function of a program of a wiring.
#include <pthread.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "bindings/c/guard.h"

namespace jackfield::c {
namespace {

// Says by which reactor the next node waits, as long as nobody else has.
class ByEpoll {
 public:
  explicit ByEpoll(bool wanted) : set_(wanted && std::getenv(kName) == nullptr) {
    if (set_) setenv(kName, "epoll", 0);
  }
  ~ByEpoll() { End(); }
  void End() {  // so that programs that it starts do not inherit it
    if (std::exchange(set_, false)) unsetenv(kName);
  }

 private:
  static constexpr const char* kName = "JACKFIELD_REACTOR";
  bool set_;
};

// Keeps the signals that a thread does not want to hear.
class SignalMask {
 public:
  SignalMask() { pthread_sigmask(SIG_SETMASK, nullptr, &before_); }
  ~SignalMask() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

// The function that runs, for RunGiven: ServiceMain takes one that has nothing with it.
struct Given {
  jf_service_fn fn;
  void* user;
  ByEpoll& by_epoll;
};
thread_local Given* given = nullptr;

const char* Keep(jf_service& service, std::string_view text) {
  return service.texts.emplace_back(text).c_str();
}

jf_service* NewService(Service& service) {
  jf_service* handle = Shells<jf_service>::Take();
  handle->node = NewNode(service.node(), &service);
  handle->service = &service;
  Keep(*handle, service.name());
  for (const std::string& arg : service.args()) handle->args.push_back(Keep(*handle, arg));
  for (const std::string_view role : service.roles()) handle->roles.push_back(Keep(*handle, role));
  handle->args.push_back(nullptr);
  handle->roles.push_back(nullptr);
  return handle;
}

void EndService(jf_service& service) {
  EndNode(*service.node);
  service.node = nullptr;
  service.service = nullptr;
  service.texts.clear();
  service.args.clear();
  service.roles.clear();
  Shells<jf_service>::Give(service);
}

absl::Status RunGiven(Service& service) {
  given->by_epoll.End();
  struct Ends {
    ~Ends() { EndService(*handle); }
    jf_service* handle;
  } ends{NewService(service)};
  return StatusOf(given->fn(ends.handle, given->user));
}

// What can be seen before there is a service.
absl::Status CheckMain(int argc, char** argv, const jf_service_options* options, jf_service_fn fn,
                       jf_service_options& known) {
  constexpr const char* kFunction = "jf_service_main";
  if (argc < 1 || argv == nullptr || argv[0] == nullptr)
    return Wrong(kFunction, "argv has no name of the program");
  if (given != nullptr) return Misuse(kFunction, "a service runs already in this thread");
  return FirstOf(CheckFunction(kFunction, fn), ReadSized(kFunction, options, known));
}

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

}  // namespace
}  // namespace jackfield::c

using namespace jackfield;     // NOLINT: the functions of the ABI lie outside
using namespace jackfield::c;  // NOLINT

int jf_service_main(int argc, char** argv, const jf_service_options* options, jf_service_fn fn,
                    void* user) try {
  jf_service_options known;
  if (absl::Status status = CheckMain(argc, argv, options, fn, known); !status.ok()) {
    Say(status);
    std::fprintf(stderr, "%s\n", jf_error()->text);
    return kExitUsage;
  }
  const SignalMask mask;
  ByEpoll by_epoll(known.foreign_loop != 0);
  Given here{fn, user, by_epoll};
  struct Over {
    ~Over() { given = nullptr; }
  } over;
  given = &here;
  return ServiceMain(argc, argv, Transports(), RunGiven);
} catch (...) {
  SayThrown("jf_service_main", std::current_exception());
  std::fprintf(stderr, "%s\n", jf_error()->text);
  return kExitFailed;
}

int jf_service_facts(jf_service* service, jf_service_info* info) {
  return Guarded("jf_service_facts", service, [=]() -> absl::Status {
    if (absl::Status sized = CheckSize("jf_service_facts", info); !sized.ok()) return sized;
    info->stopping = service->service->stop_requested() ? 1 : 0;
    info->node = service->node;
    info->name = service->texts.front().c_str();
    info->args = service->args.data();
    info->arg_count = service->args.size() - 1;
    info->roles = service->roles.data();
    info->role_count = service->roles.size() - 1;
    info->grace_us = service->service->grace_ns() / 1000;
    return absl::OkStatus();
  });
}

int jf_service_connect(jf_service* service, const char* role, const jf_channel_options* options,
                       jf_channel** out) {
  constexpr const char* kFunction = "jf_service_connect";
  return Guarded(kFunction, service, [=]() -> absl::Status {
    ChannelOptions known;
    absl::Status status =
        FirstOf(CheckOut(kFunction, out), ReadChannelOptions(kFunction, options, known));
    if (!status.ok()) return status;
    absl::StatusOr<std::unique_ptr<Channel>> channel =
        service->service->Connect(role == nullptr ? "" : role, std::move(known));
    if (!channel.ok()) return channel.status();
    *out = NewChannel(*service->node, *std::move(channel));
    return absl::OkStatus();
  });
}

int jf_service_connect_all(jf_service* service, const char* role, const jf_channel_options* options,
                           jf_server* servers, size_t servers_max, size_t* count) {
  constexpr const char* kFunction = "jf_service_connect_all";
  return Guarded(kFunction, service, [=]() -> absl::Status {
    ChannelOptions known;
    absl::Status status = FirstOf(CheckOut(kFunction, servers), CheckOut(kFunction, count),
                                  ReadChannelOptions(kFunction, options, known));
    if (!status.ok()) return status;
    absl::StatusOr<std::vector<Service::Server>> found =
        service->service->ConnectAll(role == nullptr ? "" : role, known);
    if (!found.ok()) return found.status();
    if (found->size() > servers_max)
      return Wrong(kFunction, Text("the role has ", found->size(),
                                   " servers, and there is room for ", servers_max));
    *count = 0;
    for (Service::Server& server : *found) {
      const char* const name = Keep(*service, server.name);
      servers[(*count)++] = {NewChannel(*service->node, std::move(server.channel)), name};
    }
    return absl::OkStatus();
  });
}

int jf_service_serve(jf_service* service, const jf_port_options* options, jf_port** out) {
  constexpr const char* kFunction = "jf_service_serve";
  return Guarded(kFunction, service, [=]() -> absl::Status {
    PortOptions known;
    absl::Status status = FirstOf(CheckOutside(kFunction, *service->node), CheckOut(kFunction, out),
                                  ReadPortOptions(kFunction, options, known));
    if (!status.ok()) return status;
    absl::StatusOr<std::unique_ptr<Port>> port = service->service->Serve(known);
    if (!port.ok()) return port.status();
    *out = NewPort(*service->node, *std::move(port));
    return absl::OkStatus();
  });
}

int jf_service_ready(jf_service* service) {
  return Guarded("jf_service_ready", service, [service]() -> absl::Status {
    service->service->Ready();
    return absl::OkStatus();
  });
}

int jf_service_run(jf_service* service) {
  return Guarded("jf_service_run", service, [service] {
    absl::Status outside = CheckOutside("jf_service_run", *service->node);
    return outside.ok() ? service->service->Run() : outside;
  });
}
