#include "tools/verbs/schema.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernel/base/fnv.h"
#include "kernel/base/text.h"
#include "services/reflection/compare.h"
#include "tools/message/schema_file.h"
#include "tools/verbs/reach.h"
#include "tools/verbs/running_wiring.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {
    {'o', "output", "FILE", "export: write it there, not to stdout"},
    {'i', "interface", "INTERFACE", "export: of this one; needed where there are several schemas"},
    {'t', "text", "", "export: as .fbs text, of all its interfaces"},
    kTimeoutFlag,
    kWiringFlag};
constexpr std::string_view kSchemaInterface = "jackfield.sys.Schema";  // which every service has

// The interfaces of a file or a service, each with the schema that it is in.
struct Side {
  std::map<std::string, std::string, std::less<>> schemas;  // .bfbs, by interface; checked
  std::string types;  // the schema of a file without interfaces; ""
};

struct Read {
  Side side;
  int exit_status = kExitOk;  // else it was said why
};

bool IsFile(std::string_view word) {
  return word.ends_with(".fbs") || word.ends_with(".bfbs") ||
         (word.find('/') != word.npos && word.find(':') == word.npos);
}

Read SideOfFile(const std::string& path) {
  const auto refuse = [](const absl::Status& status) {
    return Read{{}, Complain(kExitUsage, Text("schema: ", std::string(status.message())))};
  };
  absl::StatusOr<std::string> bytes = message::ReadSchemaFile(path);
  if (!bytes.ok()) return refuse(bytes.status());
  const uint64_t hash = Fnv1a64(*bytes);
  const auto schema = message::SchemaOf(*bytes, hash);
  if (!schema.ok()) {
    return refuse(absl::InvalidArgumentError(
        Text("the schema ", Escaped(path), " ", std::string(schema.status().message()))));
  }
  Read read;
  for (const Interface& interface : (*schema)->interfaces())
    read.side.schemas.emplace(interface.name, (*schema)->bytes());
  if (read.side.schemas.empty()) read.side.types = *std::move(bytes);
  return read;
}

Read SideOf(const Program& program, const Arguments& arguments, const std::string& word) {
  if (IsFile(word)) return SideOfFile(word);
  Reached reached = ReachTarget(program, arguments, word);
  if (reached.remote == nullptr) return {{}, reached.exit_status};
  Read read;
  for (const auto& listed : reached.remote->interfaces()) {
    if (listed.name == kSchemaInterface) continue;
    const absl::StatusOr<message::Schema*> schema = reached.remote->Get(listed.name);
    if (!schema.ok()) return {{}, ComplainOfRemote(*reached.remote, schema.status())};
    read.side.schemas.emplace(listed.name, (*schema)->bytes());
  }
  return read;
}

std::vector<std::string> ChangesOf(const Side& older, const Side& newer) {
  if (!older.types.empty()) {
    const std::string& now = newer.schemas.empty() ? newer.types : newer.schemas.begin()->second;
    if (now.empty()) return {"all of it: is gone; there is neither a type nor an interface"};
    return evolution::IncompatibleTypes(*reflection::GetSchema(older.types.data()),
                                        *reflection::GetSchema(now.data()));
  }
  std::vector<std::string> changes;
  for (const auto& [interface, schema] : older.schemas) {
    const auto now = newer.schemas.find(interface);
    if (now == newer.schemas.end()) {
      changes.push_back(interface + ": is gone");
      continue;
    }
    for (std::string& change :
         evolution::IncompatibleChanges(*reflection::GetSchema(schema.data()),
                                        *reflection::GetSchema(now->second.data()), interface)) {
      if (std::find(changes.begin(), changes.end(), change) == changes.end())
        changes.push_back(std::move(change));
    }
  }
  return changes;
}

int RunCheck(const Program& program, const Arguments& arguments) {
  if (arguments.operands.size() != 3) {
    return Complain(kExitUsage,
                    "schema check: name two, the old one and the new one\n  try: jackfield schema "
                    "check kv.fbs unix:@kv");
  }
  for (const std::string_view flag : {"output", "interface", "text"}) {
    if (arguments.Has(flag))
      return Complain(kExitUsage, Text("schema check: --", flag, " is for export"));
  }
  const Read older = SideOf(program, arguments, arguments.operands[1]);
  if (older.exit_status != kExitOk) return older.exit_status;
  const Read newer = SideOf(program, arguments, arguments.operands[2]);
  if (newer.exit_status != kExitOk) return newer.exit_status;
  const std::vector<std::string> changes = ChangesOf(older.side, newer.side);
  for (const std::string& change : changes) std::printf("%s\n", Escaped(change).c_str());
  if (changes.empty()) {
    if (!arguments.Has("quiet")) std::printf("compatible\n");
    return kExitOk;
  }
  std::fflush(stdout);
  return Complain(kExitFailed, Text(changes.size() == 1 ? std::string("one change is")
                                                        : Text(changes.size(), " changes are"),
                                    " not compatible"));
}

