#include "tools/verbs/init_json.h"

#include <cstdio>
#include <memory>
#include <string>

#include "services/init/init_service.h"

namespace jackfield {

absl::Status PrintInitJson(std::string_view method, std::span<const std::byte> reply,
                           message::Layout layout) {
  const absl::StatusOr<std::unique_ptr<message::Schema>> schema =
      message::SchemaOf(std::string(init::kInitInterface.schema), init::kInitInterface.schema_hash);
  if (!schema.ok()) return schema.status();
  const absl::StatusOr<const Method*> found =
      FindMethod(*(*schema)->FindInterface(init::kInitInterface.name), method);
  if (!found.ok()) return found.status();
  const absl::StatusOr<message::Schema::Json> json =
      (*schema)->ToJson(**found, Way::kReply, reply, layout);
  if (!json.ok()) return json.status();
  std::printf("%s\n", json->text.c_str());
  std::fflush(stdout);
  if (!json->is_utf8)
    std::fputs("# some text is no UTF-8; its bytes are \\xNN above, which is no JSON\n", stderr);
  return absl::OkStatus();
}

}  // namespace jackfield
