// The shim between a service and its client: caps, addresses, and what both ends are told when only
// one of them speaks TLS, or they do not know each other. That there is no second attempt is shown
// by the outcome's code: only UNAVAILABLE is tried again.
#include "transports/shim/tls/tls.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/registry.h"
#include "transports/shim/tls/test_certificates.h"
#include "transports/shim/tls/tls_handshakes.h"
#include "transports/shim/tls/tls_record.h"
#include "transports/tcp/tcp.h"
#include "transports/unix/unix.h"

namespace jackfield {
namespace {

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    registry_.Add(MakeTcpTransport());
    registry_.Add(MakeUnixTransport());
    registry_.Add(MakeTlsShim());
    node_ = Node::Create({.registry = &registry_}).value();
  }

  // A service at `serve` answers with the certificate name of who calls.
  std::unique_ptr<Port> Serve(const std::string& serve) {
    absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(*node_, {serve});
    EXPECT_TRUE(port.ok()) << port.status();
    if (!port.ok()) return nullptr;
    EXPECT_TRUE((*port)->WaitServing().ok());
    return *std::move(port);
  }
  static std::string Place(const Port& port) {
    const Address actual = port.addresses().front();
    return Text(actual.scheme(), ":", actual.target());
  }
  absl::Status Meet(const std::string& address) {
    absl::StatusOr<std::unique_ptr<Channel>> channel = Channel::Open(*node_, address);
    return channel.ok() ? (*channel)->WaitOpen() : channel.status();
  }
  void Says(const absl::Status& status, absl::StatusCode code, std::string_view text) {
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_NE(status.message().find(std::string(text)), std::string::npos) << status;
  }

  const std::string dir_ = testing::TempDir();
  const TestAuthority ca_{dir_, "shop"};
  const std::string shop_ = ca_.Sign("kv", "kv.shop"), orders_ = ca_.Sign("orders", "orders.shop");
  const std::string token_ = "token=" + WriteSecret(dir_, "token", std::string(32, 'a'));
  Registry registry_;
  std::unique_ptr<Node> node_;
};

TEST_F(TlsTest, DescribeIsEncryptedAndCarriesLargeFramesAndNoDescriptors) {
  const Caps inner = registry_.Describe(*registry_.Parse("unix:@x"), Role::kServe).value();
  const Caps caps =
      registry_.Describe(*registry_.Parse("tls+unix:@x?" + token_), Role::kServe).value();
  Caps expected = inner;
  expected.encrypted = true;
  expected.fds = false;
  EXPECT_EQ(caps, expected);
}

TEST_F(TlsTest, AddressesWithTooLittleSayWhatIsMissing) {
  const auto describe = [this](const std::string& text) {
    return registry_.Describe(*registry_.Parse(text), Role::kConnect).status();
  };
  constexpr absl::StatusCode kBad = absl::StatusCode::kInvalidArgument;
  Says(describe("tls+unix:@x"), kBad, "?token=");
  Says(describe("tls+unix:@x?ca=/a&cert=/b"), kBad, "?key=");
  Says(describe("tls+unix:@x?token=/a&cert=/b"), kBad, "either");
  Says(Meet("tls+unix:@x?" + orders_), kBad, "?name=");
}

TEST_F(TlsTest, WhatIsBelowNeedsNotBeLoopback) {
  const auto describe = [this](const std::string& text) {
    return registry_.Describe(*registry_.Parse(text), Role::kServe).status();
  };
  Says(describe("tcp://10.1.2.3:7000"), absl::StatusCode::kPermissionDenied, "tls+");
  EXPECT_TRUE(describe("tls+tcp://10.1.2.3:7000?" + token_).ok());
}

TEST_F(TlsTest, EndsThatKnowEachOtherMeet) {
  for (const std::string medium : {"tcp://127.0.0.1:0", "unix:"}) {
    const auto port = Serve(Text("tls+", medium, "?", shop_));
    EXPECT_TRUE(Meet(Text("tls+", Place(*port), "?", orders_, "&name=kv.shop")).ok());
    Says(Meet(Text("tls+", Place(*port), "?", orders_, "&name=kv.bank")),
         absl::StatusCode::kPermissionDenied, "does not have the name kv.bank");
  }
}

