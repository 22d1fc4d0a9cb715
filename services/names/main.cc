// The program of the service of names: names --serve unix:@names
#include "jackfield/service.h"
#include "jackfield/transports.h"
#include "services/names/names.h"

int main(int argc, char** argv) {
  jackfield::Registry registry;
  jackfield::AddBuiltinTransports(registry);
  return jackfield::ServiceMain(argc, argv, registry, jackfield::names::RunNames);
}
