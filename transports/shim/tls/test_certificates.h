// For tests: an authority, and what it signs, made anew each time, so that no date in a file ever
// passes. Thread: any. Requires: a directory that exists.
#ifndef JACKFIELD_TRANSPORTS_SHIM_TLS_TEST_CERTIFICATES_H_
#define JACKFIELD_TRANSPORTS_SHIM_TLS_TEST_CERTIFICATES_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace jackfield {

class TestAuthority {
 public:
  // Writes `directory`/NAME-ca.pem.
  TestAuthority(std::string directory, std::string name);
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;

  struct Validity {
    long from_s = -3600, until_s = 86400;  // seconds from now
  };
  // Writes FILE.pem and FILE.key into the directory, for `host` (a DNS name).
  // Returns: "ca=…&cert=…&key=…", for an address.
  std::string Sign(const std::string& file, const std::string& host) const {
    return Sign(file, host, Validity());
  }
  std::string Sign(const std::string& file, const std::string& host, Validity validity) const;
  std::string ca_file() const;

 private:
  const std::string directory_, name_;
  EVP_PKEY* const key_;
  X509* certificate_;
};

// Writes FILE with that text, readable by its owner alone. Returns: its path.
std::string WriteSecret(const std::string& directory, const std::string& file,
                        const std::string& text);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_TLS_TEST_CERTIFICATES_H_
