// Who is let in and who is not, at both ends: two sessions, or a session and an OpenSSL of the
// test's own, whose bytes the test carries.
#include "transports/shim/tls/tls_session.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <utility>
#include <vector>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/shim/tls/test_certificates.h"

namespace jackfield {
namespace {

using Step = TlsSession::Step;

struct Memory final : TlsWire {
  size_t PutTls(std::span<const std::byte> more) override {
    bytes.insert(bytes.end(), more.begin(), more.end());
    return more.size();
  }
  std::vector<std::byte> Take() { return std::exchange(bytes, {}); }
  std::vector<std::byte> bytes;
};

// One end, and what it has come to.
struct End {
  Memory out;
  std::unique_ptr<TlsSession> session;
  std::vector<std::byte> in;
  std::string read;
  Step step = Step::kWantsBytes;
  bool open = false;

  void Take(std::vector<std::byte> bytes) {
    in = std::move(bytes);
    session->Lend(in);
    Go();
  }
  void Go() {
    if (step == Step::kFailed || step == Step::kEnded) return;
    if (!open) {
      step = session->Handshake();
      open = step == Step::kDone;
      if (!open) return;
    }
    std::byte to[256];
    size_t moved = 0;
    while ((step = session->Read(to, moved)) == Step::kDone)
      read.append(reinterpret_cast<const char*>(to), moved);
  }
  void Write(std::string_view text) {
    size_t moved = 0;
    ASSERT_EQ(session->Write(std::as_bytes(std::span(text)), moved), Step::kDone);
    ASSERT_EQ(moved, text.size());
  }
};

class TlsSessionTest : public testing::Test {
 protected:
  static TlsSettings Settings(const std::string& params) {
    return TlsSettings::Read(Address::Parse("tls+x:y?" + params).value()).value();
  }
  static void Make(End& end, Role role, const std::string& params, const std::string& wanted = "") {
    absl::StatusOr<SslContext> context = MakeSslContext(Settings(params), role);
    ASSERT_TRUE(context.ok()) << context.status();
    end.session = TlsSession::Make(*std::move(context), role, wanted, end.out);
    ASSERT_NE(end.session, nullptr);
  }
  void Meet(const std::string& client, const std::string& server, const std::string& wanted = "") {
    Make(client_, Role::kConnect, client, wanted);
    Make(server_, Role::kServe, server);
    client_.Go();
    for (int i = 0; i < 4; ++i) {
      server_.Take(client_.out.Take());
      client_.Take(server_.out.Take());
    }
  }
  static void Says(const End& end, absl::StatusCode code, std::string_view text) {
    ASSERT_EQ(end.step, Step::kFailed) << text;
    EXPECT_EQ(end.session->why().code(), code) << end.session->why();
    EXPECT_NE(end.session->why().message().find(std::string(text)), std::string::npos)
        << end.session->why();
  }
  static constexpr absl::StatusCode kDenied = absl::StatusCode::kPermissionDenied;
  static constexpr absl::StatusCode kOther = absl::StatusCode::kFailedPrecondition;

  const std::string dir_ = testing::TempDir();
  const TestAuthority ca_{dir_, "shop"};
  const TestAuthority stranger_{dir_, "stranger"};
  const std::string shop_ = ca_.Sign("kv", "kv.shop"), orders_ = ca_.Sign("orders", "orders.shop");
  End client_, server_;
};

TEST_F(TlsSessionTest, BothEndsKnowEachOthersName) {
  Meet(orders_, shop_, "kv.shop");
  ASSERT_TRUE(client_.open && server_.open) << client_.session->why() << server_.session->why();
  EXPECT_EQ(client_.session->PeerName(), "kv.shop");
  EXPECT_EQ(server_.session->PeerName(), "orders.shop");
  client_.Write("hello");
  const std::vector<std::byte> sent = client_.out.Take();
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(sent.data()), sent.size()).find("hello"),
            std::string::npos);
  server_.Take(sent);
  EXPECT_EQ(server_.read, "hello");
}

