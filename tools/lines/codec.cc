#include "tools/lines/codec.h"

#include <algorithm>
#include <utility>

#include "kernel/base/fnv.h"
#include "kernel/base/text.h"
#include "services/lines/lines_service.h"
#include "services/stubs/message_fault.h"
#include "tools/message/schema.h"
#include "tools/message/schema_file.h"

namespace jackfield::lines {
namespace {

class PlainText final : public Codec {
 public:
  std::span<const Interface> interfaces() const override { return {&kLinesInterface, 1}; }

  absl::StatusOr<std::string> LineOf(const Method& method,
                                     std::span<const std::byte> request) override {
    if (!IsSound(method, Way::kRequest, request)) {
      return absl::InvalidArgumentError(Text(method.name, ": the request of ", request.size(),
                                             " bytes ", FaultOf(method, Way::kRequest, request)));
    }
    std::string line = flatbuffers::GetRoot<Line>(request.data())->text()->str();
    if (line.find('\n') == line.npos) return line;
    return absl::InvalidArgumentError(
        Text(method.name, ": the text is one line, and there is a line break in it"));
  }

  absl::StatusOr<std::string> AnswerOf(const Method&, std::string_view line) override {
    flatbuffers::FlatBufferBuilder fbb;
    fbb.Finish(CreateLine(fbb, fbb.CreateString(line.data(), line.size())));
    return std::string(reinterpret_cast<const char*>(fbb.GetBufferPointer()), fbb.GetSize());
  }
};

// "NOT_FOUND no such key", as the status that it names; OK: it names none.
absl::Status StatusIn(std::string_view text) {
  const std::string_view code = text.substr(0, text.find(' '));
  const std::string_view sentence = text.substr(std::min(code.size() + 1, text.size()));
  for (int i = 1; i <= static_cast<int>(absl::StatusCode::kUnauthenticated); ++i) {
    const auto known = static_cast<absl::StatusCode>(i);
    if (absl::StatusCodeToString(known) == code)
      return absl::Status(known, std::string(sentence.empty() ? code : sentence));
  }
  return absl::OkStatus();
}

class Json final : public Codec {
 public:
  Json(std::unique_ptr<message::Schema> schema, std::string bytes, uint64_t hash)
      : schema_(std::move(schema)), bytes_(std::move(bytes)) {
    for (const Interface& interface : schema_->interfaces()) {
      methods_ += interface.methods.size();
      Interface& served = interfaces_.emplace_back(interface);
      served.schema = bytes_;
      served.schema_hash = hash;
    }
  }

  std::span<const Interface> interfaces() const override { return interfaces_; }

  absl::StatusOr<std::string> LineOf(const Method& method,
                                     std::span<const std::byte> request) override {
    absl::StatusOr<message::Schema::Json> json =
        schema_->ToJson(method, Way::kRequest, request, message::Layout::kLine);
    if (!json.ok()) return absl::InvalidArgumentError(json.status().message());
    if (!json->is_utf8)
      return absl::InvalidArgumentError(Text(method.name, ": a text in the request is no UTF-8"));
    if (methods_ == 1) return std::move(json->text);
    return Text("{\"method\":\"", method.name, "\",\"request\":", json->text, "}");
  }

  absl::StatusOr<std::string> AnswerOf(const Method& method, std::string_view line) override {
    if (line.starts_with('!')) {
      absl::Status chosen = StatusIn(line.substr(1));
      if (!chosen.ok()) return chosen;
      return absl::InternalError(Text(method.name, ": the program wrote \"", Beginning(line),
                                      "\", which names no status, such as !NOT_FOUND"));
    }
    absl::StatusOr<std::string> bytes = schema_->ToBytes(method, Way::kReply, line);
    if (bytes.ok()) return bytes;
    return absl::InternalError(Text(method.name, ": the program's line is no ",
                                    schema_->CallOf(method).response()->name()->string_view(), ": ",
                                    Escaped(std::string(bytes.status().message())),
                                    "; it begins with \"", Beginning(line), "\""));
  }

 private:
  const std::unique_ptr<message::Schema> schema_;
  const std::string bytes_;
  std::vector<Interface> interfaces_;
  size_t methods_ = 0;
};

}  // namespace

std::unique_ptr<Codec> TextCodec() { return std::make_unique<PlainText>(); }

absl::StatusOr<std::unique_ptr<Codec>> JsonCodec(std::string bytes) {
  const uint64_t hash = Fnv1a64(bytes);
  absl::StatusOr<std::unique_ptr<message::Schema>> schema = message::SchemaOf(bytes, hash);
  if (!schema.ok()) return schema.status();
  size_t methods = 0;
  for (const Interface& interface : (*schema)->interfaces()) {
    for (const Method& method : interface.methods) {
      ++methods;
      if (method.kind == Method::Kind::kCall || method.kind == Method::Kind::kOneWay) continue;
      return absl::InvalidArgumentError(
          Text("has the stream ", method.name, ", and a line has one line for an answer"));
    }
  }
  if (methods == 0)
    return absl::InvalidArgumentError("has no methods to serve: no rpc_service with one");
  return std::make_unique<Json>(*std::move(schema), std::move(bytes), hash);
}

std::string Beginning(std::string_view line) {
  if (line.size() <= kBeginningBytesMax) return Escaped(line);
  size_t end = kBeginningBytesMax;
  while (end > 0 && (line[end] & 0xc0) == 0x80) --end;  // not inside a character
  return Escaped(line.substr(0, end)) + "…";
}

}  // namespace jackfield::lines
