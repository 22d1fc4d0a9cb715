// The program of the topics service: topics --serve unix:@topics
#include "jackfield/service.h"
#include "jackfield/transports.h"
#include "services/topics/topics.h"

int main(int argc, char** argv) {
  jackfield::Registry registry;
  jackfield::AddBuiltinTransports(registry);
  return jackfield::ServiceMain(argc, argv, registry, jackfield::topics::RunTopics);
}
