#include "transports/fifo/fifo.h"

#include <unistd.h>

#include <atomic>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/loop/loop.h"
#include "transports/engine/about.h"
#include "transports/engine/place_record.h"
#include "transports/engine/private_directory.h"
#include "transports/engine/stream/pipe_fds.h"
#include "transports/engine/stream/stream_driver.h"
#include "transports/fifo/meeting.h"

namespace jackfield {
namespace {

constexpr int kTriesMax = 16;
constexpr size_t kNameBytesMax = 255;  // NAME_MAX of every common file system

absl::Status Check(const Address& address, Role role) {
  if (absl::Status status = address.CheckKeys({}); !status.ok()) return status;
  const auto bad = [&](std::string_view why) {
    return absl::InvalidArgumentError(About(address, why));
  };
  const std::string& path = address.target();
  if (path.empty()) {
    return role == Role::kServe ? absl::OkStatus()
                                : bad("a client needs to know where: fifo:/directory/name");
  }
  if (path[0] != '/') return bad("a FIFO is named by its whole path: fifo:/directory/name");
  const std::string name = path.substr(path.rfind('/') + 1);
  if (name.empty() || name == "." || name == "..") return bad("the path ends without a name");
  if (name.size() > kNameBytesMax) return bad(Text("a name has at most ", kNameBytesMax, " bytes"));
  return absl::OkStatus();
}

Caps FifoCaps() {
  Caps caps;
  caps.send = caps.receive = caps.reply = caps.ordered = caps.reliable = caps.peer_loss = true;
  caps.frame_bytes_max = kFrameBytesMaxDefault;
  caps.depth_frames = Link::kDepthFrames;
  return caps;
}

FifoHandOver MakeHandOver(Loop& loop, std::string description) {
  return [&loop, description = std::move(description)](FifoPair pair, LinkSink& sink) {
    PreparePipeForWriting(pair.write.get());
    LinkTraits traits;
    traits.caps = FifoCaps();
    traits.description = description;
    const StreamEnds ends{.read_fd = pair.read.Release(),
                          .write_fd = pair.write.Release(),
                          .frame_bytes_max = kFrameBytesMaxDefault};
    sink.OnLink(std::make_unique<StreamDriver>(loop, ends), std::move(traits));
  };
}

class FifoTransport final : public Transport {
 public:
  std::string_view scheme() const override { return "fifo"; }

  absl::StatusOr<Caps> Describe(const Address& address, Role role) const override {
    if (absl::Status status = Check(address, role); !status.ok()) return status;
    return FifoCaps();
  }

  absl::StatusOr<std::unique_ptr<Opening>> Open(const Address& address, Role role, Loop& loop,
                                                LinkSink& sink) const override {
    if (absl::Status status = Check(address, role); !status.ok()) return status;
    if (address.bare()) return ServeAnywhere(address, loop, sink);
    if (role == Role::kServe) MakeRuntimeDirectoryFor(address.target());
    absl::StatusOr<FifoPlace> place = OpenFifoPlace(address.target(), address.ToString());
    if (!place.ok()) return place.status();
    if (role == Role::kServe) return Serve(address, loop, sink, *std::move(place), Where::kGiven);
    return MakeFifoClient(loop, sink, *std::move(place), MakeHandOver(loop, address.ToString()));
  }

 private:
  enum class Where { kGiven, kChosen };

  static absl::StatusOr<std::unique_ptr<Opening>> Serve(const Address& actual, Loop& loop,
                                                        LinkSink& sink, FifoPlace place,
                                                        Where where) {
    absl::StatusOr<OwnedFd> fifo = OwnFifo(place);
    if (!fifo.ok()) return fifo.status();
    std::function<void()> after = RemoveRuntimeDirectoryIfEmpty;
    if (where == Where::kGiven) {
      after = [record = MakePlaceRecord("fifo", fifo->get(), actual.target())] {
        RemovePlaceRecord(record);
      };
    }
    return MakeFifoServer(loop, sink, std::move(place), *std::move(fifo), actual,
                          MakeHandOver(loop, actual.ToString()), std::move(after));
  }

  // In the runtime directory, which another program may remove in the same moment: its last name
  // went.
  absl::StatusOr<std::unique_ptr<Opening>> ServeAnywhere(const Address& address, Loop& loop,
                                                         LinkSink& sink) const {
    absl::Status last;
    for (int tries = 0; tries < kTriesMax; ++tries) {
      absl::StatusOr<OwnedFd> directory = MakeRuntimeDirectory();
      if (!directory.ok()) {
        last = directory.status();
        if (!absl::IsUnavailable(last)) return last;
        continue;
      }
      SweepDeadFifos(directory->get(), kChosenPrefix);
      const std::string name = Text(kChosenPrefix, getpid(), "-", next_.fetch_add(1));
      const Address actual = address.WithTarget(Text(RuntimeDirectory(), "/", name));
      FifoPlace place{*std::move(directory), name, actual.ToString()};
      absl::StatusOr<std::unique_ptr<Opening>> opening =
          Serve(actual, loop, sink, std::move(place), Where::kChosen);
      if (opening.ok()) return opening;
      last = opening.status();
      if (!absl::IsUnavailable(last) && !absl::IsAlreadyExists(last)) break;
    }
    RemoveRuntimeDirectoryIfEmpty();
    return last;
  }

  // So that two servers of one process have two names. Publishes nothing.
  mutable std::atomic<uint32_t> next_{1};
};

}  // namespace

std::unique_ptr<Transport> MakeFifoTransport() { return std::make_unique<FifoTransport>(); }

}  // namespace jackfield
