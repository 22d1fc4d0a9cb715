// A word of `allow` means those whom the system or a badge shows to be meant, and nobody else.
#include "services/allow/who.h"

#include <unistd.h>

#include <string>

#include "gtest/gtest.h"

namespace jackfield::allow {
namespace {

const PeerIdentity kRoot{.known = true, .uid = 0, .gid = 0, .pid = 7};
const PeerIdentity kUser{.known = true, .uid = 1000, .gid = 100, .pid = 8};
const PeerIdentity kUnknown{};

bool Means(std::string_view text, const PeerIdentity& peer, std::string_view caller = "") {
  const absl::StatusOr<Who> who = Who::Parse(text);
  EXPECT_TRUE(who.ok()) << who.status();
  return who.ok() && who->Means(peer, caller);
}

TEST(WhoTest, AServiceIsKnownByItsBadge) {
  EXPECT_TRUE(Means("orders", kUser, "orders"));
  EXPECT_TRUE(Means("orders", kUnknown, "orders.2")) << "an instance";
  EXPECT_FALSE(Means("orders.1", kUnknown, "orders.2"));
  EXPECT_FALSE(Means("orders", kRoot)) << "no badge";
  EXPECT_FALSE(Means("orders", kRoot, "orders2"));
  EXPECT_FALSE(Means("orders", kRoot, "order"));
}

TEST(WhoTest, AUserAndAGroupAreKnownByTheSystem) {
  EXPECT_TRUE(Means("uid:1000", kUser));
  EXPECT_TRUE(Means("uid:root", kRoot));
  EXPECT_TRUE(Means("gid:100", kUser));
  EXPECT_TRUE(Means("gid:root", kRoot));
  EXPECT_FALSE(Means("uid:1000", kRoot));
  EXPECT_FALSE(Means("uid:0", kUnknown)) << "a medium that says nothing is no root";
  EXPECT_FALSE(Means("gid:0", kUnknown));
  EXPECT_FALSE(Means("nobody", kRoot, "nobody"));
}

TEST(WhoTest, ACertificateIsKnownByItsWholeName) {
  PeerIdentity peer;
  EXPECT_FALSE(Means("cert:orders.shop", peer));
  peer.certificate = "orders.shop";
  EXPECT_TRUE(Means("cert:orders.shop", peer));
  EXPECT_FALSE(Means("cert:kv.orders.shop", peer));
  EXPECT_FALSE(Means("cert:orders.shop2", peer));
  EXPECT_FALSE(Means("orders.shop", peer)) << "no service of the wiring";
}

TEST(WhoTest, WhoCannotBeKnownIsWrong) {
  const auto why = [](std::string_view text) {
    return std::string(Who::Parse(text).status().message());
  };
  EXPECT_EQ(why("uid:no-such-user"), "there is no user \"no-such-user\" on this machine");
  EXPECT_EQ(why("gid:no-such-group"), "there is no group \"no-such-group\" on this machine");
  EXPECT_EQ(why("uid:-1"), "there is no user \"-1\" on this machine");
  EXPECT_EQ(why("uid:"), "there is no user \"\" on this machine");
  for (const char* wrong : {"", "a b", "pid:7", "*", "a/b", "cert:"})
    EXPECT_NE(why(wrong).find("is nobody who could be known"), std::string::npos) << wrong;
}

}  // namespace
}  // namespace jackfield::allow
