// The service and a client of it on one node: over the real bus, in one process.
#include "gtest/gtest.h"
#include "jackfield/node.h"
#include "jackfield/transports.h"
#include "tools/init/template/greeter.h"
using namespace jackfield;

TEST(GreeterTest, SaysHelloByName) {
  Registry registry;
  AddBuiltinTransports(registry);
  absl::StatusOr<std::unique_ptr<Node>> node =
      Node::Create({.name = "test", .registry = &registry});
  ASSERT_TRUE(node.ok()) << node.status();

  Greeter service;
  absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(**node, {"inproc:greet"});
  ASSERT_TRUE(port.ok()) << port.status();
  service.RegisterOn(**port);

  absl::StatusOr<std::unique_ptr<Channel>> channel = Channel::Open(**node, "inproc:greet");
  ASSERT_TRUE(channel.ok()) << channel.status();
  greet::GreeterClient client(**channel);
  auto ada = [](auto& fbb) { return greet::CreatePersonDirect(fbb, "Ada"); };
  absl::StatusOr<MessageOf<greet::Greeting>> reply = client.Greet(ada).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ((*reply)->text()->str(), "hello Ada");
}
