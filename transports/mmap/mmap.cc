#include "transports/mmap/mmap.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/loop/loop.h"
#include "transports/engine/about.h"
#include "transports/engine/one_link_opening.h"
#include "transports/engine/own_file.h"
#include "transports/engine/place_record.h"
#include "transports/engine/records/append_driver.h"
#include "transports/engine/records/record_driver.h"
#include "transports/engine/transport_of.h"
#include "transports/mmap/log_reader.h"
#include "transports/mmap/log_target.h"

namespace jackfield {
namespace {

constexpr std::string_view kKeys[] = {"ack", "reader", "from", "segment", "mode", "size"};
constexpr uint64_t kRingBytesDefault = 32 << 20;
constexpr uint64_t kRingBytesMin = 2 * kSegmentBytesMin, kRingBytesMax = uint64_t{4} << 30;
constexpr uint64_t kRingParts = 8;  // segments, if they can be so small

struct Settings {
  Ack ack = Ack::kSynced;
  LogReaderOptions reader{.name = "default"};
  LogOptions log;
};

absl::StatusOr<Settings> Read(const Address& address, Role role) {
  if (absl::Status status = address.CheckKeys(kKeys); !status.ok()) return status;
  const auto bad = [&](std::string_view why) {
    return absl::InvalidArgumentError(About(address, why));
  };
  Settings settings;
  if (address.bare() && role == Role::kConnect)
    return bad("a channel needs to know which log: mmap:/directory/name");
  if (!address.bare() && address.target()[0] != '/')
    return bad("a log is named by its whole path: mmap:/directory/name");
  if (const auto ack = address.Find("ack")) {
    if (!ParseAck(*ack, settings.ack)) return bad("ack is synced or written");
  }
  if (const auto from = address.Find("from")) {
    if (*from != "start" && *from != "end") return bad("from is start or end");
    if (*from == "end") settings.reader.from = LogReaderOptions::From::kEnd;
  }
  if (const auto reader = address.Find("reader")) {
    settings.reader.name = *reader;
    if (!IsReaderName(*reader) || reader->empty())
      return bad("a reader's name is 1 to 64 letters, digits, '-', '_' and '.'");
  }
  if (const auto segment = address.Find("segment")) {
    const absl::StatusOr<uint64_t> bytes = ParseBytes(*segment);
    if (!bytes.ok()) return bad(std::string(bytes.status().message()));
    settings.log.segment_bytes = *bytes;
    if (*bytes < kSegmentBytesMin || *bytes > kSegmentBytesMax || *bytes % kSegmentBytesMin != 0)
      return bad("segment is a multiple of 64KiB, at most 4GiB");
  }
  if (const auto mode = address.Find("mode"); mode && *mode != "ring" && *mode != "log")
    return bad("mode is log or ring");
  const bool ring = address.Find("mode") == "ring";
  if (!ring && address.Find("size")) return bad("size is of a ring: ?mode=ring&size=");
  if (!ring) return settings;
  if (address.Find("segment")) return bad("a ring has a size, and divides that itself");
  uint64_t ring_bytes = kRingBytesDefault;
  if (const auto size = address.Find("size")) {
    const absl::StatusOr<uint64_t> bytes = ParseBytes(*size);
    if (!bytes.ok()) return bad(std::string(bytes.status().message()));
    ring_bytes = *bytes;
  }
  if (ring_bytes < kRingBytesMin || ring_bytes > kRingBytesMax ||
      ring_bytes % kSegmentBytesMin != 0)
    return bad("size is a multiple of 64KiB, 128KiB to 4GiB");
  settings.log.segment_bytes =
      std::max(kSegmentBytesMin, ring_bytes / kRingParts / kSegmentBytesMin * kSegmentBytesMin);
  settings.log.ring_segments = static_cast<uint32_t>(ring_bytes / settings.log.segment_bytes);
  return settings;
}

Caps CapsOf(const Settings& settings, Role role) {
  Caps caps;
  (role == Role::kConnect ? caps.send : caps.receive) = true;
  caps.ordered = caps.durable = caps.fan_out = true;
  caps.reliable = settings.log.ring_segments == 0;  // a slow reader misses what was written over
  caps.frame_bytes_max = static_cast<uint32_t>(
      std::min<uint64_t>(kFrameBytesMaxDefault, settings.log.segment_bytes - sizeof(RecordHeader)));
  caps.depth_frames = Link::kDepthFrames;
  return caps;
}

LinkTraits TraitsOf(const Address& address, const LogFile& file, const Settings& settings,
                    Role role) {
  LinkTraits traits;
  traits.caps = CapsOf(settings, role);
  // A log that was there is what it is, and keeps its own segment size.
  traits.caps.reliable = file.ring_segments() == 0;
  traits.caps.frame_bytes_max =
      static_cast<uint32_t>(std::min<uint64_t>(kFrameBytesMaxDefault, file.payload_bytes_max()));
  traits.description = address.ToString();
  return traits;
}

class MmapTransport final : public TransportOf<Settings, Read, CapsOf> {
 public:
  std::string_view scheme() const override { return "mmap"; }

