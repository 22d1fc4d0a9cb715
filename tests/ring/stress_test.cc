// Two threads, one mapping, one small lane: what ThreadSanitizer can see of it, and what a machine
// of many cores does with it. Records of every length, gaps, batches, sleeps on a semaphore;
// each byte is checked.
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <semaphore>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "transports/engine/ring/lane.h"

namespace jackfield {
namespace {

constexpr uint64_t kCapacity = 4096;
#ifdef __SANITIZE_THREAD__
constexpr uint32_t kRecords = 100'000;
#else
constexpr uint32_t kRecords = 300'000;
#endif

// Its rings stay until it is waited for.
class Bell {
 public:
  void Ring() {
    if (!rung_.exchange(true, std::memory_order_acq_rel)) semaphore_.release();
  }
  void Wait() {
    semaphore_.acquire();
    rung_.store(false, std::memory_order_release);
  }

 private:
  std::atomic<bool> rung_{false};
  std::counting_semaphore<> semaphore_{0};
};

struct Shared {
  LaneWriterWords<> writer_words;
  LaneReaderWords<> reader_words;
  alignas(8) std::byte data[kCapacity];
  Bell writer_bell, reader_bell;
};

// 48 … kCapacity / 2, from the number of the record.
uint32_t BytesOf(uint32_t number) {
  const uint32_t mixed = number * 2654435761u;
  return 48 + (mixed >> 8) % ((mixed & 15) == 0 ? kCapacity / 2 - 47 : 200);
}
uint32_t GapOf(uint32_t number, uint32_t bytes) {
  return number % 7 == 3 && bytes < 1000 ? 8 * (number % 5) : 0;
}

void Write(Shared& shared) {
  LaneWriter<> writer(shared.writer_words, shared.reader_words, shared.data, kCapacity);
  for (uint32_t number = 1; number <= kRecords; ++number) {
    const uint32_t bytes = BytesOf(number);
    const uint32_t filled = (bytes + 7) & ~7u;
    const uint32_t gap = GapOf(number, bytes);
    while (writer.Room(filled + gap) < filled + gap) {
      if (writer.Publish()) shared.reader_bell.Ring();
      if (writer.MayWait(filled + gap)) shared.writer_bell.Wait();
      writer.Awake();
    }
    ASSERT_FALSE(writer.corrupt());
    std::byte* const at = writer.at() + gap;
    std::memset(at, static_cast<int>(number & 0xff), bytes);
    const uint32_t start[2] = {number, bytes};
    std::memcpy(at, start, sizeof start);
    writer.Append(at, filled);
    if (number % 3 == 0 && writer.Publish()) shared.reader_bell.Ring();
    if (number % 1024 == 0) std::this_thread::yield();
  }
  writer.Close();
  shared.reader_bell.Ring();
}

void Read(Shared& shared) {
  LaneReader<> reader(shared.reader_words, shared.writer_words, shared.data, kCapacity,
                      kCapacity / 2);
  uint32_t number = 0;
  for (;;) {
    if (reader.Release()) shared.writer_bell.Ring();
    std::byte* frame = nullptr;
    uint32_t bytes = 0;
    switch (reader.Take(&frame, &bytes)) {
      case LaneReader<>::Next::kFrame: {
        uint32_t start[2];
        std::memcpy(start, frame, sizeof start);
        ASSERT_EQ(start[0], ++number);
        ASSERT_EQ(bytes, BytesOf(number));
        for (uint32_t i = 8; i < bytes; ++i) {
          ASSERT_EQ(static_cast<uint8_t>(frame[i]), number & 0xff) << "record " << number;
        }
        continue;
      }
      case LaneReader<>::Next::kEmpty:
        if (reader.Release()) shared.writer_bell.Ring();
        if (reader.MaySleep()) shared.reader_bell.Wait();
        reader.Awake();
        continue;
      case LaneReader<>::Next::kEnd:
        ASSERT_EQ(number, kRecords);
        return;
      case LaneReader<>::Next::kCorrupt:
        FAIL() << "after record " << number;
    }
  }
}

TEST(LaneOfTwoThreads, BringsEveryRecordOnceInOrderAndWhole) {
  const auto shared = std::make_unique<Shared>();
  std::thread writer([&] { Write(*shared); });
  Read(*shared);
  // A reader that failed leaves its writer waiting: it is let go at its next look.
  if (testing::Test::HasFailure()) std::_Exit(1);
  writer.join();
}

}  // namespace
}  // namespace jackfield
