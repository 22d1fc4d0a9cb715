#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "services/wordcount/wordcount.h"
#include "services/wordcount/wordcount_service.h"
#include "services/wordcount/words.h"

namespace jackfield::wordcount {
namespace {

class Tokenizer final : public TokenizeService {
 public:
  explicit Tokenizer(Channel& count) : count_(count) {}

  Handling Split(ClientStreamOf<Piece, SplitDone> call) override {
    absl::StatusOr<WriteStream<Words, AddDone>> words = count_.Add();
    if (!words.ok()) co_return words.status();
    uint64_t bytes = 0;
    while (std::optional<MessageOf<Piece>> piece = co_await call.Read()) {
      const auto* text = (*piece)->bytes();
      bytes += text->size();
      absl::Status written = co_await words->Write([&](flatbuffers::FlatBufferBuilder& fbb) {
        const std::vector<uint8_t>& split =
            SplitInto(std::as_bytes(std::span(text->data(), text->size())));
        return CreateWords(fbb, fbb.CreateVector(split));
      });
      if (!written.ok()) co_return written;
    }
    if (call.cancelled())
      co_return absl::CancelledError("the text did not end");  // count forgets it too
    if (absl::Status ended = words->EndWrites(); !ended.ok()) co_return ended;
    absl::StatusOr<MessageOf<AddDone>> added = co_await words->Finish();
    if (!added.ok()) co_return added.status();
    co_return call.Reply([&](flatbuffers::FlatBufferBuilder& fbb) {
      return CreateSplitDone(fbb, bytes, (*added)->words());
    });
  }

 private:
  const std::vector<uint8_t>& SplitInto(std::span<const std::byte> text) {
    split_.resize(text.size() + 1);
    split_.resize(SplitWords(text, reinterpret_cast<char*>(split_.data())));
    return split_;
  }

  CountClient count_;
  std::vector<uint8_t> split_;  // used within one call of SplitInto's caller
};

}  // namespace

absl::Status RunTokenize(Service& service) {
  absl::StatusOr<std::unique_ptr<Channel>> count = service.Connect("count");
  if (!count.ok()) return count.status();
  if (absl::Status open = (*count)->WaitOpen(); !open.ok()) return open;
  Tokenizer tokenizer(**count);
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve();
  if (!port.ok()) return port.status();
  tokenizer.RegisterOn(**port);
  return service.Run();
}

}  // namespace jackfield::wordcount
