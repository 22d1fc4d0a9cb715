#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "services/wordcount/wordcount.h"
#include "services/wordcount/wordcount_service.h"
#include "services/wordcount/words.h"

namespace jackfield::wordcount {
namespace {

constexpr size_t kEntriesPerItem = 500;  // of Top: below the verifier's limit of tables

class Counter final : public CountService {
 public:
  Handling Add(ClientStreamOf<Words, AddDone> call) override {
    Tally text;
    while (std::optional<MessageOf<Words>> words = co_await call.Read()) {
      const auto* bytes = (*words)->text();
      text.Add({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
    }
    if (call.cancelled()) co_return absl::CancelledError("the text did not end");  // so none of it counts
    text.EndText();
    total_.Merge(text);
    co_return call.Reply([&](flatbuffers::FlatBufferBuilder& fbb) { return CreateAddDone(fbb, text.words()); });
  }

  Handling Top(ServerStreamOf<TopRequest, Counts> call) override {
    const std::vector<WordCount> sorted = total_.Sorted();
    for (size_t first = 0; first < sorted.size(); first += kEntriesPerItem) {
      const size_t count = std::min(kEntriesPerItem, sorted.size() - first);
      absl::Status written = co_await call.Write([&](flatbuffers::FlatBufferBuilder& fbb) {
        std::vector<flatbuffers::Offset<WordCounted>> entries;
        entries.reserve(count);
        for (size_t i = 0; i < count; ++i) {
          const WordCount& entry = sorted[first + i];
          entries.push_back(CreateWordCounted(fbb, fbb.CreateString(entry.word), entry.count));
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
