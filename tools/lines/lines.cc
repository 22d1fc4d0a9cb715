#include "tools/lines/lines.h"

#include <signal.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "kernel/base/text.h"
#include "services/schema/schema.h"
#include "tools/lines/child.h"
#include "tools/lines/codec.h"
#include "tools/lines/line_service.h"
#include "tools/message/schema_file.h"

namespace jackfield::lines {
namespace {

constexpr Flag kFlags[] = {kSchemaFlag, kAnnounceFlag};

absl::StatusOr<Arguments> ReadArgs(std::span<const std::string> args) {
  absl::StatusOr<Arguments> arguments = ParseArguments(args, kFlags, RestAllowed::kYes);
  if (!arguments.ok()) return arguments;
  if (arguments->operands.empty() && !arguments->rest.empty() && !arguments->rest[0].empty())
    return arguments;
  return absl::InvalidArgumentError(
      "which program? It stands behind --, as in: run = [\"lines\", \"--\", \"./upper.sh\"]");
}

absl::StatusOr<std::unique_ptr<Codec>> CodecOf(const Arguments& arguments) {
  const auto path = arguments.Find("schema");
  if (!path) return TextCodec();
  absl::StatusOr<std::string> bytes = message::ReadSchemaFile(std::string(*path));
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<std::unique_ptr<Codec>> codec = JsonCodec(*std::move(bytes));
  if (codec.ok()) return codec;
  return absl::InvalidArgumentError(
      Text("the schema ", Escaped(*path), " ", std::string(codec.status().message())));
}

void Announce(const Port& port, const Codec& codec) {
  const Method& first = codec.interfaces()[0].methods[0];
  for (const Address& address : port.addresses())
    std::fprintf(stderr, "# serves %s\n  try: jackfield call %s %s --template\n",
                 address.ToString().c_str(), address.ToString().c_str(),
                 std::string(first.short_name()).c_str());
}

}  // namespace

absl::Status CheckLines(std::span<const std::string> args) {
  const absl::StatusOr<Arguments> arguments = ReadArgs(args);
  if (!arguments.ok()) return arguments.status();
  if (absl::Status status = CodecOf(*arguments).status(); !status.ok()) return status;
  return FindProgram(arguments->rest[0]);
}

absl::Status RunLines(Service& service) {
  const absl::StatusOr<Arguments> arguments = ReadArgs(service.args());
  if (!arguments.ok()) return arguments.status();
  absl::StatusOr<std::unique_ptr<Codec>> codec = CodecOf(*arguments);
  if (!codec.ok()) return codec.status();
  signal(SIGPIPE, SIG_IGN);  // the program may be gone when it is written to
  LineService lines(service, **codec, arguments->rest);
  if (absl::Status started = lines.Start(); !started.ok()) return started;
  PortOptions options;
  options.handlers_max = 1;
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve(options);
  if (!port.ok()) return port.status();
  lines.RegisterOn(**port);
  ServeSchemas(**port);
  if (arguments->Has("announce")) Announce(**port, **codec);
  const absl::Status ran = service.Run();
  return lines.given_up().ok() ? ran : lines.given_up();
}

}  // namespace jackfield::lines
