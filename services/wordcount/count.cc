#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "services/wordcount/wordcount.h"
#include "services/wordcount/wordcount_service.h"
#include "services/wordcount/words.h"

namespace jackfield::wordcount {
namespace {

// Of one item of Top: below the verifier's limit of tables, and small enough for every medium.
constexpr size_t kEntriesPerItem = 500;
constexpr size_t kItemBytes = 32 << 10;

class Counter final : public CountService {
 public:
  Handling Add(ClientStreamOf<Words, AddDone> call) override {
    Tally text;
    while (std::optional<MessageOf<Words>> words = co_await call.Read()) {
      const auto* bytes = (*words)->text();
      text.Add({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
    }
    if (call.cancelled())
      co_return absl::CancelledError("the text did not end");  // so none of it counts
    text.EndText();
    total_.Merge(text);
    co_return call.Reply(
        [&](flatbuffers::FlatBufferBuilder& fbb) { return CreateAddDone(fbb, text.words()); });
  }

  Handling Top(ServerStreamOf<TopRequest, Counts> call) override {
    const std::vector<WordCount> sorted = total_.Sorted();
    size_t next = 0,
           at = 0;  // the entry, and the place in its word, that the next item begins with
    while (next < sorted.size()) {
      const size_t first = next, first_at = at;
      absl::Status written = co_await call.Write([&](flatbuffers::FlatBufferBuilder& fbb) {
        next = first, at = first_at;  // it may be built more than once
        std::vector<flatbuffers::Offset<WordCounted>> entries;
        for (size_t bytes = 0;
             next < sorted.size() && entries.size() < kEntriesPerItem && bytes < kItemBytes;) {
          const WordCount& entry = sorted[next];
          const std::string_view part = std::string_view(entry.word).substr(at, kItemBytes - bytes);
          const bool goes_on = at + part.size() < entry.word.size();
          entries.push_back(CreateWordCounted(fbb, fbb.CreateString(part.data(), part.size()),
                                              entry.count, goes_on));
          bytes += part.size();
          at = goes_on ? at + part.size() : 0;
          next += goes_on ? 0 : 1;
        }
        return CreateCounts(fbb, fbb.CreateVector(entries));
      });
      if (!written.ok()) co_return written;
    }
    co_return absl::OkStatus();
  }

 private:
  Tally total_;
};

}  // namespace

absl::Status RunCount(Service& service) {
  Counter counter;
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve();
  if (!port.ok()) return port.status();
  counter.RegisterOn(**port);
  return service.Run();
}

}  // namespace jackfield::wordcount
