#include "transports/shim/tls/tls_words.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <string>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"

namespace jackfield {
namespace {

absl::Status Denied(std::string_view text) { return Refused(Reason::kPermission, text); }

// This end does not accept the other one's certificate.
absl::Status NotAccepted(long code, std::string_view wanted) {
  constexpr std::string_view kTheirs = "the other end's certificate ";
  switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return Denied(Text(kTheirs, "has expired; a new one in its place is read by itself"));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return Denied(Text(kTheirs, "is not valid yet; do the clocks of both machines agree?"));
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return Denied(Text(kTheirs, "does not have the name ", Escaped(wanted),
                         "; ?name= says which one it is to have"));
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return Denied(Text(kTheirs,
                         "was not signed by this end's authority (?ca=); the certificates of both "
                         "ends are to be signed by an authority that the other one has"));
    default:
      return Denied(Text(kTheirs, "is not accepted: ", X509_verify_cert_error_string(code)));
  }
}

// The other end has sent an alert.
absl::Status Alerted(int alert) {
  constexpr std::string_view kOurs = "the other end refuses this end's certificate: ";
  switch (alert) {
    case SSL_AD_CERTIFICATE_EXPIRED:
      return Denied(Text(kOurs, "it has expired; a new one in its place is read by itself"));
    case SSL_AD_UNKNOWN_CA:
      return Denied(Text(kOurs, "it was not signed by an authority that the other end has (?ca=)"));
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
      return Denied(
          Text(kOurs, "it has another name than is wanted there, or is not for this use"));
    case TLS13_AD_CERTIFICATE_REQUIRED:
      return Denied("the other end wants a certificate: say ?ca=, ?cert= and ?key=");
    case SSL_AD_DECRYPT_ERROR:
    case SSL_AD_ILLEGAL_PARAMETER:
      return Denied("the other end's token is another one; both need the same bytes in ?token=");
    case SSL_AD_HANDSHAKE_FAILURE:
    case TLS13_AD_MISSING_EXTENSION:
      return Denied(
          "the other end shows itself in another way; say ?token= at both ends, or ?ca=, ?cert= "
          "and ?key= at both");
    case SSL_AD_PROTOCOL_VERSION:
      return Refused(Reason::kVersion, "the other end has no TLS 1.3, and nothing older is spoken");
    default:
      return Denied(Text("the other end refuses: ", SSL_alert_desc_string_long(alert)));
  }
}

}  // namespace

absl::Status WhyTlsFailed(const SSL* ssl, std::string_view wanted) {
  const unsigned long error = ERR_peek_error();
  const int reason = ERR_GET_REASON(error);
  const char* words = ERR_reason_error_string(error);
  const std::string said = words == nullptr ? "no reason given" : words;
  ERR_clear_error();
  if (const long code = SSL_get_verify_result(ssl); code != X509_V_OK)
    return NotAccepted(code, wanted);
  if (reason >= SSL_AD_REASON_OFFSET) return Alerted(reason - SSL_AD_REASON_OFFSET);
  switch (reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return Denied("the other end shows no certificate: it needs ?ca=, ?cert= and ?key=");
    case SSL_R_BINDER_DOES_NOT_VERIFY:
      return Denied("the other end's token is another one; both need the same bytes in ?token=");
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_CIPHER:
      return Denied(
          "the other end shows itself in another way; say ?token= at both ends, or ?ca=, ?cert= "
          "and ?key= at both");
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_WRONG_SSL_VERSION:
      return Refused(Reason::kVersion, "the other end has no TLS 1.3, and nothing older is spoken");
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
      return MakeStatus(Outcome::kFailed, Reason::kCorrupt,
                        "a record was changed, repeated or left out on the way");
    default:
      return MakeStatus(Outcome::kFailed, Reason::kCorrupt,
                        Text("what came is no TLS that can go on: ", said));
  }
}

}  // namespace jackfield
