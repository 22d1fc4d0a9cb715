// The program of the echo service: echo --serve unix:@echo
#include "jackfield/service.h"
#include "jackfield/transports.h"
#include "services/echo/echo.h"

namespace {

absl::Status ServeEcho(jackfield::Service& service) {
  jackfield::echo::Echo echo;
  absl::StatusOr<std::unique_ptr<jackfield::Port>> port = service.Serve();
  if (!port.ok()) return port.status();
  echo.RegisterOn(**port);
  return service.Run();
}

}  // namespace

int main(int argc, char** argv) {
  jackfield::Registry registry;
  jackfield::AddBuiltinTransports(registry);
  return jackfield::ServiceMain(argc, argv, registry, ServeEcho);
}