TEST_F(TlsSessionTest, ExpiredCertificatesAreRefusedAtEitherEnd) {
  const std::string old = ca_.Sign("old", "kv.shop", {.from_s = -7200, .until_s = -60});
  Meet(orders_, old, "kv.shop");
  Says(client_, kDenied, "certificate has expired");
  Says(server_, kDenied, "refuses this end's certificate: it has expired");
  client_ = {}, server_ = {};
  Meet(old, shop_, "kv.shop");
  Says(server_, kDenied, "certificate has expired");
  Says(client_, kDenied, "refuses this end's certificate: it has expired");
}

TEST_F(TlsSessionTest, OneThatIsNotValidYetSaysThatAClockMayBeWrong) {
  Meet(orders_, ca_.Sign("soon", "kv.shop", {.from_s = 3600}), "kv.shop");
  Says(client_, kDenied, "clocks");
}

TEST_F(TlsSessionTest, AnotherNameThanTheWantedOneIsRefused) {
  Meet(orders_, shop_, "kv.bank");
  Says(client_, kDenied, "does not have the name kv.bank");
  Says(server_, kDenied, "another name than is wanted");
}

TEST_F(TlsSessionTest, AStrangersAuthorityIsRefusedAtEitherEnd) {
  const std::string strange = stranger_.Sign("strange", "orders.shop");
  const std::string of_shop = Text("ca=", ca_.ca_file(), strange.substr(strange.find("&cert=")));
  Meet(of_shop, shop_, "kv.shop");
  Says(server_, kDenied, "was not signed by this end's authority");
  Says(client_, kDenied, "not signed by an authority that the other end has");
  client_ = {}, server_ = {};
  Meet(orders_, of_shop, "orders.shop");
  Says(client_, kDenied, "was not signed by this end's authority");
}

TEST_F(TlsSessionTest, OneTokenJoinsAndAnotherDoesNot) {
  const std::string token = "token=" + WriteSecret(dir_, "token", std::string(32, 'a'));
  const std::string same = "token=" + WriteSecret(dir_, "same", std::string(32, 'a') + "\n");
  const std::string other = "token=" + WriteSecret(dir_, "other", std::string(32, 'b'));
  Meet(token, same);
  EXPECT_TRUE(client_.open && server_.open);
  EXPECT_EQ(server_.session->PeerName(), "");
  client_ = {}, server_ = {};
  Meet(token, other);
  Says(server_, kDenied, "token is another one");
  Says(client_, kDenied, "token is another one");
}

TEST_F(TlsSessionTest, ATokenAndACertificateDoNotMeet) {
  const std::string token = "token=" + WriteSecret(dir_, "token", std::string(32, 'a'));
  Meet(token, shop_);
  EXPECT_FALSE(client_.open);
  EXPECT_EQ(client_.step, Step::kFailed);
  client_ = {}, server_ = {};
  Meet(orders_, token, "kv.shop");
  Says(server_, kDenied, "?token= at both ends");
  Says(client_, kDenied, "?token= at both");
}

// An OpenSSL of the test's own: of TLS 1.2 only, or without a certificate.
struct Bare {
  Bare() : context(SSL_CTX_new(TLS_client_method())) {}
  ~Bare() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
  std::vector<std::byte> Step(std::span<const std::byte> in) {
    if (ssl == nullptr) {
      ssl = SSL_new(context);
      SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
      SSL_set_connect_state(ssl);
    }
    if (!in.empty()) BIO_write(SSL_get_rbio(ssl), in.data(), static_cast<int>(in.size()));
    SSL_do_handshake(ssl);
    std::vector<std::byte> out(BIO_ctrl_pending(SSL_get_wbio(ssl)));
    if (!out.empty()) BIO_read(SSL_get_wbio(ssl), out.data(), static_cast<int>(out.size()));
    return out;
  }
  SSL_CTX* context;
  SSL* ssl = nullptr;
};

