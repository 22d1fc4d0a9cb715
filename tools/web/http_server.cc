#include "tools/web/http_server.h"

#include <microhttpd.h>
#include <sys/socket.h>

#include <algorithm>
#include <climits>

namespace jackfield::web {
namespace {

// The page loads nothing from elsewhere, runs nothing that is not from here, and is in nobody's
// frame; nothing of it is kept or told to others.
constexpr std::pair<const char*, const char*> kHeadersOfAll[] = {
    {"Cache-Control", "no-store"},
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
     "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Content-Type-Options", "nosniff"},
};

std::string_view ValueOf(MHD_Connection* connection, MHD_ValueKind kind, const char* name) {
  const char* value = MHD_lookup_connection_value(connection, kind, name);
  return value == nullptr ? "" : value;
}

MHD_Result Send(MHD_Connection* connection, const Answer& answer) {
  MHD_Response* response = MHD_create_response_from_buffer(
      answer.body.size(), const_cast<char*>(answer.body.data()), MHD_RESPMEM_MUST_COPY);
  if (response == nullptr) return MHD_NO;  // no memory: the connection is closed
  MHD_add_response_header(response, "Content-Type", std::string(answer.type).c_str());
  for (const auto& [name, value] : kHeadersOfAll) MHD_add_response_header(response, name, value);
  for (const auto& [name, value] : answer.headers)
    MHD_add_response_header(response, std::string(name).c_str(), value.c_str());
  const MHD_Result queued =
      MHD_queue_response(connection, static_cast<unsigned>(answer.status), response);
  MHD_destroy_response(response);
  return queued;
}

}  // namespace

class HttpServer::Callbacks {
 public:
  static MHD_Result Handle(void* server, MHD_Connection* connection, const char* path,
                           const char* method, const char*, const char*, size_t*, void**) {
    const auto* self = static_cast<const HttpServer*>(server);
    return Send(
        connection,
        self->handler_({.method = method,
                        .path = path,
                        .host = ValueOf(connection, MHD_HEADER_KIND, "Host"),
                        .token = ValueOf(connection, MHD_GET_ARGUMENT_KIND, "token"),
                        .cookie = ValueOf(connection, MHD_COOKIE_KIND, self->cookie_name_.c_str()),
                        .service = ValueOf(connection, MHD_GET_ARGUMENT_KIND, "service")}));
  }
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(OwnedFd listening,
                                                              std::string cookie_name,
                                                              Handler handler) {
  std::unique_ptr<HttpServer> server(new HttpServer(std::move(cookie_name), std::move(handler)));
  server->daemon_ = MHD_start_daemon(
      MHD_USE_EPOLL, 0, nullptr, nullptr, Callbacks::Handle, server.get(), MHD_OPTION_LISTEN_SOCKET,
      listening.get(), MHD_OPTION_CONNECTION_LIMIT, kConnectionsMax, MHD_OPTION_CONNECTION_TIMEOUT,
      kIdleSeconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT, kRequestBytesMax, MHD_OPTION_END);
  if (server->daemon_ == nullptr)
    return absl::ResourceExhaustedError(
        "the HTTP server does not start: no memory, or no descriptor is left");
  listening.Release();  // the daemon closes it
  return server;
}

HttpServer::~HttpServer() {
  if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
}

int HttpServer::fd() const {
  return MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int HttpServer::timeout_ms() const {
  MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
  if (MHD_get_timeout(daemon_, &timeout_ms) != MHD_YES) return -1;
  return static_cast<int>(std::min<MHD_UNSIGNED_LONG_LONG>(timeout_ms, INT_MAX));
}

void HttpServer::Turn() { MHD_run(daemon_); }

}  // namespace jackfield::web
