#include "transports/shim/tls/tls_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/shim/tls/tls_words.h"

namespace jackfield {
namespace {

struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreeNames {
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

std::string TextOf(const ASN1_STRING* text) {
  return Escaped({reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                  static_cast<size_t>(ASN1_STRING_length(text))});
}

// False: it is no name, and no number, that a certificate could have.
bool Want(SSL* ssl, const std::string& name) {
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1) return true;
  ERR_clear_error();  // no number, then
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, name.c_str()) == 1;
}

}  // namespace

// The session's two ends at TLS, as OpenSSL wants them.
const BIO_METHOD* TlsSession::Method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "jackfield link");
    BIO_meth_set_create(made, [](BIO* bio) {
      BIO_set_init(bio, 1);
      return 1;
    });
    BIO_meth_set_read(made, [](BIO* bio, char* to, int bytes) {
      auto* self = static_cast<TlsSession*>(BIO_get_data(bio));
      BIO_clear_retry_flags(bio);
      const size_t taken = std::min(self->in_.size(), static_cast<size_t>(bytes));
      if (taken == 0) {
        BIO_set_retry_read(bio);
        return -1;
      }
      std::memcpy(to, self->in_.data(), taken);
      self->in_ = self->in_.subspan(taken);
      return static_cast<int>(taken);
    });
    BIO_meth_set_write(made, [](BIO* bio, const char* from, int bytes) {
      auto* self = static_cast<TlsSession*>(BIO_get_data(bio));
      BIO_clear_retry_flags(bio);
      const size_t taken = self->wire_.PutTls(
          {reinterpret_cast<const std::byte*>(from), static_cast<size_t>(bytes)});
      if (taken == 0) {
        BIO_set_retry_write(bio);
        return -1;
      }
      return static_cast<int>(taken);
    });
    BIO_meth_set_ctrl(
        made, [](BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1L : 0L; });
    return made;
  }();
  return method;
}

std::unique_ptr<TlsSession> TlsSession::Make(SslContext context, Role role,
                                             const std::string& wanted, TlsWire& wire) {
  std::unique_ptr<TlsSession> session(new TlsSession(std::move(context), wanted, wire));
  if (session->ssl_ == nullptr) return nullptr;
  BIO* const bio = BIO_new(Method());
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, session.get());
  SSL_set_bio(session->ssl_, bio, bio);
  if (role == Role::kServe) {
    SSL_set_accept_state(session->ssl_);
  } else {
    SSL_set_connect_state(session->ssl_);
    if (!wanted.empty() && !Want(session->ssl_, wanted)) return nullptr;
  }
  return session;
}

TlsSession::TlsSession(SslContext context, const std::string& wanted, TlsWire& wire)
    : context_(std::move(context)),

      wanted_(wanted),
      wire_(wire),
      ssl_(SSL_new(context_.get())) {}

TlsSession::~TlsSession() { SSL_free(ssl_); }

TlsSession::Step TlsSession::StepOf(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_NONE:
      return Step::kDone;
    case SSL_ERROR_WANT_READ:
      return Step::kWantsBytes;
    case SSL_ERROR_WANT_WRITE:
      return Step::kWantsRoom;
    case SSL_ERROR_ZERO_RETURN:
      return Step::kEnded;
    default:
      why_ = WhyTlsFailed(ssl_, wanted_);
      return Step::kFailed;
  }
}

TlsSession::Step TlsSession::Handshake() {
  ERR_clear_error();
  return StepOf(SSL_do_handshake(ssl_));
}

TlsSession::Step TlsSession::Read(std::span<std::byte> to, size_t& moved) {
  ERR_clear_error();
  moved = 0;
  return StepOf(SSL_read_ex(ssl_, to.data(), to.size(), &moved));
}

TlsSession::Step TlsSession::Write(std::span<const std::byte> from, size_t& moved) {
  ERR_clear_error();
  moved = 0;
  return StepOf(SSL_write_ex(ssl_, from.data(), from.size(), &moved));
}

void TlsSession::SayEnd() {
  ERR_clear_error();
  SSL_shutdown(ssl_);  // where there is no room for it, the end of the link says it
  ERR_clear_error();
}

std::string TlsSession::PeerName() const {
  const std::unique_ptr<X509, FreeCertificate> certificate(SSL_get1_peer_certificate(ssl_));
  if (certificate == nullptr) return "";
  const std::unique_ptr<GENERAL_NAMES, FreeNames> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) return TextOf(name->d.dNSName);
  }
  X509_NAME* const subject = X509_get_subject_name(certificate.get());
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return "";
  return TextOf(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

}  // namespace jackfield
