#include "transports/file/file.h"

#include <atomic>
#include <functional>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/loop/loop.h"
#include "transports/engine/about.h"
#include "transports/engine/one_link_opening.h"
#include "transports/engine/own_file.h"
#include "transports/engine/place_record.h"
#include "transports/engine/records/append_driver.h"
#include "transports/engine/records/record_driver.h"
#include "transports/engine/transport_of.h"
#include "transports/file/recording_reader.h"
#include "transports/file/recording_target.h"

namespace jackfield {
namespace {

constexpr std::string_view kKeys[] = {"from", "ack"};

struct Settings {
  RecordingReader::From from = RecordingReader::From::kStart;
  Ack ack = Ack::kWritten;
};

absl::StatusOr<Settings> Read(const Address& address, Role role) {
  if (absl::Status status = address.CheckKeys(kKeys); !status.ok()) return status;
  const auto bad = [&](std::string_view why) {
    return absl::InvalidArgumentError(About(address, why));
  };
  if (address.bare() && role == Role::kConnect)
    return bad("a channel needs to know which file: file:/directory/name");
  if (!address.bare() && address.target()[0] != '/')
    return bad("a recording is named by its whole path: file:/directory/name");
  const auto from = address.Find("from");
  if (from && *from != "start" && *from != "end") return bad("from is start or end");
  Settings settings;
  if (from && *from == "end") settings.from = RecordingReader::From::kEnd;
  if (const auto ack = address.Find("ack"); ack && !ParseAck(*ack, settings.ack))
    return bad("ack is synced or written");
  return settings;
}

Caps CapsOf(Role role) {
  Caps caps;
  (role == Role::kConnect ? caps.send : caps.receive) = true;
  caps.ordered = caps.reliable = caps.durable = caps.fan_out = true;
  caps.frame_bytes_max = kFrameBytesMaxDefault;
  caps.depth_frames = Link::kDepthFrames;
  return caps;
}

LinkTraits TraitsOf(const Address& address, Role role) {
  LinkTraits traits;
  traits.caps = CapsOf(role);
  traits.description = address.ToString();
  return traits;
}

class FileTransport final : public TransportOf<Settings, Read, CapsOf> {
 public:
  std::string_view scheme() const override { return "file"; }

  absl::StatusOr<std::unique_ptr<Opening>> Start(Settings& settings, const Address& address,
                                                 Role role, Loop& loop,
                                                 LinkSink& sink) const override {
    if (role == Role::kConnect) return Connect(address, settings.ack, loop, sink);
    if (!address.bare()) return Serve(address, settings.from, loop, sink, [] {});
    return ServeAnywhere(address, settings.from, loop, sink);
  }

 private:
  static absl::StatusOr<std::unique_ptr<Opening>> Connect(const Address& address, Ack ack,
                                                          Loop& loop, LinkSink& sink) {
    absl::StatusOr<Recording> recording =
        Recording::Open(address.target(), Recording::Access::kAppend);
    if (!recording.ok()) return recording.status();
    if (ack == Ack::kSynced) {
      if (absl::Status status = recording->SyncBeginning(); !status.ok()) return status;
    }
    std::function<void()> after = [record =
                                       MakePlaceRecord("file", recording->fd(), address.target())] {
      RemovePlaceRecord(record);
    };
    absl::StatusOr<std::unique_ptr<LinkDriver>> driver =
        MakeAppendDriver(loop, std::make_unique<RecordingTarget>(loop.sys(), *std::move(recording)),
                         ack, std::move(after));
    if (!driver.ok()) return driver.status();
    return MakeOneLinkOpening(loop, sink, address, Role::kConnect, *std::move(driver),
                              TraitsOf(address, Role::kConnect));
  }

  static absl::StatusOr<std::unique_ptr<Opening>> Serve(const Address& address,
                                                        RecordingReader::From from, Loop& loop,
                                                        LinkSink& sink,
                                                        std::function<void()> after) {
    absl::StatusOr<std::unique_ptr<RecordingReader>> reader =
        RecordingReader::Open(loop.sys(), address.target(), from);
    if (!reader.ok()) return reader.status();
    absl::StatusOr<OwnedFd> watch = (*reader)->Watch();
    if (!watch.ok()) return watch.status();
    return MakeOneLinkOpening(
        loop, sink, address, Role::kServe,
        std::make_unique<RecordDriver>(loop, *std::move(reader), *std::move(watch)),
        TraitsOf(address, Role::kServe), std::move(after));
  }

  // A recording without a name of its own: it goes with its server.
  absl::StatusOr<std::unique_ptr<Opening>> ServeAnywhere(const Address& address,
                                                         RecordingReader::From from, Loop& loop,
                                                         LinkSink& sink) const {
    return ServeOwnFile("file", next_, [&](const std::string& path) {
      return Serve(address.WithTarget(path), from, loop, sink,
                   [path] { RemoveOwnFile("file", path); });
    });
  }

  mutable std::atomic<uint32_t> next_{1};
};

}  // namespace

std::unique_ptr<Transport> MakeFileTransport() { return std::make_unique<FileTransport>(); }

}  // namespace jackfield