// It believes that it is in until it reads the server's alert, and has said nothing by then.
TEST_F(TlsTest, AClientThatTheServerRefusesIsToldAtOnceAndWhy) {
  const std::string old = ca_.Sign("old", "orders.shop", {.from_s = -7200, .until_s = -60});
  const auto port = Serve("tls+unix:?" + shop_);
  Says(Meet(Text("tls+", Place(*port), "?", old, "&name=kv.shop")),
       absl::StatusCode::kPermissionDenied, "it has expired");
}

TEST_F(TlsTest, WithoutTheNameTheHostOfTheAddressIsWanted) {
  const auto port = Serve(Text("tls+tcp://127.0.0.1:0?", shop_));
  Says(Meet(Text("tls+", Place(*port), "?", orders_)), absl::StatusCode::kPermissionDenied,
       "does not have the name 127.0.0.1");
}

TEST_F(TlsTest, APlainClientOfATlsServerIsToldSo) {
  const auto port = Serve("tls+unix:?" + token_);
  Says(Meet(Place(*port)), absl::StatusCode::kFailedPrecondition, "needs tls+");
}

TEST_F(TlsTest, ATlsClientOfAPlainServerIsToldSo) {
  const auto port = Serve("unix:");
  Says(Meet(Text("tls+", Place(*port), "?", token_)), absl::StatusCode::kFailedPrecondition,
       "does not speak TLS");
}

TEST_F(TlsTest, AnotherTokenIsRefusedAtOnce) {
  const auto port = Serve("tls+unix:?" + token_);
  const std::string other = WriteSecret(dir_, "other", std::string(32, 'b'));
  Says(Meet(Text("tls+", Place(*port), "?token=", other)), absl::StatusCode::kPermissionDenied,
       "token is another one");
}

TEST(TlsRecordTest, LiesAsTheManualSays) {
  std::byte frame[64] = {};
  TlsRecord::Begin(frame, 5);
  frame[16] = std::byte{7};
  const unsigned char expected[] = {'J', 1, 0x41, 0, 48, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 7};
  EXPECT_EQ(std::memcmp(frame, expected, sizeof expected), 0);
  EXPECT_EQ(TlsRecord::BytesIn({frame, 48}).size(), 5u);
  EXPECT_TRUE(TlsRecord::BytesIn({frame, 47}).empty());
  frame[12] = std::byte{33};
  EXPECT_TRUE(TlsRecord::BytesIn({frame, 48}).empty());
}

TEST(TlsRecordTest, OnlyAWholeClientHelloIsOne) {
  std::byte tls[13] = {std::byte{22}, std::byte{3}, std::byte{1}, std::byte{0}, std::byte{8},
                       std::byte{1},  std::byte{0}, std::byte{0}, std::byte{4}};
  EXPECT_TRUE(IsClientHello(tls));
  EXPECT_FALSE(IsClientHello({tls, 12}));
  tls[5] = std::byte{2};
  EXPECT_FALSE(IsClientHello(tls));
}

TEST(TlsHandshakesTest, TheOldestGivesWay) {
  struct One final : Handshaking {
    void GiveWay() override {
      gave_way = true;
      all->End(*this);
    }
    TlsHandshakes* all = nullptr;
    bool gave_way = false;
  };
  One ones[TlsHandshakes::kMax + 1];
  TlsHandshakes all;
  for (One& one : ones) {
    EXPECT_FALSE(ones[0].gave_way);
    one.all = &all;
    all.Begin(one);
  }
  EXPECT_TRUE(ones[0].gave_way);
  EXPECT_FALSE(ones[1].gave_way);
  EXPECT_EQ(all.count(), TlsHandshakes::kMax);
  all.End(ones[1]);
  EXPECT_EQ(all.count(), TlsHandshakes::kMax - 1);
}

}  // namespace
}  // namespace jackfield
