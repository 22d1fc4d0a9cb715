// What sessions of one address have in common, made of its files: read once, and again when a file
// has changed.
//
// TLS 1.3 only; no tickets, no resumption, no early data: what is replayed never counts.
//
// Thread: any.
#ifndef JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_CONTEXT_H_
#define JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_CONTEXT_H_

#include <openssl/ssl.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "kernel/transport.h"
#include "transports/shim/tls/tls_settings.h"

namespace jackfield {

struct FreeSslContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, FreeSslContext>;  // one of its references

// Errors: NOT_FOUND, PERMISSION_DENIED (a file that cannot be read, or that others can),
// INVALID_ARGUMENT (what is in it); each names the file and what helps.
absl::StatusOr<SslContext> MakeSslContext(const TlsSettings& settings, Role role);

class TlsContexts {
 public:
  static constexpr size_t kKeptMax = 64;  // more are made anew each time round

  // Blocks: while it reads small files. Errors: as MakeSslContext, for files never read before.
  absl::StatusOr<SslContext> Get(const TlsSettings& settings, Role role);

 private:
  struct Kept {
    std::string stamp;  // of its files: changed when one is
    SslContext context;
  };
  std::mutex mutex_;  // a transport is shared by loops; taken once a connection
  std::map<std::string, Kept> kept_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_CONTEXT_H_
