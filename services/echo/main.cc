// The program of the echo service: echo --serve unix:@echo
#include "jackfield/service.h"
#include "jackfield/transports.h"
#include "services/echo/echo.h"

int main(int argc, char** argv) {
  jackfield::Registry registry;
  jackfield::AddBuiltinTransports(registry);
  return jackfield::ServiceMain(argc, argv, registry, jackfield::echo::RunEcho);
}
