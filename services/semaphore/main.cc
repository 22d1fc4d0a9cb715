// The program of the semaphore service: semaphore --serve unix:@semaphore
#include "jackfield/service.h"
#include "jackfield/transports.h"
#include "services/semaphore/semaphore.h"

int main(int argc, char** argv) {
  jackfield::Registry registry;
  jackfield::AddBuiltinTransports(registry);
  return jackfield::ServiceMain(argc, argv, registry, jackfield::semaphore::RunSemaphore);
}
