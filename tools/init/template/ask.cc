// A client of the service: ask --call greet=unix:@greet [-- NAME]
#include <cstdio>
#include <string>

#include "jackfield/service.h"
#include "jackfield/transports.h"
#include "tools/init/template/greet_service.h"
using namespace jackfield;

absl::Status Ask(Service& service) {
  const std::string name = service.args().empty() ? "Ada" : service.args()[0];
  absl::StatusOr<std::unique_ptr<Channel>> channel = service.Connect("greet");
  if (!channel.ok()) return channel.status();
  greet::GreeterClient greeter(**channel);
  auto person = [&](auto& fbb) { return greet::CreatePersonDirect(fbb, name.c_str()); };
  absl::StatusOr<MessageOf<greet::Greeting>> reply = greeter.Greet(person).Wait();
  if (!reply.ok()) return reply.status();
  std::puts((*reply)->text()->c_str());
  return absl::OkStatus();
}

int main(int argc, char** argv) {
  Registry registry;
  AddBuiltinTransports(registry);
  return ServiceMain(argc, argv, registry, Ask);
}