TEST_F(TlsSessionTest, Tls12IsRefused) {
  Make(server_, Role::kServe, shop_);
  Bare old;
  SSL_CTX_set_max_proto_version(old.context, TLS1_2_VERSION);
  server_.Take(old.Step({}));
  Says(server_, kOther, "no TLS 1.3");
}

TEST_F(TlsSessionTest, AClientWithoutACertificateIsRefused) {
  Make(server_, Role::kServe, shop_);
  Bare nobody;
  server_.Take(nobody.Step({}));
  server_.Take(nobody.Step(server_.out.Take()));
  Says(server_, kDenied, "shows no certificate");
  EXPECT_FALSE(server_.open);
}

TEST_F(TlsSessionTest, ARecordThatComesTwiceOrChangedIsFound) {
  Meet(orders_, shop_, "kv.shop");
  client_.Write("once");
  const std::vector<std::byte> record = client_.out.Take();
  server_.Take(record);
  EXPECT_EQ(server_.read, "once");
  server_.Take(record);
  EXPECT_EQ(server_.read, "once");
  Says(server_, absl::StatusCode::kDataLoss, "changed, repeated or left out");
}

TEST_F(TlsSessionTest, OnlyItsEndIsAnEnd) {
  Meet(orders_, shop_, "kv.shop");
  client_.Write("all of it");
  std::vector<std::byte> record = client_.out.Take();
  record.pop_back();
  server_.Take(record);  // truncated: nothing of it is read, and it is no end
  EXPECT_EQ(server_.read, "");
  EXPECT_EQ(server_.step, Step::kWantsBytes);
  server_.Write("bye");
  server_.session->SayEnd();
  client_.Take(server_.out.Take());
  EXPECT_EQ(client_.read, "bye");
  EXPECT_EQ(client_.step, Step::kEnded);
}

// ---- The files.

TEST_F(TlsSessionTest, EachFileThatCannotBeUsedIsNamedWithWhatHelps) {
  const auto says = [this](const std::string& params, absl::StatusCode code,
                           const std::string& text) {
    const absl::Status status = MakeSslContext(Settings(params), Role::kServe).status();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_NE(status.message().find(text), std::string::npos) << status;
  };
  const std::string key = dir_ + "/kv.key", cert = dir_ + "/kv.pem";
  says(Text("ca=/nowhere&cert=", cert, "&key=", key), absl::StatusCode::kNotFound, "/nowhere");
  says(Text("ca=", key, "&cert=", cert, "&key=", key), absl::StatusCode::kInvalidArgument, key);
  says(Text("ca=", ca_.ca_file(), "&cert=", cert, "&key=", dir_, "/orders.key"),
       absl::StatusCode::kInvalidArgument, "that of the certificate");
  says("token=" + WriteSecret(dir_, "short", "123456789012345\n"),
       absl::StatusCode::kInvalidArgument, "openssl rand -hex 32");
  ASSERT_EQ(chmod(key.c_str(), 0644), 0);
  says(shop_, absl::StatusCode::kPermissionDenied, "chmod o= " + key);
  ASSERT_EQ(chmod(key.c_str(), 0640), 0);
  EXPECT_TRUE(MakeSslContext(Settings(shop_), Role::kServe).ok());
}

TEST_F(TlsSessionTest, ChangedFilesAreReadAgainAndBrokenOnesAreNot) {
  TlsContexts contexts;
  const SslContext first = contexts.Get(Settings(shop_), Role::kServe).value();
  EXPECT_EQ(contexts.Get(Settings(shop_), Role::kServe).value().get(), first.get());
  ca_.Sign("kv", "kv.shop");
  const SslContext second = contexts.Get(Settings(shop_), Role::kServe).value();
  EXPECT_NE(second.get(), first.get());
  WriteSecret(dir_, "kv.pem", "being written");
  EXPECT_EQ(contexts.Get(Settings(shop_), Role::kServe).value().get(), second.get());
}

}  // namespace
}  // namespace jackfield
