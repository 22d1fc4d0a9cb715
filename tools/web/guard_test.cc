#include "tools/web/guard.h"

#include "gtest/gtest.h"

namespace jackfield::web {
namespace {

Asked From(std::string_view host) {
  return {.method = "GET", .path = "/", .host = host, .token = "", .cookie = "", .service = ""};
}

TEST(GuardTest, AnswersUnderAnAddressAndNoName) {
  const Guard guard("");
  for (const std::string_view host : {"127.0.0.1:7700", "127.0.0.1", "[::1]:7700", "[::1]",
                                      "localhost:7700", "LOCALHOST", "192.0.2.1:80"})
    EXPECT_FALSE(guard.Check(From(host)).has_value()) << host;
  for (const std::string_view host :
       {"evil.example:7700", "localhost.evil.example", "127.0.0.1.evil.example", "", ":7700",
        "[::1", "127.0.0.1@evil.example"}) {
    const std::optional<Refusal> refusal = guard.Check(From(host));
    ASSERT_TRUE(refusal.has_value()) << host;
    EXPECT_EQ(refusal->status, 403) << host;
  }
  EXPECT_NE(guard.Check(From("evil\x1b.example"))->sentence.find("evil\\x1b.example"),
            std::string::npos);
}

TEST(GuardTest, AnswersNothingButGet) {
  for (const std::string_view method : {"POST", "HEAD", "OPTIONS", "get", ""}) {
    Asked asked = From("127.0.0.1");
    asked.method = method;
    EXPECT_EQ(Guard("").Check(asked)->status, 405) << method;
  }
}

TEST(GuardTest, WantsItsTokenInTheUrlOrTheCookie) {
  const Guard guard("0123456789abcdef");
  Asked asked = From("127.0.0.1");
  EXPECT_EQ(guard.Check(asked)->status, 401);
  for (const std::string_view wrong :
       {"0123456789abcdeF", "0123456789abcde", "0123456789abcdef0"}) {
    asked.token = asked.cookie = wrong;
    EXPECT_EQ(guard.Check(asked)->status, 401) << wrong;
  }
  asked.cookie = guard.token();
  EXPECT_FALSE(guard.Check(asked).has_value());
  asked.cookie = "";
  asked.token = guard.token();
  EXPECT_FALSE(guard.Check(asked).has_value());
  asked.host = "evil.example";
  EXPECT_EQ(guard.Check(asked)->status, 403) << "also with the token";
}

TEST(GuardTest, ATokenIsAnotherEachTime) {
  const std::string token = *NewToken();
  EXPECT_EQ(token.size(), 32u);
  EXPECT_NE(token, *NewToken());
}

}  // namespace
}  // namespace jackfield::web
