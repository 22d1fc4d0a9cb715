#include "transports/inproc/inproc.h"

#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <map>
#include <mutex>
#include <new>
#include <string>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/loop/loop.h"
#include "transports/engine/about.h"
#include "transports/engine/ring/ring_driver.h"

namespace jackfield {
namespace {

constexpr std::string_view kKeys[] = {"size"};
constexpr uint64_t kRingBytesDefault = 4
                                       << 20;  // of address space: memory is taken as it is touched
constexpr uint64_t kRingBytesMin = 64 << 10;
constexpr uint64_t kRingBytesMax = 1 << 30;

absl::StatusOr<uint64_t> RingBytes(const Address& address) {
  if (absl::Status status = address.CheckKeys(kKeys); !status.ok()) return status;
  const auto size = address.Find("size");
  if (!size) return kRingBytesDefault;
  absl::StatusOr<uint64_t> bytes = ParseBytes(*size);
  if (!bytes.ok()) return bytes;
  if (!std::has_single_bit(*bytes) || *bytes < kRingBytesMin || *bytes > kRingBytesMax) {
    return absl::InvalidArgumentError(About(address, "size is a power of two from 64KiB to 1GiB"));
  }
  return bytes;
}

Caps InprocCaps() {
  Caps caps;
  caps.send = caps.receive = caps.reply = caps.ordered = caps.reliable = caps.peer_loss = true;
  caps.credentials = caps.one_process = true;
  caps.frame_bytes_max = kFrameBytesMaxDefault;
  caps.depth_frames = Link::kDepthFrames;
  return caps;
}

// What both ends share, and what wakes them. Kept by the drivers, and by a bell that is on its way.
struct Pair : std::enable_shared_from_this<Pair> {
  // The bell of one end. Thread: rung by the other end's, answered on its own node's.
  struct Bell : Posted {
    std::shared_ptr<Pair> keep;  // while it is on its way
    std::atomic<bool> on_its_way{false};
    MailboxHandle mailbox;
    Link* link = nullptr;  // its own thread's; null before and after the link
  };

  ~Pair() {
    if (memory != MAP_FAILED) munmap(memory, 2 * ring_bytes);
  }
  RingLane lane(int number) {
    return {&writer_words[number], &reader_words[number],
            static_cast<std::byte*>(memory) + static_cast<uint64_t>(number) * ring_bytes};
  }

  void* memory = MAP_FAILED;
  uint64_t ring_bytes = 0;
  LaneWriterWords<> writer_words[2];  // of the lanes: [0] client → server
  LaneReaderWords<> reader_words[2];
  Bell bells[2];  // [0] the client's
};

class InprocBell final : public RingBell {
 public:
  InprocBell(std::shared_ptr<Pair> pair, int own) : pair_(std::move(pair)), own_(own) {}
  void Ring() override {
    Pair::Bell& bell = pair_->bells[1 - own_];
    if (bell.on_its_way.exchange(true, std::memory_order_acq_rel)) return;
    bell.keep = pair_;
    if (!bell.mailbox->Post(bell)) bell.keep.reset();  // that node is gone
  }
  bool PeerGone() override {
    return false;
  }  // an end that goes says so: a thread does not die alone
  Pair& pair() const { return *pair_; }

 private:
  const std::shared_ptr<Pair> pair_;
  const int own_;
};

void AnswerBell(Posted& posted) {
  auto& bell = static_cast<Pair::Bell&>(posted);
  const std::shared_ptr<Pair> keep = std::move(bell.keep);
  bell.on_its_way.store(false, std::memory_order_release);
  if (bell.link != nullptr) bell.link->Wake();
}

// Tells the bell which link it wakes: a RingDriver with the one thing that is inproc's own.
class InprocDriver final : public LinkDriver {
 public:
  InprocDriver(const std::shared_ptr<Pair>& pair, int own)
      : pair_(pair),
        own_(own),
        ring_(pair->lane(own), pair->lane(1 - own), pair->ring_bytes,
              std::make_unique<InprocBell>(pair, own)) {}
  ~InprocDriver() override { pair_->bells[own_].link = nullptr; }
  void Pump(Link& link) override {
    pair_->bells[own_].link = &link;
    ring_.Pump(link);
  }
  void Close(Link& link) override { ring_.Close(link); }

 private:
  const std::shared_ptr<Pair> pair_;
  const int own_;
  RingDriver ring_;
};

LinkTraits Traits(const Pair& pair, std::string description) {
  LinkTraits traits;
  traits.caps = InprocCaps();
  traits.peer = {true, geteuid(), getegid(), getpid()};
  traits.description = std::move(description);
  traits.provides_tx = true;
  return traits;
}

// A server, as its clients see it. Its sink is touched on its own node's thread only.
struct Listener {
  MailboxHandle mailbox;
  LinkSink* sink = nullptr;
  std::string description;
};

using Names = std::map<std::string, std::shared_ptr<Listener>, std::less<>>;

struct Directory {
  std::mutex mutex;
  Names names;             // guarded by mutex
  uint64_t next_name = 1;  // guarded by mutex
};

class ServerOpening final : public Opening {
 public:
  ServerOpening(Directory& directory, std::string name, std::shared_ptr<Listener> listener,
                Loop& loop, Address actual)
      : directory_(directory),
        name_(std::move(name)),
        listener_(std::move(listener)),
        loop_(loop),
        actual_(std::move(actual)),
        timer_(
            [](Timer& timer) {
              auto* self = static_cast<ServerOpening*>(timer.user);
              self->listener_->sink->OnServing(self->actual_);
            },
            this) {
    loop_.timers().Arm(timer_, 0);
  }
  ~ServerOpening() override {
    loop_.timers().Cancel(timer_);
    listener_->sink = nullptr;
    const std::lock_guard lock(directory_.mutex);
    directory_.names.erase(name_);
  }

