// A small wiring as its supervisor tells of it, for the tests of what is made of that.
#ifndef JACKFIELD_TOOLS_RUNNING_WIRING_FOR_TESTS_H_
#define JACKFIELD_TOOLS_RUNNING_WIRING_FOR_TESTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "services/init/init_service.h"

namespace jackfield {

inline constexpr int64_t kSecondNs = 1'000'000'000;

struct ServiceFacts {
  std::string name;
  init::State state = init::State::Ready;
  int pid = 0;
  int64_t pause_ns = 0, oldest_ns = 0;
  std::string ending = {}, oldest = {};
  std::vector<std::string> waits_for = {};
  bool stopped = false, silent = false;
};
struct CallFacts {
  uint32_t calls = 0;
  std::string oldest;
  int64_t oldest_ns = 0;
  uint64_t sent = 0, in_doubt = 0;
};

inline flatbuffers::Offset<init::Service> BuildService(
    flatbuffers::FlatBufferBuilder& fbb, const ServiceFacts& facts,
    const std::vector<flatbuffers::Offset<init::Call>>& calls) {
  const auto some = [&fbb](const std::string& text) {
    return text.empty() ? flatbuffers::Offset<flatbuffers::String>() : fbb.CreateString(text);
  };
  const auto name = some(facts.name), ending = some(facts.ending), oldest = some(facts.oldest);
  const auto all_calls = fbb.CreateVector(calls);
  const auto waits_for = fbb.CreateVectorOfStrings(facts.waits_for);
  init::ServiceBuilder built(fbb);
  built.add_name(name);
  built.add_state(facts.state);
  built.add_pid(facts.pid);
  built.add_pause_ns(facts.pause_ns);
  built.add_ending(ending);
  built.add_calls(all_calls);
  built.add_waits_for(waits_for);
  built.add_stopped(facts.stopped);
  built.add_silent(facts.silent);
  built.add_oldest(oldest);
  built.add_oldest_ns(facts.oldest_ns);
  return built.Finish();
}

// A wiring of two services, one of which calls the other; `change` says what is special.
template <class Change>
flatbuffers::DetachedBuffer WiringOfTwo(Change change) {
  ServiceFacts server{.name = "stock"}, client{.name = "orders"};
  CallFacts call;
  change(server, client, call);
  flatbuffers::FlatBufferBuilder fbb;
  const auto role = fbb.CreateString("kv"), service = fbb.CreateString(server.name),
             address = fbb.CreateString("shm:x"), oldest = fbb.CreateString(call.oldest);
  init::CallBuilder built(fbb);
  built.add_role(role);
  built.add_service(service);
  built.add_address(address);
  built.add_open(true);
  built.add_calls(call.calls);
  built.add_oldest(oldest);
  built.add_oldest_ns(call.oldest_ns);
  built.add_sent(call.sent);
  built.add_in_doubt(call.in_doubt);
  const auto built_call = built.Finish();
  const std::vector<flatbuffers::Offset<init::Service>> services = {
      BuildService(fbb, server, {}), BuildService(fbb, client, {built_call})};
  const auto name = fbb.CreateString("shop");
  const auto all = fbb.CreateVector(services);
  fbb.Finish(init::CreateWiring(fbb, name, 0, 1, 2 * kSecondNs, all));
  return fbb.Release();
}

inline const init::Wiring& TableOf(const flatbuffers::DetachedBuffer& buffer) {
  return *flatbuffers::GetRoot<init::Wiring>(buffer.data());
}

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNNING_WIRING_FOR_TESTS_H_