int Put(const Arguments& arguments, std::string_view bytes) {
  const auto path = arguments.Find("output");
  if (!path) {
    std::fwrite(bytes.data(), 1, bytes.size(), stdout);
    return kExitOk;
  }
  std::FILE* file = std::fopen(std::string(*path).c_str(), "we");
  bool written = file != nullptr;
  if (written) written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  int error = errno;
  if (file != nullptr && std::fclose(file) != 0) {
    written = false;
    error = errno;
  }
  if (written) return kExitOk;
  return Complain(kExitFailed,
                  Text("schema export: cannot write ", Escaped(*path), ": ", std::strerror(error)));
}

int PutText(const Arguments& arguments, dynamic::Remote& remote,
            const std::vector<std::string>& interfaces) {
  std::string text;
  for (const std::string& name : interfaces) {
    const absl::StatusOr<message::Schema*> schema = remote.Get(name);
    if (!schema.ok()) return ComplainOfRemote(remote, schema.status());
    const Interface* interface = (*schema)->FindInterface(name);
    if (interface == nullptr)
      return Complain(kExitFailed, Text("the schema of ", Escaped(name), " does not have it"));
    const absl::StatusOr<std::string> fbs = (*schema)->TextOf(*interface, nullptr);
    if (!fbs.ok()) {
      return Complain(kExitFailed,
                      Text("the schema of ", name, " ", std::string(fbs.status().message())));
    }
    text += Text(text.empty() ? "" : "\n", *fbs);
  }
  return Put(arguments, text);
}

int PutBinary(const Arguments& arguments, dynamic::Remote& remote,
              const std::vector<std::string>& interfaces) {
  std::string bytes;
  for (const std::string& name : interfaces) {
    const absl::StatusOr<message::Schema*> schema = remote.Get(name);
    if (!schema.ok()) return ComplainOfRemote(remote, schema.status());
    if (!bytes.empty() && bytes != (*schema)->bytes()) {
      const std::vector<std::string_view> names(interfaces.begin(), interfaces.end());
      return Complain(kExitUsage,
                      Text("schema export: ", Escaped(remote.process()),
                           " has several schemas; say which: --interface ", Escaped(name), ", of ",
                           Escaped(Listed(names)), ", or all as --text"));
    }
    bytes = (*schema)->bytes();
  }
  return Put(arguments, bytes);
}

int RunExport(const Program& program, const Arguments& arguments) {
  if (arguments.operands.size() != 2) {
    return Complain(kExitUsage,
                    "schema export: of which service?\n  try: jackfield schema export unix:@kv -o "
                    "kv.bfbs");
  }
  const bool text = arguments.Has("text");
  if (!text && !arguments.Has("output") && isatty(STDOUT_FILENO) == 1) {
    return Complain(kExitUsage,
                    "schema export: a binary schema is nothing for a terminal\n  try: -o FILE, or "
                    "--text");
  }
  Reached reached = ReachTarget(program, arguments, arguments.operands[1]);
  if (reached.remote == nullptr) return reached.exit_status;
  dynamic::Remote& remote = *reached.remote;
  std::vector<std::string> interfaces;
  if (const auto wanted = arguments.Find("interface")) {
    const auto listed = remote.FindListed(*wanted);
    if (!listed.ok()) return ComplainOfRemote(remote, listed.status());
    interfaces.push_back((*listed)->name);
  }
  for (const auto& listed : remote.interfaces()) {
    if (!arguments.Has("interface") && listed.name != kSchemaInterface)
      interfaces.push_back(listed.name);
  }
  if (interfaces.empty()) {
    return Complain(kExitFailed,
                    Text("schema export: ", Escaped(remote.process()), " serves no interface"));
  }
  return text ? PutText(arguments, remote, interfaces) : PutBinary(arguments, remote, interfaces);
}

int RunSchema(const Program& program, const Arguments& arguments) {
  const std::string& what = arguments.operands[0];
  if (what == "export") return RunExport(program, arguments);
  if (what == "check") return RunCheck(program, arguments);
  constexpr std::string_view kWhat[] = {"export", "check"};
  return Complain(kExitUsage, Text("schema: \"", Escaped(what), "\" is neither export nor check",
                                   DidYouMean(what, kWhat), "\n  try: jackfield schema --help"));
}

}  // namespace

Verb SchemaVerb() {
  return {.name = "schema",
          .summary = "export the schema of a running service; check whether two are compatible",
          .usage = "export TARGET | check OLD NEW",
          .description =
              "TARGET: an address, such as unix:@kv, or a service of a running wiring. export "
              "writes its .bfbs,\n"
              "of which flatc makes code, or with --text what `describe` prints.\n"
              "OLD, NEW: a .fbs or .bfbs file, or a TARGET. check names each change that the other "
              "side would\n"
              "misread, with both sides' words. Good are new fields at the end or with an id, new "
              "methods, new\n"
              "values, and fields that are marked (deprecated).\n"
              "\n"
              "exit status: 0 done, or compatible; 1 not compatible, or it failed; 2 the command "
              "or a schema\n"
              "is wrong; 3 nobody is reached there\n",
          .flags = kFlags,
          .operands_min = 1,
          .operands_max = 3,
          .run = RunSchema};
}

}  // namespace jackfield
