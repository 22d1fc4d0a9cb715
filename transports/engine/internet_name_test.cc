#include "transports/engine/internet_name.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <netdb.h>

#include <cerrno>
#include <string>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/loop/sys.h"

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
  EXPECT_TRUE(resolve("127.5.0.1")->at(0).IsLoopback());
  EXPECT_TRUE(resolve("::1")->at(0).IsLoopback());
  EXPECT_FALSE(resolve("192.0.2.1")->at(0).IsLoopback());
  EXPECT_FALSE(resolve("2001:db8::1")->at(0).IsLoopback());
  EXPECT_EQ(TextOf(resolve("127.0.0.1")->at(0).address), "127.0.0.1:80");
  EXPECT_EQ(TextOf(resolve("127.1")->at(0).address), "127.0.0.1:80");
  EXPECT_EQ(TextOf(resolve("::1")->at(0).address), "[::1]:80");
  // Where no name server answers it may be there for all that anybody knows.
  addrinfo* found = nullptr;
  const bool asked_in_vain = getaddrinfo("no such host", "80", nullptr, &found) == EAI_AGAIN;
  EXPECT_EQ(resolve("no such host").status().code(),
            asked_in_vain ? absl::StatusCode::kUnavailable : absl::StatusCode::kInvalidArgument);
  const absl::Status raw = resolve("a\x1b[2J\xab").status();
  EXPECT_NE(std::string(raw.message()).find("a\\x1b[2J\\xab"), std::string::npos) << raw;
}

TEST(InternetName, AZoneIsANameOrANumberOfAnInterfaceAndIsReportedByName) {
  const std::string index = std::to_string(if_nametoindex("lo"));
  for (const std::string& zone : {std::string("lo"), index}) {
    for (const char* percent : {"%", "%25"}) {
      const std::string text = Text("tcp://[fe80::1", percent, zone, "]:80?plain");
      const absl::StatusOr<HostPort> where = Read(text);
      ASSERT_TRUE(where.ok()) << where.status();
      EXPECT_EQ(where->host, "fe80::1");
      EXPECT_EQ(where->zone, zone);
      const auto names = Resolve(*Address::Parse(text), *where);
      ASSERT_TRUE(names.ok()) << names.status();
      EXPECT_EQ(TextOf(names->at(0).address), "[fe80::1%lo]:80");
    }
  }
  for (const std::string zone : {"ab8nope", "4000000", "%"}) {
    const std::string text = Text("tcp://[fe80::1%", zone, "]:80?plain");
    const auto names = Resolve(*Address::Parse(text), *Read(text));
    EXPECT_EQ(names.status().code(), absl::StatusCode::kInvalidArgument) << zone;
    EXPECT_NE(std::string(names.status().message()).find(Text("no interface \"", zone, "\"")),
              std::string::npos)
        << names.status();
  }
}

TEST(InternetName, ALinkLocalNumberWithoutAZoneIsRefusedWithTheForm) {
  const absl::StatusOr<HostPort> where = Read("tcp://[fe80::1]:80?plain");
  EXPECT_EQ(where.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(where.status().message()).find("[fe80::1%eth0]"), std::string::npos)
      << where.status();
  for (const char* bad : {"tcp://[fe80::1%]:80", "tcp://[localhost]:80", "tcp://[1.2.3.4]:80",
                          "tcp://[]:80", "tcp://[::1::2]:80"})
    EXPECT_EQ(Read(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
}

InternetName Numbered(const std::string& host) { return *HostPort{.host = host}.Number(); }

TEST(InternetName, AServerServesAtIpv4FirstAndOtherwiseInTheOrderGiven) {
  const InternetNames names = ToServeAt(
      {Numbered("::1"), Numbered("127.0.0.2"), Numbered("2001:db8::1"), Numbered("127.0.0.1")});
  std::string order;
  for (const InternetName& name : names) order += TextOf(name.address) + " ";
  EXPECT_EQ(order, "127.0.0.2:0 127.0.0.1:0 [::1]:0 [2001:db8::1]:0 ");
}

TEST(InternetName, WhatAllPlacesSaidIsSaidOncePerReason) {
  const absl::Status none =
      NoneOf("connect tcp:multi:7", {{"[::1]:7", SysError(ENETUNREACH, "[::1]:7")},
                                     {"127.0.0.2:7", SysError(ECONNREFUSED, "127.0.0.2:7")},
                                     {"127.0.0.3:7", SysError(ECONNREFUSED, "127.0.0.3:7")}});
  const std::string text(none.message());
  EXPECT_EQ(none.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(text.find("connect tcp:multi:7 at [::1]:7: Network is unreachable"), 0u) << text;
  EXPECT_NE(text.find("; at 127.0.0.2:7 and 127.0.0.3:7: Connection refused (ECONNREFUSED); is the "
                      "service running?"),
            std::string::npos)
      << text;
  // One that may be there yet makes it worth another try.
  EXPECT_EQ(NoneOf("connect x", {{"a", SysError(EACCES, "a")}, {"b", SysError(ECONNREFUSED, "b")}})
                .code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(NoneOf("connect x", {{"a", SysError(EACCES, "a")}}).code(),
            absl::StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace jackfield
