// HTTP, by libmicrohttpd, in the thread of whoever turns it: one request after the other.
//
// Bounded: kConnectionsMax connections at once (more wait until one has gone), each for
// kIdleSeconds without a word and with kRequestBytesMax for its head (more is refused with 4xx).
//
// Thread: one.
#ifndef JACKFIELD_TOOLS_WEB_HTTP_SERVER_H_
#define JACKFIELD_TOOLS_WEB_HTTP_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/base/owned_fd.h"
#include "tools/web/guard.h"

struct MHD_Daemon;

namespace jackfield::web {

struct Answer {
  int status = 200;
  std::string_view type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string_view, std::string>> headers = {};  // beyond those of all
};

class HttpServer {
 public:
  static constexpr unsigned kConnectionsMax = 64;
  static constexpr unsigned kIdleSeconds = 10;
  static constexpr size_t kRequestBytesMax = 16 << 10;

  using Handler = std::function<Answer(const Asked& asked)>;
  // cookie_name: whose value Asked::cookie is. Errors: RESOURCE_EXHAUSTED (descriptors, memory).
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(OwnedFd listening,
                                                           std::string cookie_name,
                                                           Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;

  int fd() const;          // readable: there is something to do
  int timeout_ms() const;  // there is something to do then, as for poll()
  void Turn();             // does it, and calls the handler

  class Callbacks;  // what libmicrohttpd calls

 private:
  HttpServer(std::string cookie_name, Handler handler)
      : cookie_name_(std::move(cookie_name)), handler_(std::move(handler)) {}

  std::string cookie_name_;
  Handler handler_;
  MHD_Daemon* daemon_ = nullptr;
};

}  // namespace jackfield::web

#endif  // JACKFIELD_TOOLS_WEB_HTTP_SERVER_H_
