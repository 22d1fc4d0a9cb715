// The program of the semaphore service: semaphore --serve unix:@semaphore
#include "services/semaphore/semaphore.h"
#include "services/service.h"
#include "transports/builtin.h"

int main(int argc, char** argv) {
  jackfield::Registry registry;
  jackfield::AddBuiltinTransports(registry);
  return jackfield::ServiceMain(argc, argv, registry, jackfield::semaphore::RunSemaphore);
}
