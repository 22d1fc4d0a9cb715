// The program of the journal service: journal --serve unix:@journal -- --log DIRECTORY
#include "jackfield/service.h"
#include "jackfield/transports.h"
#include "services/journal/journal.h"

int main(int argc, char** argv) {
  jackfield::Registry registry;
  jackfield::AddBuiltinTransports(registry);
  return jackfield::ServiceMain(argc, argv, registry, jackfield::journal::RunJournal);
}
