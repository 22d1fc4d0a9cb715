// The echo service: says back what it is told. It is the example of a service: each kind of method
// once, and a plain handler beside coroutines.
//
// Thread: the node's.
#ifndef JACKFIELD_SERVICES_ECHO_ECHO_H_
#define JACKFIELD_SERVICES_ECHO_ECHO_H_

#include <cstdint>

#include "jackfield/service.h"
#include "services/echo/echo_service.h"

namespace jackfield::echo {

class Echo final : public EchoService {
 public:
  static constexpr uint32_t kRepeatsMax = 1'000'000;  // of one Repeat
  static constexpr size_t kJoinedBytesMax = 1 << 20;  // of one Join

  Handling Say(CallOf<SayRequest, SayReply> call) override;
  Handling Hear(OneWayOf<SayRequest> call) override;
  Handling Repeat(ServerStreamOf<RepeatRequest, SayReply> call) override;
  Handling Join(ClientStreamOf<SayRequest, Joined> call) override;
  Handling Chat(BothStreamsOf<SayRequest, SayReply> call) override;

  uint64_t heard() const { return heard_; }  // one-way messages so far

 private:
  uint64_t heard_ = 0;
};

// Serves it until it is asked to stop: the service "echo" of a wiring. Thread: its service's.
absl::Status RunEcho(Service& service);

}  // namespace jackfield::echo

#endif  // JACKFIELD_SERVICES_ECHO_ECHO_H_
