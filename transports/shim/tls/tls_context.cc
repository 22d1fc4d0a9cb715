#include "transports/shim/tls/tls_context.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"

namespace jackfield {
namespace {

constexpr size_t kTokenBytesMin = 16, kTokenBytesMax = 4096;
constexpr unsigned char kPskSuite[2] = {0x13, 0x01};  // TLS_AES_128_GCM_SHA256
constexpr std::string_view kPskIdentity = "jackfield";

using Psk = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

// The place of the token's key in a context, which then owns it.
int PskIndex() {
  static const int index = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr, [](void*, void* at, CRYPTO_EX_DATA*, int, long, void*) {
        if (at == nullptr) return;
        OPENSSL_cleanse(at, sizeof(Psk));
        delete static_cast<Psk*>(at);
      });
  return index;
}

SSL_SESSION* PskSession(SSL* ssl) {
  const auto* psk = static_cast<const Psk*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), PskIndex()));
  SSL_SESSION* const session = SSL_SESSION_new();
  if (psk == nullptr || session == nullptr ||
      SSL_SESSION_set1_master_key(session, psk->data(), psk->size()) != 1 ||
      SSL_SESSION_set_cipher(session, SSL_CIPHER_find(ssl, kPskSuite)) != 1 ||
      SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) != 1) {
    SSL_SESSION_free(session);
    return nullptr;
  }
  return session;
}

int UsePsk(SSL* ssl, const EVP_MD*, const unsigned char** id, size_t* bytes,
           SSL_SESSION** session) {
  *id = reinterpret_cast<const unsigned char*>(kPskIdentity.data());
  *bytes = kPskIdentity.size();
  *session = PskSession(ssl);
  return *session != nullptr ? 1 : 0;
}

int FindPsk(SSL* ssl, const unsigned char* id, size_t bytes, SSL_SESSION** session) {
  const bool ours = std::string_view(reinterpret_cast<const char*>(id), bytes) == kPskIdentity;
  *session = ours ? PskSession(ssl) : nullptr;
  return 1;
}

absl::Status CannotRead(std::string_view what, const std::string& file, int error) {
  const std::string text =
      Text("tls: cannot read the ", what, " ", Escaped(file), ": ", std::strerror(error));
  return error == EACCES ? absl::PermissionDeniedError(text) : absl::NotFoundError(text);
}

enum class Secret : uint8_t { kNo, kYes };

// Opens a file, which may have to be one that others cannot read.
absl::StatusOr<OwnedFd> OpenFile(std::string_view what, const std::string& file, Secret secret) {
  OwnedFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat is {};
  if (!fd.ok() || fstat(fd.get(), &is) != 0) return CannotRead(what, file, errno);
  if (!S_ISREG(is.st_mode)) {
    return absl::InvalidArgumentError(
        Text("tls: the ", what, " ", Escaped(file), " is no plain file"));
  }
  if (secret == Secret::kYes && (is.st_mode & S_IRWXO) != 0) {
    return absl::PermissionDeniedError(Text("tls: the ", what, " ", Escaped(file),
                                            " may be read by others; chmod o= ", Escaped(file)));
  }
  return fd;
}

absl::Status BadFile(std::string_view what, const std::string& file, std::string_view wanted) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  const std::string why = reason == nullptr ? "" : Text(" (", reason, ")");
  ERR_clear_error();
  return absl::InvalidArgumentError(
      Text("tls: the ", what, " ", Escaped(file), " cannot be used: ", wanted, why));
}

