#include "tools/web/guard.h"

#include <arpa/inet.h>
#include <strings.h>
#include <sys/random.h>

#include <cstdio>
#include <cstring>

#include "kernel/base/text.h"

namespace jackfield::web {
namespace {

constexpr size_t kTokenBytes = 16;

// "127.0.0.1:7700" → "127.0.0.1", "[::1]:7700" → "::1"
std::string HostWithoutPort(std::string_view host) {
  if (host.starts_with('[')) {
    const size_t end = host.find(']');
    return std::string(end == host.npos ? "" : host.substr(1, end - 1));
  }
  return std::string(host.substr(0, host.find(':')));
}

bool IsAddress(const std::string& host) {
  in_addr v4;
  in6_addr v6;
  return inet_pton(AF_INET, host.c_str(), &v4) == 1 || inet_pton(AF_INET6, host.c_str(), &v6) == 1;
}

// In the same time wherever they differ.
bool IsSame(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char differs = 0;
  for (size_t i = 0; i < a.size(); ++i) differs |= static_cast<unsigned char>(a[i] ^ b[i]);
  return differs == 0;
}

}  // namespace

absl::StatusOr<std::string> NewToken() {
  unsigned char bytes[kTokenBytes];
  if (getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes))
    return absl::UnavailableError(Text("no random bytes for a token: ", std::strerror(errno)));
  std::string token;
  for (const unsigned char byte : bytes) {
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", byte);
    token += hex;
  }
  return token;
}

std::optional<Refusal> Guard::Check(const Asked& asked) const {
  if (asked.method != "GET")
    return Refusal{405, Text("this is only to be read: GET, not ", Escaped(asked.method))};
  const std::string host = HostWithoutPort(asked.host);
  if (!IsAddress(host) && strcasecmp(host.c_str(), "localhost") != 0)
    return Refusal{403,
                   Text("ask by an address, such as 127.0.0.1, or localhost, and not by ",
                        host.empty() ? "no name at all" : Text("the name \"", Escaped(host), "\""),
                        ", which could be anybody's")};
  if (!token_.empty() && !IsSame(asked.token, token_) && !IsSame(asked.cookie, token_))
    return Refusal{401,
                   "this page needs the token of the address that jackfield ui has printed when it "
                   "was started: open that address"};
  return std::nullopt;
}

}  // namespace jackfield::web
