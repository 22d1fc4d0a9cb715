// What an address says of TLS. A plain value; any thread.
#ifndef JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_SETTINGS_H_
#define JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_SETTINGS_H_

#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "kernel/address.h"
#include "kernel/transport.h"

namespace jackfield {

struct TlsSettings {
  std::string ca, cert, key;  // files; all three, or token
  std::string token;          // a file
  std::string name;           // that the server's certificate must have

  // Pure. Errors: INVALID_ARGUMENT.
  static absl::StatusOr<TlsSettings> Read(const Address& address);
  static std::span<const std::string_view> Keys();
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_SETTINGS_H_