absl::Status UseToken(SSL_CTX* context, const std::string& file, Role role) {
  absl::StatusOr<OwnedFd> fd = OpenFile("token", file, Secret::kYes);
  if (!fd.ok()) return fd.status();
  std::array<char, kTokenBytesMax + 1> text;
  const ssize_t got = read(fd->get(), text.data(), text.size());
  if (got < 0) return CannotRead("token", file, errno);
  auto bytes = static_cast<size_t>(got);
  while (bytes > 0 && (text[bytes - 1] == '\n' || text[bytes - 1] == '\r')) --bytes;
  if (bytes < kTokenBytesMin || bytes > kTokenBytesMax) {
    OPENSSL_cleanse(text.data(), text.size());
    return BadFile("token", file,
                   Text("it has ", kTokenBytesMin, " to ", kTokenBytesMax,
                        " bytes; make one with: openssl rand -hex 32"));
  }
  auto psk = std::make_unique<Psk>();
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), bytes, psk->data());
  OPENSSL_cleanse(text.data(), text.size());
  if (SSL_CTX_set_ex_data(context, PskIndex(), psk.get()) != 1)
    return absl::ResourceExhaustedError("tls: no memory");
  static_cast<void>(psk.release());  // the context's
  SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
  if (role == Role::kServe) {
    SSL_CTX_set_psk_find_session_callback(context, FindPsk);
  } else {
    SSL_CTX_set_psk_use_session_callback(context, UsePsk);
    // A server that shows a certificate in place of the token has none that is trusted.
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  }
  return absl::OkStatus();
}

absl::Status UseCertificates(SSL_CTX* context, const TlsSettings& settings) {
  if (auto fd = OpenFile("authority (ca)", settings.ca, Secret::kNo); !fd.ok()) return fd.status();
  if (auto fd = OpenFile("certificate (cert)", settings.cert, Secret::kNo); !fd.ok())
    return fd.status();
  if (auto fd = OpenFile("private key (key)", settings.key, Secret::kYes); !fd.ok())
    return fd.status();
  if (SSL_CTX_load_verify_file(context, settings.ca.c_str()) != 1)
    return BadFile("authority (ca)", settings.ca, "it is to have a certificate in PEM");
  if (SSL_CTX_use_certificate_chain_file(context, settings.cert.c_str()) != 1)
    return BadFile("certificate (cert)", settings.cert, "it is to have a certificate in PEM");
  // Nobody could be asked for the words of an encrypted key.
  SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return 0; });
  if (SSL_CTX_use_PrivateKey_file(context, settings.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return BadFile("private key (key)", settings.key,
                   Text("it is to have a key in PEM, not encrypted, that of the certificate in ",
                        Escaped(settings.cert)));
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return absl::OkStatus();
}

std::string StampOf(const TlsSettings& settings) {
  std::string stamp;
  for (const std::string* file : {&settings.ca, &settings.cert, &settings.key, &settings.token}) {
    struct stat is {};
    if (file->empty() || stat(file->c_str(), &is) != 0) {
      stamp += "-;";
      continue;
    }
    stamp += Text(is.st_dev, ",", is.st_ino, ",", is.st_size, ",", is.st_mtim.tv_sec, ",",
                  is.st_mtim.tv_nsec, ";");
  }
  return stamp;
}

SslContext Reference(const SslContext& context) {
  SSL_CTX_up_ref(context.get());
  return SslContext(context.get());
}

}  // namespace

absl::StatusOr<SslContext> MakeSslContext(const TlsSettings& settings, Role role) {
  ERR_clear_error();
  SslContext context(SSL_CTX_new(role == Role::kServe ? TLS_server_method() : TLS_client_method()));
  if (context == nullptr || SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) != 1)
    return absl::ResourceExhaustedError("tls: no memory, or a libssl without TLS 1.3");
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const absl::Status status = settings.token.empty()
                                  ? UseCertificates(context.get(), settings)
                                  : UseToken(context.get(), settings.token, role);
  if (!status.ok()) return status;
  return context;
}

absl::StatusOr<SslContext> TlsContexts::Get(const TlsSettings& settings, Role role) {
  const std::string id = Text(role == Role::kServe ? "s" : "c", "\n", settings.ca, "\n",
                              settings.cert, "\n", settings.key, "\n", settings.token);
  const std::string stamp = StampOf(settings);  // before the reading: a change in between counts
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(id);
  if (found != kept_.end() && found->second.stamp == stamp) return Reference(found->second.context);
  absl::StatusOr<SslContext> made = MakeSslContext(settings, role);
  if (!made.ok()) {
    if (found == kept_.end()) return made;
    return Reference(found->second.context);  // perhaps the files are just being written
  }
  if (kept_.size() >= kKeptMax) kept_.clear();
  Kept& kept = kept_[id];
  kept = {stamp, *std::move(made)};
  return Reference(kept.context);
}

}  // namespace jackfield
