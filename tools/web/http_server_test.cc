#include "tools/web/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tools/web/listening.h"

namespace jackfield::web {
namespace {

// A server, and clients of it, in one thread.
class HttpServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto listening = Listen("127.0.0.1:0");
    ASSERT_TRUE(listening.ok()) << listening.status();
    place_ = listening->place;
    auto server = HttpServer::Start(std::move(listening->fd), "crumb", [this](const Asked& asked) {
      asked_ = std::string(asked.method) + " " + std::string(asked.path) + " " +
               std::string(asked.host) + " token=" + std::string(asked.token) +
               " crumb=" + std::string(asked.cookie);
      return Answer{.body = "hello", .headers = {{"X-Own", "1"}}};
    });
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  OwnedFd Connect() const {
    OwnedFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(static_cast<uint16_t>(std::stoi(place_.substr(place_.rfind(':') + 1))));
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    return fd;
  }
  static void Send(const OwnedFd& fd, const std::string& text) {
    EXPECT_EQ(send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // Lets the server do what there is.
  void TurnServer(int wait_ms) {
    pollfd ready{server_->fd(), POLLIN, 0};
    const int timeout_ms = server_->timeout_ms();
    poll(&ready, 1, timeout_ms >= 0 && timeout_ms < wait_ms ? timeout_ms : wait_ms);
    server_->Turn();
  }
  // Turns the server until something has come, and the server has closed or `text` is in it.
  std::string ReadUntil(const OwnedFd& fd, const std::string& text) {
    std::string all;
    for (;;) {
      TurnServer(10);
      char bytes[4096];
      const ssize_t count = recv(fd.get(), bytes, sizeof bytes, MSG_DONTWAIT);
      if (count == 0) return all;
      if (count > 0) all.append(bytes, static_cast<size_t>(count));
      if (all.find(text) != std::string::npos) return all;
    }
  }

  std::string place_, asked_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, TellsWhatIsAskedAndSendsTheAnswer) {
  const OwnedFd client = Connect();
  Send(client,
       "GET /data?token=abc HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: other=1; crumb=xyz\r\n\r\n");
  const std::string answer = ReadUntil(client, "hello");
  EXPECT_EQ(answer.substr(0, 15), "HTTP/1.1 200 OK") << answer;
  EXPECT_NE(answer.find("X-Own: 1\r\n"), std::string::npos) << answer;
  EXPECT_NE(answer.find("Content-Security-Policy: default-src 'none';"), std::string::npos);
  EXPECT_NE(answer.find("Cache-Control: no-store\r\n"), std::string::npos);
  EXPECT_EQ(asked_, "GET /data 127.0.0.1 token=abc crumb=xyz");
}

TEST_F(HttpServerTest, RefusesAHeadThatIsTooLarge) {
  const OwnedFd client = Connect();
  Send(client, "GET /" + std::string(HttpServer::kRequestBytesMax, 'x') + " HTTP/1.1\r\n\r\n");
  const std::string answer = ReadUntil(client, "\r\n\r\n");
  EXPECT_EQ(answer.substr(0, 10), "HTTP/1.1 4") << answer;
  EXPECT_EQ(asked_, "");
}

TEST_F(HttpServerTest, MoreConnectionsThanItsLimitWaitUntilOneHasGone) {
  std::vector<OwnedFd> idle;
  for (unsigned i = 0; i < HttpServer::kConnectionsMax; ++i) {
    idle.push_back(Connect());
    TurnServer(10);
  }
  const OwnedFd more = Connect();
  Send(more, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  for (int i = 0; i < 20; ++i) TurnServer(5);
  EXPECT_EQ(asked_, "") << "as many as there may be are there";
  idle.pop_back();
  EXPECT_NE(ReadUntil(more, "hello").find("hello"), std::string::npos);
}

}  // namespace
}  // namespace jackfield::web
