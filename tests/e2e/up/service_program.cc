// The test service `count` as a program of its own, for run = "./…".
#include "kernel/registry.h"
#include "tests/e2e/up/test_services.h"
#include "transports/builtin.h"

int main(int argc, char** argv) {
  jackfield::Registry registry;
  jackfield::AddBuiltinTransports(registry);
  return jackfield::ServiceMain(argc, argv, registry, jackfield::CountService);
}
