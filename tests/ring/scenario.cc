#include "tests/ring/scenario.h"

#include <bit>
#include <optional>

#include "tests/ring/exploring_atomics.h"
#include "transports/engine/ring/lane.h"

namespace jackfield::ring_model {
namespace {

using Writer = LaneWriter<ExploringAtomics>;
using Reader = LaneReader<ExploringAtomics>;

// The machine's numbers of the words, in the order of their making.
constexpr int kTail = 0, kClosed = 2, kHead = 3;

Weakening WeakeningOf(Mutant mutant) {
  switch (mutant) {
    case Mutant::kTailStoredRelaxed:
      return {kTail, true, -1};
    case Mutant::kTailLoadedRelaxed:
      return {kTail, false, -1};
    case Mutant::kHeadStoredRelaxed:
      return {kHead, true, -1};
    case Mutant::kHeadLoadedRelaxed:
      return {kHead, false, -1};
    case Mutant::kClosedStoredRelaxed:
      return {kClosed, true, -1};
    case Mutant::kClosedLoadedRelaxed:
      return {kClosed, false, -1};
    case Mutant::kNoFenceOfTheWriter:
      return {-1, false, kWriter};
    case Mutant::kNoFenceOfTheReader:
      return {-1, false, kReader};
    default:
      return {};
  }
}

// The word `index` of record `number`; the first holds its length, as a frame's does.
uint64_t WordOf(uint32_t number, uint32_t index, uint32_t bytes) {
  if (index == 0) return std::bit_cast<uint64_t>(RecordStart{number + 1, bytes});
  return uint64_t{number + 1} << 32 | index;
}

class Run {
 public:
  Run(const Scenario& scenario, Mutant mutant, const Bounds& bounds)
      : scenario_(scenario), mutant_(mutant), machine_(bounds, WeakeningOf(mutant)) {}

  Exploration All() {
    const Machine::Program program = {this, [](void* user) { static_cast<Run*>(user)->Setup(); },
                                      [](void* user, int party) {
                                        auto* self = static_cast<Run*>(user);
                                        party == kWriter ? self->Write() : self->Read();
                                      },
                                      [](void* user) { static_cast<Run*>(user)->Check(); }};
    const bool kept = machine_.ExploreAll(program);
    return {kept,
            machine_.executions(),
            machine_.steps(),
            machine_.kills(),
            machine_.exhausted(),
            machine_.failure()};
  }

 private:
  void Setup() {
    writer_words_.emplace();
    reader_words_.emplace();
    std::byte* const data = ExploringAtomics::addresses;
    writer_.emplace(*writer_words_, *reader_words_, data, scenario_.capacity);
    reader_.emplace(*reader_words_, *writer_words_, data, scenario_.capacity,
                    static_cast<uint32_t>(scenario_.capacity / 2));
    published_ = to_publish_ = taken_ = 0;
    tail_before_ = 0;
  }

  bool Is(Mutant mutant) const { return mutant_ == mutant; }
  uint32_t records() const { return static_cast<uint32_t>(scenario_.record_bytes.size()); }

  void Write() {
    for (uint32_t i = 0; i < records(); ++i) {
      const uint32_t bytes = scenario_.record_bytes[i];
      const uint32_t gap = i % 2 == 1 ? scenario_.gap_bytes : 0;
      if (!WaitForRoom(bytes + gap, i)) return;
      std::byte* const at = writer_->at() + gap;
      const bool early = Is(Mutant::kPublishedBeforeItIsWritten);
      if (early) {
        writer_->Append(at, bytes);
        Publish(i + 1);
      }
      for (uint32_t word = 0; word < bytes / 8; ++word) {
        machine_.StoreData(ExploringAtomics::IndexOf(at) + word, WordOf(i, word, bytes));
      }
      if (early) continue;
      writer_->Append(at, bytes);
      const bool last = i + 1 == records();
      if (last && Is(Mutant::kClosedBeforeTheLastIsPublished)) {
        writer_words_->closed.store(1, std::memory_order_release);
      }
      if (last && scenario_.close_publishes) break;
      if ((i + 1) % scenario_.batch_records == 0 || last) Publish(i + 1);
    }
    to_publish_ = records();
    writer_->Close();
    published_ = records();
    if (!Is(Mutant::kNotRungAfterClose)) machine_.Ring();
  }

  bool WaitForRoom(uint32_t wanted, uint32_t appended) {
    for (;;) {
      Publish(appended);
      const uint32_t room = writer_->Room(wanted);
      if (writer_->corrupt()) machine_.Fail("the writer finds its ring corrupt");
      if (room >= wanted) return true;
      if (machine_.PeerGone()) return false;
      if (writer_->MayWait(wanted) || Is(Mutant::kWriterWaitsWithoutALook)) machine_.Sleep();
      writer_->Awake();
    }
  }

  void Publish(uint32_t appended) {
    tail_before_ = machine_.Newest(kTail);
    to_publish_ = appended;
    const bool must_ring = writer_->Publish();
    published_ = appended;
    tail_before_ = machine_.Newest(kTail);
    if (must_ring && !Is(Mutant::kNotRungAfterPublish)) machine_.Ring();
    writer_->Room(0);  // as each pump of the driver asks: it may begin an empty ring anew
  }

