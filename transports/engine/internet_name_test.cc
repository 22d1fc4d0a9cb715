#include "transports/engine/internet_name.h"

#include <gtest/gtest.h>
#include <netdb.h>

namespace jackfield {
namespace {

absl::StatusOr<HostPort> Read(std::string_view text, Role role = Role::kConnect) {
  absl::StatusOr<Address> address = Address::Parse(text);
  if (!address.ok()) return address.status();
  return HostPort::Read(*address, role);
}

TEST(InternetName, HostsAndPortsAreReadAsInUris) {
  EXPECT_EQ(Read("tcp://127.0.0.1:80")->host, "127.0.0.1");
  EXPECT_EQ(Read("tcp://[::1]:65535")->host, "::1");
  EXPECT_EQ(Read("tcp://[::1]:65535")->port, "65535");
  EXPECT_EQ(Read("tcp:", Role::kServe)->port, "0");
  EXPECT_EQ(Read("tcp://:0", Role::kServe)->host, "127.0.0.1");
}

TEST(InternetName, WhatIsNotOneIsRefusedWithTheForm) {
  for (const std::string_view text :
       {"tcp://h", "tcp://h:", "tcp://h:65536", "tcp://h:-1", "tcp://h:8x", "tcp://h:+8",
        "tcp://::1:80", "tcp://[::1]", "tcp:", "tcp://h:0"}) {
    const absl::StatusOr<HostPort> where = Read(text);
    ASSERT_FALSE(where.ok()) << text;
    EXPECT_EQ(where.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_NE(std::string(where.status().message()).find("tcp://HOST:PORT"), std::string::npos)
        << text;
  }
}

TEST(InternetName, OnlyLoopbackIsAllowedWithoutPlainByTheTextAlone) {
  const auto allowed = [](std::string_view text) {
    return ReadAllowed(*Address::Parse(text), Role::kConnect).status().code();
  };
  for (const char* here : {"tcp://127.0.0.1:80", "tcp://127.5.0.1:80", "tcp://127.1:80",
                           "tcp://[::1]:80", "tcp://localhost:80", "tcp://a.localhost:80",
                           "tcp://:80", "tcp://192.0.2.1:80?plain", "tcp://example:80?plain"})
    EXPECT_EQ(allowed(here), absl::StatusCode::kOk) << here;
  for (const char* far :
       {"tcp://192.0.2.1:80", "tcp://0.0.0.0:80", "tcp://[2001:db8::1]:80", "tcp://[::]:80",
        "tcp://example:80", "tcp://localhost.example:80", "tcp://127.0.0.1.example:80"})
    EXPECT_EQ(allowed(far), absl::StatusCode::kPermissionDenied) << far;
  EXPECT_EQ(allowed("tcp://192.0.2.1"), absl::StatusCode::kInvalidArgument);
}

TEST(InternetName, NumbersBecomeNamesAndLoopbackIsKnown) {
  const Address address = *Address::Parse("tcp://127.0.0.1:80");
  const auto resolve = [&](std::string host) {
    return Resolve(address, HostPort{.host = std::move(host), .port = "80"});
  };
  EXPECT_TRUE(resolve("127.5.0.1")->IsLoopback());
  EXPECT_TRUE(resolve("::1")->IsLoopback());
  EXPECT_FALSE(resolve("192.0.2.1")->IsLoopback());
  EXPECT_FALSE(resolve("2001:db8::1")->IsLoopback());
  EXPECT_EQ(TextOf(resolve("127.0.0.1")->address), "127.0.0.1:80");
  EXPECT_EQ(TextOf(resolve("::1")->address), "[::1]:80");
  // Where no name server answers it may be there for all that anybody knows.
  addrinfo* found = nullptr;
  const bool asked_in_vain = getaddrinfo("no such host", "80", nullptr, &found) == EAI_AGAIN;
  EXPECT_EQ(resolve("no such host").status().code(),
            asked_in_vain ? absl::StatusCode::kUnavailable : absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace jackfield
