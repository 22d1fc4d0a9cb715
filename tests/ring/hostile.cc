#include "tests/ring/hostile.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <random>
#include <thread>

#include "transports/engine/ring/lane.h"

namespace jackfield::ring_model {
namespace {

constexpr uint64_t kCapacity = 4096;
constexpr uint32_t kFrameBytesMax = kCapacity / 2;
constexpr uint64_t kGuardBytes = 64 << 10;
// After so many records a lane that still lives is ended: the victim is to meet many beginnings.
constexpr uint32_t kRecordsPerLane = 500;

struct Words {
  LaneWriterWords<> writer;
  LaneReaderWords<> reader;
};

// [guard][words, one page][guard][data][guard]
class SharedMemory {
 public:
  SharedMemory() {
    const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    bytes_ = 3 * kGuardBytes + page + kCapacity;
    memory_ = static_cast<std::byte*>(
        mmap(nullptr, bytes_, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    std::byte* const words_at = memory_ + kGuardBytes;
    mprotect(words_at, page, PROT_READ | PROT_WRITE);
    data_ = words_at + page + kGuardBytes;
    mprotect(data_, kCapacity, PROT_READ | PROT_WRITE);
    words_ = new (words_at) Words;
  }
  ~SharedMemory() { munmap(memory_, bytes_); }
  SharedMemory(const SharedMemory&) = delete;

  Words& words() { return *words_; }
  std::byte* data() { return data_; }

 private:
  uint64_t bytes_ = 0;
  std::byte* memory_ = nullptr;
  std::byte* data_ = nullptr;
  Words* words_ = nullptr;
};

uint64_t Load(const std::byte* at) {
  return __atomic_load_n(reinterpret_cast<const StdAtomics::Word*>(at), __ATOMIC_RELAXED);
}
void Store(std::byte* at, uint64_t value) {
  __atomic_store_n(reinterpret_cast<StdAtomics::Word*>(at), value, __ATOMIC_RELAXED);
}

// A true record: its length, then words that follow from the length.
uint64_t TrueWord(uint32_t bytes, uint32_t index) {
  return index == 0 ? uint64_t{bytes} << 32 | 0x4a : (uint64_t{bytes} << 32 | index) * 0x9e3779b1;
}

// The two parties take turns by lane; within a lane they run at once.
struct Arena {
  SharedMemory memory;
  std::atomic<uint64_t> lane{0};      // made by the attacker
  std::atomic<uint64_t> finished{0};  // lanes, by the victim
  std::atomic<bool> stop{false};
};

class Attacker {
 public:
  Attacker(Arena& arena, uint64_t seed) : arena_(arena), random_(seed) {}

  // `play` is the honest part of a step.
  template <class Play>
  uint64_t Run(uint64_t mutations_max, const Play& play) {
    uint64_t mutations = 0;
    while (mutations < mutations_max) {
      Begin();
      BehaveAtFirst(play);
      for (uint64_t i = 0; arena_.finished.load(std::memory_order_acquire) != lane_; ++i) {
        if (i % kStepsPerYield == 0) std::this_thread::yield();  // to a victim without a CPU
        if (random_() % 4 == 0) {
          play(lane_);
        } else {
          Mutate();
          ++mutations;
        }
      }
    }
    arena_.stop.store(true, std::memory_order_release);
    return mutations;
  }

 private:
  static constexpr uint64_t kStepsPerYield = 256;

  // Mostly until the victim has come some way into the lane.
  template <class Play>
  void BehaveAtFirst(const Play& play) {
    if (random_() % 4 == 0) return;
    const uint64_t enough = random_() % (2 * kCapacity);
    for (int i = 0; i < 1000; ++i) {
      play(lane_);
      if (arena_.memory.words().reader.head.load(std::memory_order_relaxed) > enough) return;
      if (i % 4 == 0) std::this_thread::yield();
    }
  }

  void Begin() {
    Words& words = arena_.memory.words();
    words.writer.tail = 0;
    words.writer.waits = 0;
    words.writer.closed = 0;
    words.reader.head = 0;
    words.reader.sleeps = 0;
    arena_.lane.store(++lane_, std::memory_order_release);
  }

  // A value near the truth, or far from it in the ways that break arithmetic.
  uint64_t Twist(uint64_t value) {
    switch (random_() % 12) {
      case 0:
        return value + 8;
      case 1:
        return value - 8;
      case 2:
        return value + (uint64_t{1} << 32);
      case 3:
        return value - (uint64_t{1} << 32);
      case 4:
        return value ^ (uint64_t{1} << (random_() % 64));
      case 5:
        return value + kCapacity;
      case 6:
        return value + random_() % (2 * kCapacity) - kCapacity;
      case 7:
        return uint64_t{0} - random_() % 64;
      case 8:
        return random_() % 64;
      case 9:
        return random_();
      case 10:
        return value + kCapacity + 8;
      default:
        return value | 1;
    }
  }

  void Twist(std::atomic<uint64_t>& word) {
    const uint64_t before = word.load(std::memory_order_relaxed);
    word.store(Twist(before), std::memory_order_relaxed);
    if (random_() % 2 == 0) word.store(before, std::memory_order_relaxed);
  }

  void Mutate() {
    Words& words = arena_.memory.words();
    switch (random_() % 64) {
      case 0:
        return Twist(words.writer.tail);
      case 1:
        return Twist(words.reader.head);
      case 2:
        return Twist(words.reader.sleeps);
      case 3:
        return Twist(words.writer.waits);
      case 4:
        if (random_() % 64 == 0) words.writer.closed.store(1, std::memory_order_relaxed);
        return;
      default:
        break;
    }
    // Anywhere, or just where a reader is about to look.
    const uint64_t place =
        random_() % 2 == 0 ? random_() : words.reader.head.load(std::memory_order_relaxed) / 8;
    std::byte* const at = arena_.memory.data() + place % (kCapacity / 8) * 8;
    const uint64_t before = Load(at);
    switch (random_() % 8) {
      case 0:  // a gap
        Store(at, (random_() % 40 * 8) << 32);
        break;
      case 1:  // a record of some length
        Store(at, random_() % kCapacity << 32 | 0x4a);
        break;
      case 2:
        Store(at, random_());
        break;
      case 3:
        Store(at, 0);
        break;
      case 4:  // a length that shows and goes
        Store(at, uint64_t{0x7fffffff} << 32 | 0x4a);
        break;
      default:
        Store(at, Twist(before));
        break;
    }
    if (random_() % 4 != 0) Store(at, before);
  }

  Arena& arena_;
  std::mt19937_64 random_;
  uint64_t lane_ = 0;
};

// Waits for the next lane. False: there will be none.
bool AwaitLane(const Arena& arena, uint64_t lane) {
  while (arena.lane.load(std::memory_order_acquire) < lane) {
    if (arena.stop.load(std::memory_order_acquire)) return false;
    std::this_thread::yield();
  }
  return true;
}

// ---- The reader as the victim.

// Writes true records, though everything around it changes. It is hostile itself: it keeps to
// nothing but its own memory.
class TrueWriter {
 public:
  explicit TrueWriter(Arena& arena) : arena_(arena) {}
  void Play(uint64_t lane) {
    if (lane != lane_) {
      lane_ = lane;
      tail_ = 0;
    }
    const uint64_t head = arena_.memory.words().reader.head.load(std::memory_order_acquire);
    if (head > tail_) return;
    const uint32_t bytes = 48 + 8 * static_cast<uint32_t>(next_++ % 40);
    const uint64_t to_end = kCapacity - tail_ % kCapacity;
    const uint64_t needed = to_end < bytes ? to_end + bytes : bytes;
    if (tail_ + needed - head > kCapacity) return;
    if (to_end < bytes) {
      Store(arena_.memory.data() + tail_ % kCapacity, to_end << 32);
      tail_ += to_end;
    }
    std::byte* const at = arena_.memory.data() + tail_ % kCapacity;
    for (uint32_t i = 0; i < bytes / 8; ++i) Store(at + 8 * uint64_t{i}, TrueWord(bytes, i));
    tail_ += bytes;
    arena_.memory.words().writer.tail.store(tail_, std::memory_order_release);
  }

 private:
  Arena& arena_;
  uint64_t lane_ = 0, tail_ = 0, next_ = 0;
};

class VictimReader {
 public:
  VictimReader(Arena& arena, HostileReport& report) : arena_(arena), report_(report) {}

  void Run() {
    for (uint64_t lane = 1; AwaitLane(arena_, lane); ++lane) {
      ReadLane();
      ++report_.lanes;
      arena_.finished.store(lane, std::memory_order_release);
    }
  }

 private:
  void ReadLane() {
    Words& words = arena_.memory.words();
    LaneReader<> reader(words.reader, words.writer, arena_.memory.data(), kCapacity,
                        kFrameBytesMax);
    for (uint32_t records = 0; records < kRecordsPerLane;) {
      if (arena_.stop.load(std::memory_order_relaxed)) return;
      reader.Awake();
      reader.Release();
      std::byte* frame = nullptr;
      uint32_t bytes = 0;
      const LaneReader<>::Next next = reader.Take(&frame, &bytes);
      if (next == LaneReader<>::Next::kEmpty) {
        reader.MaySleep();
        std::this_thread::yield();
        continue;
      }
      if (next != LaneReader<>::Next::kFrame) return;
      CheckFrame(frame, bytes);
      ++records;
      ++report_.records;
    }
  }

  void CheckFrame(const std::byte* frame, uint32_t bytes) {
    const std::byte* const data = arena_.memory.data();
    if (frame < data || frame >= data + kCapacity || (frame - data) % 8 != 0) {
      report_.fault = "a record outside the data";
    } else if (bytes < kRecordBytesMin || bytes > kFrameBytesMax ||
               bytes > static_cast<uint64_t>(data + kCapacity - frame)) {
      report_.fault = "a record of an impossible length";
    }
    if (!report_.fault.empty()) return;
    for (uint32_t i = 0; i < (bytes + 7) / 8; ++i) copy_[i] = Load(frame + 8 * uint64_t{i});
    // From here on the attacker has no hand in it.
    bool untouched = bytes % 8 == 0 && copy_[0] == TrueWord(bytes, 0);
    for (uint32_t i = 1; untouched && i < bytes / 8; ++i)
      untouched = copy_[i] == TrueWord(bytes, i);
    ++(untouched ? report_.untouched : report_.changed);
  }

  Arena& arena_;
  HostileReport& report_;
  uint64_t copy_[kCapacity / 8];
};

// ---- The writer as the victim.

class TrueReader {
 public:
  explicit TrueReader(Arena& arena) : arena_(arena) {}
  void Play(uint64_t) {
    Words& words = arena_.memory.words();
    words.reader.head.store(words.writer.tail.load(std::memory_order_acquire),
                            std::memory_order_release);
  }

 private:
  Arena& arena_;
};

class VictimWriter {
 public:
  VictimWriter(Arena& arena, HostileReport& report) : arena_(arena), report_(report) {}

  void Run() {
    for (uint64_t lane = 1; AwaitLane(arena_, lane); ++lane) {
      WriteLane();
      ++report_.lanes;
      arena_.finished.store(lane, std::memory_order_release);
    }
  }

 private:
  void WriteLane() {
    Words& words = arena_.memory.words();
    std::byte* const data = arena_.memory.data();
    LaneWriter<> writer(words.writer, words.reader, data, kCapacity);
    for (uint32_t records = 0; records < kRecordsPerLane;) {
      if (arena_.stop.load(std::memory_order_relaxed)) return;
      writer.Awake();
      writer.Publish();
      const uint32_t bytes = 48 + 8 * (next_ % 250);
      const uint32_t room = writer.Room(bytes);
      if (writer.corrupt()) return;
      std::byte* const at = writer.at();
      if (at < data || at >= data + kCapacity || room > data + kCapacity - at) {
        report_.fault = "room outside the data";
        return;
      }
      if (room < bytes) {
        writer.MayWait(bytes);
        std::this_thread::yield();
        continue;
      }
      for (uint32_t i = 0; i < bytes / 8; ++i) Store(at + 8 * uint64_t{i}, TrueWord(bytes, i));
      writer.Append(at, bytes);
      ++next_;
      ++records;
      ++report_.records;
    }
    writer.Close();
  }

  Arena& arena_;
  HostileReport& report_;
  uint32_t next_ = 0;
};

template <class Victim, class Honest>
HostileReport Attack(uint64_t mutations, uint64_t seed) {
  HostileReport report;
  const auto arena = std::make_unique<Arena>();
  const auto victim = std::make_unique<Victim>(*arena, report);
  std::thread thread([&] { victim->Run(); });
  Honest honest(*arena);
  const uint64_t done =
      Attacker(*arena, seed).Run(mutations, [&](uint64_t lane) { honest.Play(lane); });
  thread.join();
  report.mutations = done;
  return report;
}

}  // namespace

HostileReport AttackReader(uint64_t mutations, uint64_t seed) {
  return Attack<VictimReader, TrueWriter>(mutations, seed);
}

HostileReport AttackWriter(uint64_t mutations, uint64_t seed) {
  return Attack<VictimWriter, TrueReader>(mutations, seed);
}

}  // namespace jackfield::ring_model
