// The schema that a service serves of itself, as a tool that has never seen the service uses it:
// which methods there are, and JSON for the bytes of their messages.
//
//   absl::StatusOr<std::unique_ptr<Schema>> schema = SchemaOf(bfbs, hash);
//   absl::StatusOr<const Method*> greet = FindMethod((*schema)->interfaces()[0], "Greet");
//   absl::StatusOr<std::string> bytes = (*schema)->ToBytes(**greet, Way::kRequest,
//   R"({"name":"A"})"); absl::StatusOr<std::string> json = (*schema)->ToJson(**greet, Way::kReply,
//   reply, Layout::kLine);
//
// Both come from a peer, and may be any bytes. So the schema is checked (checks.h) and written out
// as text (schema_text.h), of which FlatBuffers' parser makes one of its own; only that one is
// used, and it must say what the peer's does (same.h). A message is walked before it is printed
// (services/stubs/message_fault.h), and looked at for what the library cannot print (printable.h).
//
// JSON is as FlatBuffers reads and writes it; README.md names the traps.
//
// Thread: one at a time. Ownership: methods and interfaces are the schema's.
#ifndef JACKFIELD_TOOLS_MESSAGE_SCHEMA_H_
#define JACKFIELD_TOOLS_MESSAGE_SCHEMA_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "flatbuffers/idl.h"
#include "flatbuffers/reflection_generated.h"
#include "kernel/call/interface.h"
#include "services/stubs/message_fault.h"
#include "tools/message/printable.h"

namespace jackfield::message {

class Schema {
 public:
  Schema(const Schema&) = delete;

  // With the names, kinds and limits that the schema gives the methods; every one is `walked`.
  std::span<const Interface> interfaces() const { return interfaces_; }
  const Interface* FindInterface(std::string_view name) const;  // nullptr: there is none

  // One JSON object as a message. Errors: INVALID_ARGUMENT: it is none, or not of this type: "line
  // 1, column 11: required field is missing: name in Person".
  absl::StatusOr<std::string> ToBytes(const Method& method, Way way, std::string_view json);

  // A message that came, as JSON; no newline at its end. Text in it that is no UTF-8 is written as
  // \xNN, which is no JSON, though ToBytes takes it: `is_utf8` tells.
  struct Json {
    std::string text;
    bool is_utf8 = true;
  };
  // Errors: DATA_LOSS: it is not what the schema says, or cannot be printed, and why.
  absl::StatusOr<Json> ToJson(const Method& method, Way way, std::span<const std::byte> bytes,
                              Layout layout);

  // A request, or reply, with every field in it: what ToBytes takes. Of a table inside itself there
  // is no second one.
  absl::StatusOr<std::string> Example(const Method& method, Way way, Layout layout);

  // The interface, or one method of it, as .fbs text. Errors: INVALID_ARGUMENT (larger than a
  // limit).
  absl::StatusOr<std::string> TextOf(const Interface& interface, const Method* method) const;
  // As the peer has sent it, and checked: comments and all. It is the schema's.
  const std::string& bytes() const { return peers_; }
  // What the schema says of a method: its tables, comments and attributes.
  const reflection::RPCCall& CallOf(const Method& method) const;

 private:
  friend absl::StatusOr<std::unique_ptr<Schema>> SchemaOf(std::string bytes, uint64_t hash);
  Schema() = default;
  absl::Status Parse();
  void MarkDeprecated();
  absl::Status AddInterfaces(uint64_t hash);
  absl::Status SetRoot(const Method& method, Way way);
  const reflection::Schema& peers() const { return *reflection::GetSchema(peers_.data()); }

  std::string peers_;   // the peer's .bfbs, checked
  std::string parsed_;  // the parser's
  flatbuffers::Parser parser_;
  std::vector<std::string> names_;  // of the methods; reserved, so that they stay where they are
  std::vector<Method> methods_;     // of all interfaces; as well
  std::vector<Interface> interfaces_;
};

// `hash`: of the peer's schema, for people. Errors: INVALID_ARGUMENT: one sentence, to be read
// after "its schema ".
absl::StatusOr<std::unique_ptr<Schema>> SchemaOf(std::string bytes, uint64_t hash);

}  // namespace jackfield::message

#endif  // JACKFIELD_TOOLS_MESSAGE_SCHEMA_H_
