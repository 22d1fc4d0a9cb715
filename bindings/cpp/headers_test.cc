// A whole program of a user's, built as strictly as headers_test is: without exceptions and RTTI.
// Beside it each public header is compiled alone.
#include <cstdio>
#include <memory>
#include <string>

#include "jackfield/channel.h"
#include "jackfield/node.h"
#include "jackfield/outcome.h"
#include "jackfield/port.h"
#include "jackfield/task.h"
#include "jackfield/transports.h"
#include "services/echo/echo_service.h"

using jackfield::Answer;
using jackfield::Bytes;
using jackfield::Channel;
using jackfield::Message;
using jackfield::Node;
using jackfield::Port;
using jackfield::ServerCall;

namespace {

constexpr uint32_t kGreet = 1;

int Fail(const char* what, const absl::Status& why) {
  std::fprintf(stderr, "%s: %s\n", what, std::string(why.message()).c_str());
  return 1;
}

}  // namespace

int main() {
  jackfield::Registry registry;
  jackfield::AddBuiltinTransports(registry);
  absl::StatusOr<std::unique_ptr<Node>> node = Node::Create({.name = "one", .registry = &registry});
  if (!node.ok()) return Fail("node", node.status());
  absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(**node, {"unix:"});
  if (!port.ok()) return Fail("port", port.status());
  (*port)->Handle(kGreet, [](ServerCall& call) {
    const std::string text = "hello " + std::string(call.message().text());
    call.Reply(Bytes(text)).IgnoreError();
  });
  if (absl::Status serving = (*port)->WaitServing(); !serving.ok()) return Fail("serve", serving);
  absl::StatusOr<std::unique_ptr<Channel>> channel =
      Channel::Open(**node, (*port)->addresses()[0].ToString());
  if (!channel.ok()) return Fail("channel", channel.status());
  const absl::StatusOr<Message> reply = (*channel)->Call(kGreet, Bytes("Ada")).Wait();
  if (!reply.ok()) return Fail("call", reply.status());
  if (reply->text() != "hello Ada")
    return Fail("answer", absl::InternalError(std::string(reply->text())));
  bool told = false;
  const absl::Status begun = (*channel)->CallAsync(kGreet, Bytes("Bob"), {},
                                                   [&told](Answer& answer) { told = answer.ok(); });
  if (!begun.ok()) return Fail("call", begun);
  (*node)->RunUntil([&told] { return told; });
  return 0;
}