 private:
  Directory& directory_;
  const std::string name_;
  const std::shared_ptr<Listener> listener_;
  Loop& loop_;
  const Address actual_;
  Timer timer_;
};

class ClientOpening final : public Opening {
 public:
  ClientOpening(Loop& loop, LinkSink& sink, std::shared_ptr<Pair> pair, absl::Status failure,
                std::string description)
      : loop_(loop),
        sink_(sink),
        pair_(std::move(pair)),
        failure_(std::move(failure)),
        description_(std::move(description)),
        timer_([](Timer& timer) { static_cast<ClientOpening*>(timer.user)->Finish(); }, this) {
    loop_.timers().Arm(timer_, 0);
  }
  ~ClientOpening() override { loop_.timers().Cancel(timer_); }

 private:
  void Finish() {
    if (!failure_.ok()) return sink_.OnOpenFailed(failure_);
    LinkTraits traits = Traits(*pair_, description_);
    sink_.OnLink(std::make_unique<InprocDriver>(pair_, 0), std::move(traits));
  }
  Loop& loop_;
  LinkSink& sink_;
  const std::shared_ptr<Pair> pair_;
  const absl::Status failure_;
  const std::string description_;
  Timer timer_;
};

class InprocTransport final : public Transport {
 public:
  std::string_view scheme() const override { return "inproc"; }

  absl::StatusOr<Caps> Describe(const Address& address, Role role) const override {
    absl::StatusOr<uint64_t> bytes = RingBytes(address);
    if (!bytes.ok()) return bytes.status();
    if (address.bare() && role == Role::kConnect)
      return absl::InvalidArgumentError("inproc: a client needs to know the name: inproc:NAME");
    return InprocCaps();
  }

  absl::StatusOr<std::unique_ptr<Opening>> Open(const Address& address, Role role, Loop& loop,
                                                LinkSink& sink) const override {
    absl::StatusOr<uint64_t> bytes = RingBytes(address);
    if (!bytes.ok()) return bytes.status();
    return role == Role::kServe ? Serve(address, loop, sink) : Connect(address, *bytes, loop, sink);
  }

 private:
  absl::StatusOr<std::unique_ptr<Opening>> Serve(const Address& address, Loop& loop,
                                                 LinkSink& sink) const {
    auto listener = std::make_shared<Listener>();
    listener->mailbox = loop.handle();
    listener->sink = &sink;
    std::string name = address.target();
    {
      const std::lock_guard lock(directory_.mutex);
      if (name.empty()) name = Text("n", directory_.next_name++);
      if (!directory_.names.emplace(name, listener).second) {
        return absl::AlreadyExistsError(
            Text("inproc:", name, ": another port of this process serves there"));
      }
    }
    Address actual = address.WithTarget(name);
    listener->description = actual.ToString();
    return std::make_unique<ServerOpening>(directory_, std::move(name), std::move(listener), loop,
                                           std::move(actual));
  }

  absl::StatusOr<std::unique_ptr<Opening>> Connect(const Address& address, uint64_t ring_bytes,
                                                   Loop& loop, LinkSink& sink) const {
    std::shared_ptr<Listener> listener;
    {
      const std::lock_guard lock(directory_.mutex);
      const auto found = directory_.names.find(address.target());
      if (found != directory_.names.end()) listener = found->second;
    }
    const auto unavailable = [&] {
      return MakeStatus(
          Outcome::kRefused, Reason::kUnreachable,
          Text("connect ", About(address), "nobody in this process serves that name"));
    };
    if (listener == nullptr)
      return std::make_unique<ClientOpening>(loop, sink, nullptr, unavailable(), "");
    auto pair = std::make_shared<Pair>();
    pair->ring_bytes = ring_bytes;
    pair->memory = mmap(nullptr, 2 * ring_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pair->memory == MAP_FAILED)
      return SysError(errno, Text("mmap of two rings of ", FormatBytes(ring_bytes)));
    pair->bells[0].mailbox = loop.handle();
    pair->bells[1].mailbox = listener->mailbox;
    pair->bells[0].run = pair->bells[1].run = AnswerBell;
    const bool posted = listener->mailbox.Run([listener, pair] {
      if (listener->sink == nullptr) {
        pair->writer_words[1].closed.store(1, std::memory_order_release);
        InprocBell(pair, 1).Ring();
        return;
      }
      LinkTraits traits = Traits(*pair, listener->description);
      listener->sink->OnLink(std::make_unique<InprocDriver>(pair, 1), std::move(traits));
    });
    if (!posted) return std::make_unique<ClientOpening>(loop, sink, nullptr, unavailable(), "");
    return std::make_unique<ClientOpening>(loop, sink, std::move(pair), absl::OkStatus(),
                                           address.ToString());
  }

  mutable Directory directory_;
};

}  // namespace

std::unique_ptr<Transport> MakeInprocTransport() { return std::make_unique<InprocTransport>(); }

}  // namespace jackfield