  absl::StatusOr<std::unique_ptr<Opening>> Start(Settings& settings, const Address& address,
                                                 Role role, Loop& loop,
                                                 LinkSink& sink) const override {
    if (role == Role::kConnect) return Connect(address, settings, loop, sink);
    if (!address.bare()) return Serve(address, settings, loop, sink, [] {});
    return ServeAnywhere(address, settings, loop, sink);
  }

 private:
  static absl::StatusOr<std::unique_ptr<Opening>> Connect(const Address& address,
                                                          const Settings& settings, Loop& loop,
                                                          LinkSink& sink) {
    absl::StatusOr<std::unique_ptr<LogWriter>> log =
        LogWriter::Open(address.target(), settings.log);
    if (!log.ok()) return log.status();
    LinkTraits traits = TraitsOf(address, (*log)->file(), settings, Role::kConnect);
    std::function<void()> after = [record =
                                       MakePlaceRecord("mmap", (*log)->fd(), address.target())] {
      RemovePlaceRecord(record);
    };
    absl::StatusOr<std::unique_ptr<LinkDriver>> driver = MakeAppendDriver(
        loop, std::make_unique<LogTarget>(*std::move(log)), settings.ack, std::move(after));
    if (!driver.ok()) return driver.status();
    return MakeOneLinkOpening(loop, sink, address, Role::kConnect, *std::move(driver),
                              std::move(traits), [] {});
  }

  static absl::StatusOr<std::unique_ptr<Opening>> Serve(const Address& address,
                                                        const Settings& settings, Loop& loop,
                                                        LinkSink& sink,
                                                        std::function<void()> after) {
    absl::StatusOr<std::unique_ptr<LogReader>> reader =
        LogReader::Open(address.target(), settings.reader);
    if (absl::IsUnavailable(reader.status())) {
      // No writer has made it yet. One that is about to holds its lock; then it will.
      const absl::StatusOr<LogFile> made =
          LogFile::Open(address.target(), LogFile::Access::kWrite, settings.log.segment_bytes,
                        settings.log.ring_segments);
      if (!made.ok() && !absl::IsAlreadyExists(made.status())) return made.status();
      reader = LogReader::Open(address.target(), settings.reader);
    }
    if (!reader.ok()) return reader.status();
    const absl::StatusOr<int> wake = (*reader)->WakeFd();
    if (!wake.ok()) return wake.status();
    OwnedFd wake_fd(fcntl(*wake, F_DUPFD_CLOEXEC, 0));
    if (!wake_fd.ok()) return SysError(errno, Text("watch ", address.ToString()));
    LinkTraits traits = TraitsOf(address, (*reader)->file(), settings, Role::kServe);
    auto driver = std::make_unique<RecordDriver>(loop, *std::move(reader), std::move(wake_fd));
    return MakeOneLinkOpening(loop, sink, address, Role::kServe, std::move(driver),
                              std::move(traits), std::move(after));
  }

  // A log without a name of its own: it goes with its server.
  absl::StatusOr<std::unique_ptr<Opening>> ServeAnywhere(const Address& address,
                                                         const Settings& settings, Loop& loop,
                                                         LinkSink& sink) const {
    return ServeOwnFile("log", next_, [&](const std::string& path) {
      const auto remove = [path, cursor = Text(path, ".reader-", settings.reader.name)] {
        unlink(cursor.c_str());
        RemoveOwnFile("mmap", path);
      };
      auto opening = Serve(address.WithTarget(path), settings, loop, sink, remove);
      if (!opening.ok()) remove();
      return opening;
    });
  }

  mutable std::atomic<uint32_t> next_{1};
};

}  // namespace

std::unique_ptr<Transport> MakeMmapTransport() { return std::make_unique<MmapTransport>(); }

}  // namespace jackfield
