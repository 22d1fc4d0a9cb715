#include "tools/wiring/secrets.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

class SecretsTest : public ::testing::Test {
 protected:
  SecretsTest() {
    char name[] = "/tmp/jackfield-secrets-XXXXXX";
    directory_ = mkdtemp(name);
  }
  ~SecretsTest() override { std::filesystem::remove_all(directory_); }
  std::string Write(std::string_view content, mode_t mode) const {
    const std::string path = directory_ + "/token";
    std::ofstream(path) << content;
    chmod(path.c_str(), mode);
    return path;
  }
  std::string directory_;
};

TEST_F(SecretsTest, TheContentIsReadAsItStands) {
  const std::string content("no newline is cut\n\0not even a zero byte\n", 40);
  const absl::StatusOr<Secret> secret = ReadSecret("TOKEN", Write(content, 0600));
  ASSERT_TRUE(secret.ok()) << secret.status();
  EXPECT_EQ(secret->content, content);
  EXPECT_EQ(WhoElseReads(*secret), "");
  EXPECT_EQ(SecretVariable(secret->name), "TOKEN_FILE");
}

TEST_F(SecretsTest, AModeThatIsTooOpenIsTold) {
  for (const auto& [mode, text] : {std::pair<mode_t, std::string>{0644, "644"}, {0640, "640"}}) {
    const absl::StatusOr<Secret> secret = ReadSecret("TOKEN", Write("x", mode));
    ASSERT_TRUE(secret.ok());
    EXPECT_EQ(WhoElseReads(*secret), "the secret TOKEN is open to others: " + secret->path +
                                         " has mode " + text + "; try: chmod 600 " + secret->path);
  }
}

TEST_F(SecretsTest, WhatIsNoFileOrTooLargeIsRefusedWithoutItsContent) {
  EXPECT_EQ(ReadSecret("TOKEN", directory_ + "/gone").status().message(),
            "cannot read the secret TOKEN, " + directory_ + "/gone: No such file or directory");
  EXPECT_EQ(ReadSecret("TOKEN", directory_).status().message(),
            "the secret TOKEN is to be a file, and " + directory_ + " is none");
  EXPECT_TRUE(ReadSecret("TOKEN", Write(std::string(kSecretBytesMax, 's'), 0600)).ok());
  const absl::Status large =
      ReadSecret("TOKEN", Write(std::string(kSecretBytesMax + 1, 's'), 0600)).status();
  EXPECT_EQ(large.message(), "the secret TOKEN, " + directory_ + "/token, is larger than 256 KiB");
}

}  // namespace
}  // namespace jackfield
