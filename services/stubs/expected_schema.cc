#include "services/stubs/expected_schema.h"

#include <string>
#include <vector>

#include "kernel/base/text.h"
#include "services/reflection/checks.h"
#include "services/reflection/compare.h"

namespace jackfield {
namespace {

constexpr size_t kToldMax = 3;  // the first say what it is about

}  // namespace

void ExpectSchema(const Route& route, const Interface& interface) {
  route.channel().Speaks(interface, JudgeSchema);
}

absl::Status JudgeSchema(const Interface& interface, std::string_view theirs) {
  const std::string aligned(theirs);
  if (const absl::Status status = message::CheckSchema(aligned); !status.ok()) {
    return absl::FailedPreconditionError(
        Text("it serves ", interface.name, ", and its schema ", std::string(status.message())));
  }
  const std::vector<std::string> apart =
      evolution::Misunderstandings(*reflection::GetSchema(interface.schema.data()),
                                   *reflection::GetSchema(aligned.data()), interface.name);
  if (apart.empty()) return absl::OkStatus();
  std::string text =
      Text("the schemas of ", interface.name, " here and there do not go together: ");
  for (size_t i = 0; i < apart.size() && i < kToldMax; ++i) text += (i == 0 ? "" : "; ") + apart[i];
  if (apart.size() > kToldMax) text += Text("; and ", apart.size() - kToldMax, " more");
  return absl::FailedPreconditionError(text +
                                       " (build both from one schema, or change it as `jackfield "
                                       "schema check OLD NEW` allows)");
}

}  // namespace jackfield
