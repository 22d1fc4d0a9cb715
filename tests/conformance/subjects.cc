#include "tests/conformance/subjects.h"

#include "transports/builtin.h"

namespace jackfield::conformance {
namespace {

constexpr Subject kSubjects[] = {
    {"inproc", "inproc:"},
    {"unix_stream", "unix:"},
    {"unix_seqpacket", "unix:?type=seqpacket"},
    {"pipe", "pipe:"},
    {"tcp4", "tcp://127.0.0.1:0"},
    {"tcp6", "tcp://[::1]:0"},
};

}  // namespace

std::span<const Subject> Subjects() { return kSubjects; }

bool MeetsByAddress(const Subject& subject) {
  const absl::StatusOr<Address> address = TestRegistry().Parse(subject.serve);
  if (!address.ok()) return false;
  const absl::StatusOr<Caps> caps = TestRegistry().Describe(*address, Role::kServe);
  return caps.ok() && !caps->inherited;
}

const Registry& TestRegistry() {
  static const Registry* const registry = [] {
    auto* built = new Registry;
    AddBuiltinTransports(*built);
    return built;
  }();
  return *registry;
}

}  // namespace jackfield::conformance
