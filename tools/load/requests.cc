#include "tools/load/requests.h"

#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/message/values.h"

namespace jackfield::load {
namespace {

constexpr size_t kQuotedBytes = 200;  // of JSON, in a sentence

class Pool {
 public:
  explicit Pool(const dynamic::Remote::Found& found) : found_(found) {}

  absl::Status Add(std::string_view json) {
    absl::StatusOr<std::string> message =
        found_.schema->ToBytes(*found_.method, Way::kRequest, json);
    if (!message.ok()) {
      return absl::InvalidArgumentError(Text(
          "request ", requests_.size() + 1, ", ", std::string(message.status().message()), ", in ",
          Escaped(json.substr(0, kQuotedBytes)), json.size() > kQuotedBytes ? "…" : ""));
    }
    bytes_ += message->size();
    if (bytes_ > kPoolBytesMax) {
      return absl::ResourceExhaustedError(Text("the requests take more than ",
                                               FormatBytes(kPoolBytesMax), " after ",
                                               requests_.size(), "; have fewer of them: --pool"));
    }
    requests_.push_back(*std::move(message));
    return absl::OkStatus();
  }
  std::vector<std::string> Take() { return std::move(requests_); }

 private:
  const dynamic::Remote::Found& found_;
  std::vector<std::string> requests_;
  uint64_t bytes_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> RequestsOfTemplate(const dynamic::Remote::Found& found,
                                                            Template& filled, uint64_t count) {
  Pool pool(found);
  for (uint64_t n = 0; n < (filled.has_holes() ? count : 1); ++n) {
    if (absl::Status status = pool.Add(filled.Fill(n)); !status.ok()) return status;
  }
  return pool.Take();
}

absl::StatusOr<std::vector<std::string>> RequestsOfText(const dynamic::Remote::Found& found,
                                                        std::string_view text) {
  const absl::StatusOr<std::vector<std::string_view>> values = message::CutValues(text);
  if (!values.ok()) return values.status();
  if (values->empty()) return absl::InvalidArgumentError("there is no request in it");
  if (values->size() > kPoolMax)
    return absl::InvalidArgumentError(Text("there are more than ", kPoolMax, " requests in it"));
  Pool pool(found);
  for (const std::string_view value : *values) {
    if (absl::Status status = pool.Add(value); !status.ok()) return status;
  }
  return pool.Take();
}

}  // namespace jackfield::load
