// What nearly every transport does first: it reads its settings out of the address, and says what is
// wrong with them. What it can do depends on those, and so does how it opens.
//
//   absl::StatusOr<MqSettings> Read(const Address& address, Role role);   // INVALID_ARGUMENT
//   Caps CapsOf(const MqSettings& settings);
//   class MqTransport final : public TransportOf<MqSettings, Read, CapsOf> { …Start… };
//
// Read takes the role where it matters; CapsOf the settings, the role, both or neither.
//
// Thread: as Transport.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_TRANSPORT_OF_H_
#define JACKFIELD_TRANSPORTS_ENGINE_TRANSPORT_OF_H_

#include <memory>
#include <type_traits>

#include "kernel/transport.h"

namespace jackfield {

template <class Settings, auto Read, auto CapsOf>
class TransportOf : public Transport {
 public:
  absl::StatusOr<Caps> Describe(const Address& address, Role role) const final {
    const absl::StatusOr<Settings> settings = ReadFrom(address, role);
    if (!settings.ok()) return settings.status();
    if constexpr (std::is_invocable_v<decltype(CapsOf), const Settings&, Role>)
      return CapsOf(*settings, role);
    else if constexpr (std::is_invocable_v<decltype(CapsOf), const Settings&>)
      return CapsOf(*settings);
    else if constexpr (std::is_invocable_v<decltype(CapsOf), Role>)
      return CapsOf(role);
    else
      return CapsOf();
  }

  absl::StatusOr<std::unique_ptr<Opening>> Open(const Address& address, Role role, Loop& loop,
                                                LinkSink& sink) const final {
    absl::StatusOr<Settings> settings = ReadFrom(address, role);
    if (!settings.ok()) return settings.status();
    return Start(*settings, address, role, loop, sink);
  }

 private:
  static absl::StatusOr<Settings> ReadFrom(const Address& address, Role role) {
    if constexpr (std::is_invocable_v<decltype(Read), const Address&, Role>)
      return Read(address, role);
    else
      return Read(address);
  }

  // Open, with what the address says.
  virtual absl::StatusOr<std::unique_ptr<Opening>> Start(Settings& settings, const Address& address,
                                                         Role role, Loop& loop,
                                                         LinkSink& sink) const = 0;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_TRANSPORT_OF_H_
