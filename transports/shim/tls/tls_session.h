// One TLS session: plaintext above, TLS bytes below, and no descriptor in between. Whoever has it
// moves the bytes: those that came are lent to it (Lend), those to go it hands to its wire.
//
// Thread: its owner's. Owned by whoever made it; the wire outlives it.
#ifndef JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_SESSION_H_
#define JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_SESSION_H_

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "kernel/transport.h"
#include "transports/shim/tls/tls_context.h"

namespace jackfield {

// Where TLS bytes go.
class TlsWire {
 public:
  // Takes as many of them, from the first on, as there is room for. Returns: how many.
  virtual size_t PutTls(std::span<const std::byte> bytes) = 0;

 protected:
  ~TlsWire() = default;
};

class TlsSession {
 public:
  enum class Step : uint8_t {
    kDone,
    kWantsBytes,  // all that was lent is used
    kWantsRoom,   // the wire takes no more; the same call again when it may
    kEnded,       // the other end has said that nothing more comes
    kFailed,      // why() says it; an alert for the other end has gone to the wire
  };

  // wanted: the name that a server's certificate must have; "": any that is signed (of a token
  // there is none). nullptr: no memory.
  static std::unique_ptr<TlsSession> Make(SslContext context, Role role, const std::string& wanted,
                                          TlsWire& wire);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;

  // Bytes that came; they stay where they are until they are used. Requires: lent() == 0.
  void Lend(std::span<const std::byte> bytes) { in_ = bytes; }
  size_t lent() const { return in_.size(); }

  Step Handshake();
  // moved: so many were read, or written. One record at a time.
  Step Read(std::span<std::byte> to, size_t& moved);
  Step Write(std::span<const std::byte> from, size_t& moved);
  void SayEnd();  // nothing more is written

  const absl::Status& why() const { return why_; }
  // The name in the other end's certificate: the first of its DNS names, or its common name; ""
  // where it has none. Requires: Handshake() was kDone.
  std::string PeerName() const;

 private:
  TlsSession(SslContext context, const std::string& wanted, TlsWire& wire);
  Step StepOf(int result);
  static const BIO_METHOD* Method();

  const SslContext context_;
  const std::string wanted_;
  TlsWire& wire_;
  SSL* ssl_;
  std::span<const std::byte> in_;
  absl::Status why_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_TLS_TLS_SESSION_H_