  void Read() {
    bool gone = false;
    for (;;) {
      Release();
      uint32_t taken_now = 0;
      Reader::Next next = Reader::Next::kFrame;
      std::byte* frame = nullptr;
      uint32_t bytes = 0;
      while (next == Reader::Next::kFrame && taken_now < 2) {  // the room of the link's queue
        next = reader_->Take(&frame, &bytes);
        if (next != Reader::Next::kFrame) break;
        if (Is(Mutant::kReleasedBeforeItIsRead)) Release();
        CheckFrame(frame, bytes);
        ++taken_now;
      }
      if (next == Reader::Next::kCorrupt) machine_.Fail("the reader finds the ring corrupt");
      if (taken_now > 0) continue;
      if (next == Reader::Next::kEnd) return;
      if (!gone && machine_.PeerGone()) {
        if (Is(Mutant::kDeathEndsWithoutALastLook)) return;
        gone = true;
        reader_->WriterGone();
        continue;
      }
      if (!Is(Mutant::kSkippedGapIsNotReleased)) Release();
      Rest();
    }
  }

  void Release() {
    if (reader_->Release() && !Is(Mutant::kNotRungAfterRelease)) machine_.Ring();
  }

  void Rest() {
    bool may_sleep = false;
    if (Is(Mutant::kReaderLooksBeforeItSaysThatItSleeps)) {
      const uint64_t tail = writer_words_->tail.load(std::memory_order_acquire);
      may_sleep = tail == reader_words_->head.load(std::memory_order_relaxed) &&
                  writer_words_->closed.load(std::memory_order_acquire) == 0;
      if (may_sleep) reader_->MaySleep();
    } else {
      may_sleep = reader_->MaySleep() || Is(Mutant::kReaderSleepsWithoutALook);
    }
    if (may_sleep && !machine_.PeerGone()) machine_.Sleep();
    reader_->Awake();
  }

  void CheckFrame(const std::byte* frame, uint32_t bytes) {
    const uint32_t at = ExploringAtomics::IndexOf(frame);
    if (taken_ == records()) machine_.Fail("a record is taken that nobody wrote");
    if (bytes != scenario_.record_bytes[taken_]) machine_.Fail("a record has another's length");
    if (uint64_t{at} * 8 + bytes > scenario_.capacity) machine_.Fail("a record leaves the data");
    for (uint32_t word = 0; word < bytes / 8; ++word) {
      if (machine_.LoadData(at + word) != WordOf(taken_, word, bytes)) {
        machine_.Fail("a record has bytes that are not its own: torn, or out of turn");
      }
    }
    ++taken_;
  }

  // After the last step of an execution.
  void Check() {
    if (machine_.killed(kReader)) return;
    if (!machine_.killed(kWriter) && taken_ != records()) {
      return machine_.Fail("records were lost, though nobody died");
    }
    // Was it killed within Publish, after the store?
    if (machine_.Newest(kTail) != tail_before_) published_ = to_publish_;
    if (taken_ != published_) machine_.Fail("a published record was lost with its writer");
  }

  const Scenario& scenario_;
  const Mutant mutant_;
  Machine machine_;
  std::optional<LaneWriterWords<ExploringAtomics>> writer_words_;
  std::optional<LaneReaderWords<ExploringAtomics>> reader_words_;
  std::optional<Writer> writer_;
  std::optional<Reader> reader_;
  // Records: of the Publish under way, of those before, taken.
  uint32_t to_publish_ = 0, published_ = 0, taken_ = 0;
  uint64_t tail_before_ = 0;  // that Publish
};

}  // namespace

Exploration Explore(const Scenario& scenario, Mutant mutant, const Bounds& bounds) {
  return Run(scenario, mutant, bounds).All();
}

const std::vector<Scenario>& Scenarios() {
  static const std::vector<Scenario> scenarios = {
      {"two records", 128, {48, 64}},
      {"a full ring", 128, {64, 56, 64}},
      {"a batch with gaps", 256, {48, 56, 48, 64}, 2, 8},
      {"a gap at the end", 128, {56, 48, 64}},
      {"a ring begun anew", 256, {120, 128, 104, 128}},
      {"a last batch", 256, {48, 56}, 2, 0, true},
  };
  return scenarios;
}

std::string_view NameOf(Mutant mutant) {
  switch (mutant) {
    case Mutant::kNone:
      return "none: the code itself";
    case Mutant::kTailStoredRelaxed:
      return "the writer's position is stored relaxed";
    case Mutant::kTailLoadedRelaxed:
      return "the writer's position is loaded relaxed";
    case Mutant::kHeadStoredRelaxed:
      return "the reader's position is stored relaxed";
    case Mutant::kHeadLoadedRelaxed:
      return "the reader's position is loaded relaxed";
    case Mutant::kClosedStoredRelaxed:
      return "the end is stored relaxed";
    case Mutant::kClosedLoadedRelaxed:
      return "the end is loaded relaxed";
    case Mutant::kNoFenceOfTheWriter:
      return "the writer has no fences";
    case Mutant::kNoFenceOfTheReader:
      return "the reader has no fences";
    case Mutant::kReaderSleepsWithoutALook:
      return "the reader sleeps without a second look";
    case Mutant::kReaderLooksBeforeItSaysThatItSleeps:
      return "the reader looks before it says that it sleeps";
    case Mutant::kWriterWaitsWithoutALook:
      return "the writer waits for room without a second look";
    case Mutant::kPublishedBeforeItIsWritten:
      return "a record is published before it is written";
    case Mutant::kNotRungAfterPublish:
      return "the reader is not rung after a publish";
    case Mutant::kNotRungAfterRelease:
      return "the writer is not rung after a release";
    case Mutant::kNotRungAfterClose:
      return "the reader is not rung after a close";
    case Mutant::kReleasedBeforeItIsRead:
      return "a record is released before it is read";
    case Mutant::kClosedBeforeTheLastIsPublished:
      return "the lane is closed before its last record is published";
    case Mutant::kDeathEndsWithoutALastLook:
      return "a death ends the lane without a last look";
    case Mutant::kSkippedGapIsNotReleased:
      return "a gap that was skipped is not released before a sleep";
    case Mutant::kEnd:
      break;
  }
  return "";
}

}  // namespace jackfield::ring_model
