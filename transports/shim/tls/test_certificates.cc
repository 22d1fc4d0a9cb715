#include "transports/shim/tls/test_certificates.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/base/text.h"

namespace jackfield {
namespace {

X509* Make(EVP_PKEY* key, const std::string& name, TestAuthority::Validity validity, X509* issuer,
           EVP_PKEY* issuer_key) {
  static long serial = 0;
  X509* const made = X509_new();
  X509_set_version(made, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(made), validity.from_s);
  X509_gmtime_adj(X509_getm_notAfter(made), validity.until_s);
  X509_set_pubkey(made, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made, X509_get_subject_name(issuer == nullptr ? made : issuer));
  const auto extend = [made](int id, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value.c_str());
    JF_CHECK(extension != nullptr, "a test's certificate can be made");
    X509_add_ext(made, extension, -1);
    X509_EXTENSION_free(extension);
  };
  if (issuer == nullptr)
    extend(NID_basic_constraints, "critical,CA:TRUE");
  else
    extend(NID_subject_alt_name, Text("DNS:", name));
  JF_CHECK(X509_sign(made, issuer_key, EVP_sha256()) != 0, "a test's certificate can be signed");
  return made;
}

void WriteCertificate(const std::string& path, X509* certificate) {
  FILE* const file = std::fopen(path.c_str(), "we");
  JF_CHECK(file != nullptr && PEM_write_X509(file, certificate) == 1, "a test can write");
  std::fclose(file);
}

}  // namespace

TestAuthority::TestAuthority(std::string directory, std::string name)
    : directory_(std::move(directory)),
      name_(std::move(name)),
      key_(EVP_EC_gen("P-256")),
      certificate_(Make(key_, name_, Validity(), nullptr, key_)) {
  WriteCertificate(ca_file(), certificate_);
}

TestAuthority::~TestAuthority() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

std::string TestAuthority::ca_file() const { return Text(directory_, "/", name_, "-ca.pem"); }

std::string TestAuthority::Sign(const std::string& file, const std::string& host,
                                Validity validity) const {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = Make(key, host, validity, certificate_, key_);
  const std::string cert_file = Text(directory_, "/", file, ".pem");
  const std::string key_file = WriteSecret(directory_, Text(file, ".key"), "");
  WriteCertificate(cert_file, certificate);
  FILE* const out = std::fopen(key_file.c_str(), "we");
  JF_CHECK(
      out != nullptr && PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
      "a test can write");
  std::fclose(out);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return Text("ca=", ca_file(), "&cert=", cert_file, "&key=", key_file);
}

std::string WriteSecret(const std::string& directory, const std::string& file,
                        const std::string& text) {
  std::string path = Text(directory, "/", file);
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  JF_CHECK(fd >= 0 && fchmod(fd, 0600) == 0 &&
               write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()),
           "a test can write");
  close(fd);
  return path;
}

}  // namespace jackfield
