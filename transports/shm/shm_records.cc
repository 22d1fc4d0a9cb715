#include "transports/shm/shm_records.h"

#include <algorithm>
#include <cstring>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/shm/shm_settings.h"

namespace jackfield {
namespace {

absl::Status CheckStart(uint64_t magic, uint32_t version, uint32_t record_bytes,
                        uint32_t bytes_wanted) {
  if (magic != kShmMagic)
    return absl::InvalidArgumentError("what the other end says is not of Jackfield's shm:");
  if (version != kShmVersion) {
    return MakeStatus(Outcome::kRefused, Reason::kVersion,
                      Text("the other end speaks version ", version, " of shm:, this one version ",
                           kShmVersion, ": update the older program"));
  }
  if (record_bytes != bytes_wanted)
    return absl::InvalidArgumentError(
        Text("a record of ", record_bytes, " bytes where there should be ", bytes_wanted));
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckHello(const ShmHello& hello, size_t fds_received) {
  if (absl::Status status =
          CheckStart(hello.magic, hello.version, hello.record_bytes, sizeof hello);
      !status.ok())
    return status;
  const bool socket_bell = hello.bell == static_cast<uint32_t>(BellKind::kSocket);
  if (!socket_bell && hello.bell != static_cast<uint32_t>(BellKind::kEventFd))
    return absl::InvalidArgumentError(Text("hello: no bell of kind ", hello.bell));
  const size_t fds_wanted = socket_bell ? 1 : 3;
  if (hello.fd_count != fds_wanted || fds_received != fds_wanted) {
    return absl::InvalidArgumentError(Text("hello: ", fds_wanted,
                                           " descriptors should come with it, it says ",
                                           hello.fd_count, ", and ", fds_received, " came"));
  }
  if (hello.lane_bytes < ShmSettings::kLaneBytesMin ||
      hello.lane_bytes > ShmSettings::kLaneBytesMax || !std::has_single_bit(hello.lane_bytes))
    return absl::InvalidArgumentError(Text("hello: lanes of ", hello.lane_bytes, " bytes"));
  for (const uint32_t word : hello.reserved) {
    if (word != 0) return absl::InvalidArgumentError("hello: a reserved field is set");
  }
  return absl::OkStatus();
}

ShmWelcome RefusalOf(const absl::Status& why) {
  ShmWelcome refusal;
  const Reason reason = ReasonOf(why);
  refusal.reason = static_cast<uint32_t>(reason == Reason::kNone ? Reason::kCorrupt : reason);
  const auto text = why.message();
  refusal.text_bytes = static_cast<uint32_t>(std::min(text.size(), sizeof refusal.text));
  std::memcpy(refusal.text, text.data(), refusal.text_bytes);
  return refusal;
}

absl::Status StatusOf(const ShmWelcome& welcome) {
  if (absl::Status status =
          CheckStart(welcome.magic, welcome.version, welcome.record_bytes, sizeof welcome);
      !status.ok())
    return status;
  if (welcome.reason == 0) return absl::OkStatus();
  const std::string_view text(welcome.text, std::min<size_t>(welcome.text_bytes, 232));
  const auto reason =
      static_cast<Reason>(std::min(welcome.reason, static_cast<uint32_t>(Reason::kClosed)));
  return MakeStatus(Outcome::kRefused, reason, Text("refused by the server: ", Escaped(text)));
}

}  // namespace jackfield
