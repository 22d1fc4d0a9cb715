// Whatever lies in a ring's shared memory, its ends stay within the data, end, and find out.
//
// The input: u8 which end, then steps of the victim and of a hostile peer, one after the other:
// u8 what, u8 where, u64 value (fewer at the end are zeros). The data lie alone on the heap, so
// that AddressSanitizer sees each step outside.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "tests/fuzz/input.h"
#include "transports/engine/ring/lane.h"

namespace jackfield {
namespace {

constexpr uint64_t kCapacity = 512;
constexpr uint32_t kFrameBytesMax = kCapacity / 2;

void Require(bool rule) {
  if (!rule) std::abort();
}

class Fuzz {
 public:
  Fuzz(const uint8_t* input, size_t bytes) : input_(input, bytes) {}

  void Run() {
    if (input_.Byte() % 2 == 0) {
      ReadAll();
    } else {
      WriteAll();
    }
  }

 private:
  void Mutate() {
    const uint8_t where = input_.Byte();
    const uint64_t value = input_.Number();
    switch (where % 8) {
      case 0:
        writer_words_.tail = value;
        break;
      case 1:
        writer_words_.tail += value % (2 * kCapacity);
        break;
      case 2:
        writer_words_.waits = value;
        break;
      case 3:
        writer_words_.closed = static_cast<uint32_t>(value);
        break;
      case 4:
        reader_words_.head = value;
        break;
      case 5:
        reader_words_.sleeps = value;
        break;
      default:
        std::memcpy(data_.get() + value % (kCapacity / 8) * 8, &value, 8);
        break;
    }
  }

  // A true record at the tail that memory shows, so that the reader gets to what lies behind it.
  void WriteRecord() {
    const uint64_t at = writer_words_.tail % kCapacity & ~uint64_t{7};
    const uint32_t start[2] = {input_.Byte() % 4 == 0 ? 0u : 0x4au, input_.Byte() * 4u};
    std::memcpy(data_.get() + at, start, sizeof start);
    writer_words_.tail += (start[1] + 7) & ~7u;
  }

  void ReadAll() {
    LaneReader<> reader(reader_words_, writer_words_, data_.get(), kCapacity, kFrameBytesMax);
    while (!input_.empty()) {
      switch (input_.Byte() % 4) {
        case 0:
          Mutate();
          break;
        case 1:
          WriteRecord();
          break;
        case 2: {
          reader.Awake();
          reader.Release();
          break;
        }
        default: {
          std::byte* frame = nullptr;
          uint32_t bytes = 0;
          const LaneReader<>::Next next = reader.Take(&frame, &bytes);
          if (next == LaneReader<>::Next::kCorrupt) {
            Require(reader.Take(&frame, &bytes) == LaneReader<>::Next::kCorrupt);
            return;
          }
          if (next == LaneReader<>::Next::kEmpty) reader.MaySleep();
          if (next != LaneReader<>::Next::kFrame) break;
          Require(bytes >= kRecordBytesMin && bytes <= kFrameBytesMax);
          Require(frame >= data_.get() && frame + bytes <= data_.get() + kCapacity);
          for (uint32_t i = 0; i < bytes; ++i) sum_ = sum_ + static_cast<uint8_t>(frame[i]);
          break;
        }
      }
    }
  }

  void WriteAll() {
    LaneWriter<> writer(writer_words_, reader_words_, data_.get(), kCapacity);
    while (!input_.empty()) {
      switch (input_.Byte() % 4) {
        case 0:
          Mutate();
          break;
        case 1:
          writer.Awake();
          writer.Publish();
          break;
        case 2:  // a true reader
          reader_words_.head.store(writer_words_.tail);
          break;
        default: {
          const uint32_t wanted = 48 + 8 * (input_.Byte() % 27);
          const uint32_t room = writer.Room(wanted);
          if (writer.corrupt()) {
            Require(room == 0 && writer.Room(wanted) == 0);
            return;
          }
          Require(writer.at() >= data_.get() && writer.at() + room <= data_.get() + kCapacity);
          if (room < wanted) {
            writer.MayWait(wanted);
            break;
          }
          std::memset(writer.at(), 0x4a, wanted);
          writer.Append(writer.at(), wanted);
          break;
        }
      }
    }
    writer.Close();
  }

  Input input_;
  LaneWriterWords<> writer_words_;
  LaneReaderWords<> reader_words_;
  const std::unique_ptr<std::byte[]> data_ = std::make_unique<std::byte[]>(kCapacity);
  volatile uint8_t sum_ = 0;
};

}  // namespace
}  // namespace jackfield

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  jackfield::Fuzz(data, size).Run();
  return 0;
}
