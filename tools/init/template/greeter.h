// The service: a function for each method of greet.fbs.
//
// Thread: the node's, one call at a time.
#ifndef GREET_GREETER_H_
#define GREET_GREETER_H_

#include <string>

#include "tools/init/template/greet_service.h"

class Greeter final : public greet::GreeterService {
  jackfield::Handling Greet(jackfield::CallOf<greet::Person, greet::Greeting> call) override {
    return call.Reply([&](flatbuffers::FlatBufferBuilder& fbb) {
      return greet::CreateGreeting(fbb, fbb.CreateString("hello " + call->name()->str()));
    });
  }
};

#endif  // GREET_GREETER_H_
