// The program of the service: greet --serve unix:@greet
#include "jackfield/service.h"
#include "jackfield/transports.h"
#include "tools/init/template/greeter.h"
using namespace jackfield;

absl::Status Serve(Service& service) {
  Greeter greeter;
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve();
  if (!port.ok()) return port.status();
  greeter.RegisterOn(**port);
  return service.Run();
}

int main(int argc, char** argv) {
  Registry registry;
  AddBuiltinTransports(registry);
  return ServiceMain(argc, argv, registry, Serve);
}
