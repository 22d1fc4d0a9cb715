#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/cli/arguments.h"
#include "tools/wiring/findings.h"
#include "tools/wiring/loads.h"
#include "tools/wiring/service_table.h"
#include "tools/wiring/wiring.h"

namespace jackfield {
namespace {

constexpr std::string_view kTopKeys[] = {"jackfield", "name", "over", "logs", "service", "load"};
constexpr std::string_view kLogKeys[] = {"size", "files"};

void ConvertServices(const Entry& entry, Wiring& wiring, Findings& findings) {
  const toml::table* table = entry.value->as_table();
  if (table == nullptr)
    return findings.Wrong(entry.place, "service is a table of services: [service.NAME]");
  if (table->size() > kServicesMax)
    return findings.Wrong(entry.place,
                          Text(table->size(), " services; a wiring has at most ", kServicesMax));
  size_t instances = 0;
  for (const Entry& line : EntriesOf(*table)) {
    std::optional<ServiceEntry> service = ReadService(line, findings);
    if (!service) continue;
    instances += service->instances;
    wiring.services.push_back(*std::move(service));
  }
  if (instances > kServicesMax)
    findings.Wrong(entry.place,
                   Text(instances, " services, each instance counted; a wiring has at ", "most ",
                        kServicesMax));
}

void ConvertLogs(const Entry& entry, LogLimits& logs, Findings& findings) {
  const toml::table* table = entry.value->as_table();
  if (table == nullptr)
    return findings.Wrong(PlaceOf(*entry.value), "logs is { size = \"8MiB\", files = 4 }");
  for (const Entry& line : EntriesOf(*table)) {
    if (line.key == "size") {
      const auto* text = line.value->as_string();
      const absl::StatusOr<uint64_t> bytes = ParseBytes(text == nullptr ? "?" : text->get());
      if (bytes.ok() && *bytes >= kLogFileBytesLeast && *bytes <= kLogFileBytesMost)
        logs.file_bytes = *bytes;
      else
        findings.Wrong(
            PlaceOf(*line.value),
            Text("size is that of one file of a service's log, such as \"8MiB\"; from ",
                 FormatBytes(kLogFileBytesLeast), " to ", FormatBytes(kLogFileBytesMost)));
    } else if (line.key == "files") {
      const auto number = line.value->value<int64_t>();
      if (number && *number >= 1 && *number <= int64_t{kLogFilesMost})
        logs.files = static_cast<uint32_t>(*number);
      else
        findings.Wrong(PlaceOf(*line.value),
                       Text("files is how many of a service's log are kept, a number from 1 to ",
                            kLogFilesMost));
    } else {
      findings.WrongKey(line, kLogKeys, " in logs");
    }
  }
}

absl::StatusOr<Wiring> Convert(std::string_view file, const toml::table& root) {
  Wiring wiring;
  wiring.file = file;
  Findings findings(file);
  if (!root.contains("jackfield"))
    findings.Wrong({1, 1}, "the first line should be: jackfield = 1   (the format of this file)");
  for (const Entry& entry : EntriesOf(root)) {
    if (entry.key == "jackfield") {
      if (entry.value->value<int64_t>() != 1)
        findings.Wrong(PlaceOf(*entry.value),
                       "this program reads wiring files of format 1: jackfield = 1");
    } else if (entry.key == "name") {
      wiring.name = findings.TextOf(*entry.value, "name");
    } else if (entry.key == "over") {
      wiring.over = findings.TextOf(*entry.value, "over");
      wiring.over_place = PlaceOf(*entry.value);
    } else if (entry.key == "logs") {
      ConvertLogs(entry, wiring.logs, findings);
    } else if (entry.key == "service") {
      ConvertServices(entry, wiring, findings);
    } else if (entry.key == "load") {
      ReadLoads(entry, findings);  // only to say what is wrong: `jackfield load` reads them
    } else {
      findings.WrongKey(entry, kTopKeys, "");
    }
  }
  if (wiring.services.empty() && findings.none())
    findings.Wrong({1, 1}, "no services; a service is a table: [service.NAME] with a line run = …");
  if (!findings.none()) return absl::InvalidArgumentError(findings.text());
  return wiring;
}

std::string_view KindOf(mode_t mode) {
  return S_ISDIR(mode)    ? "directory"
         : S_ISFIFO(mode) ? "FIFO"
         : S_ISSOCK(mode) ? "socket"
                          : "device";
}

std::vector<std::string_view> KeysOf(const toml::table& table) {
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : table) keys.push_back(key.str());
  return keys;
}

// calls = ["kv"] becomes calls = { kv = … }, so that --set …calls.kv=… finds it.
void NameEntries(toml::node*& node, toml::table& parent, std::string_view key) {
  toml::table named;
  for (const toml::node& entry : *node->as_array()) {
    if (const auto* text = entry.as_string()) named.insert(text->get(), toml::table{});
  }
  parent.insert_or_assign(key, std::move(named));
  node = parent.get(key);
}

bool IsTopKey(std::string_view key) {
  return std::find(std::begin(kTopKeys), std::end(kTopKeys), key) != std::end(kTopKeys);
}

// What a path of --set may begin with.
std::vector<std::string_view> ServicesAndTopKeys(const toml::table& root) {
  std::vector<std::string_view> names;
  if (const toml::table* services = root["service"].as_table()) names = KeysOf(*services);
  names.insert(names.end(), std::begin(kTopKeys), std::end(kTopKeys));
  return names;
}

// `path` may begin with the name of a service, and means service.NAME then.
std::string WholePath(const toml::table& root, std::string_view path) {
  const std::string_view first = path.substr(0, path.find('.'));
  const toml::table* services = root["service"].as_table();
  const bool is_service = !IsTopKey(first) && first.size() < path.size() && services != nullptr &&
                          services->contains(first);
  return is_service ? Text("service.", path) : std::string(path);
}

absl::Status Set(toml::table& root, const std::string& set) {
  const auto bad = [&set](std::string_view why) {
    return absl::FailedPreconditionError(Text("--set ", Escaped(set), ": ", why));
  };
  const size_t equals = set.find('=');
  if (equals == 0 || equals == std::string::npos)
    return bad("write --set KEY=VALUE, such as --set service.orders.calls.kv=unix:");
  const std::string whole = WholePath(root, std::string_view(set).substr(0, equals));
  const std::string_view path = whole;
  const std::string value = set.substr(equals + 1);
  toml::table* table = &root;
  size_t begin = 0;
  for (size_t dot; (dot = path.find('.', begin)) != std::string_view::npos; begin = dot + 1) {
    const std::string_view key = path.substr(begin, dot - begin);
    toml::node* node = table->get(key);
    if (node != nullptr && node->is_array()) NameEntries(node, *table, key);
    if (node == nullptr && key == "calls")
      node = &table->insert_or_assign(key, toml::table{}).first->second;
    if (begin == 0 && !IsTopKey(key))
      return bad(Text("there is no service \"", Escaped(key), "\"",
                      DidYouMean(key, ServicesAndTopKeys(root))));
    if (node == nullptr || !node->is_table()) {
      return bad(Text("there is no ", begin == 0 ? "table " : Text(path.substr(0, begin - 1), " "),
                      "\"", Escaped(key), "\"", DidYouMean(key, KeysOf(*table))));
    }
    table = node->as_table();
  }
  const std::string_view last = path.substr(begin);
  if (last.empty()) return bad("a key is empty");
  // A role that has a table of its own keeps the service that it names.
  if (toml::node* role = table->get(last);
      role != nullptr && role->is_table() && path.find(".calls.") != std::string_view::npos) {
    table = role->as_table();
    table->insert_or_assign(table->contains("at") ? "at" : "over", value);
    return absl::OkStatus();
  }
  toml::parse_result parsed = toml::parse(Text("value = ", value));
  if (parsed && parsed.table().contains("value") && parsed.table().size() == 1 &&
      value.find('\n') == std::string::npos) {
    toml::node& node = *parsed.table().get("value");
    // Copied, not moved: a copy has no place in a file, which is the truth about it.
    node.visit([&](const auto& concrete) { table->insert_or_assign(last, concrete); });
  } else {
    table->insert_or_assign(last, value);
  }
  return absl::OkStatus();
}

}  // namespace

bool IsSavedFile(std::string_view file) {
  for (const std::string_view name : {"/dev/stdin", "/dev/fd/", "/proc/self/fd/"}) {
    if (file.substr(0, name.size()) == name) return false;
  }
  return true;
}

std::string Prefix(std::string_view file, Place place) {
  if (place.line == 0) return Text(file, ", as changed by the command line: ");
  return Text(file, ":", place.line, ":", place.column, ": ");
}

absl::StatusOr<Wiring> ParseWiring(std::string_view file, std::string_view text,
                                   std::span<const std::string> sets) {
  toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) {
    return absl::InvalidArgumentError(
        Text(Prefix(file, PlaceOf(parsed.error().source().begin)), parsed.error().description()));
  }
  for (const std::string& set : sets) {
    if (absl::Status status = Set(parsed.table(), set); !status.ok()) return status;
  }
  return Convert(file, parsed.table());
}

absl::StatusOr<std::string> ReadWiringText(const std::string& file) {
  const auto cannot = [&file](int error) {
    const std::string text =
        Text("cannot read the wiring file ", Escaped(file), ": ", std::strerror(error));
    return error == ENOENT ? absl::NotFoundError(text) : absl::UnavailableError(text);
  };
  if (file.empty()) return absl::NotFoundError("the name of the wiring file is empty");
  const bool stream = !IsSavedFile(file);
  const OwnedFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | (stream ? 0 : O_NONBLOCK | O_NOCTTY)));
  if (!fd.ok()) return cannot(errno);
  struct stat is {};
  if (fstat(fd.get(), &is) != 0) return cannot(errno);
  if (!S_ISREG(is.st_mode) && !stream) {
    return absl::InvalidArgumentError(Text(
        Escaped(file), " is a ", KindOf(is.st_mode), ", and a wiring is a file",
        S_ISFIFO(is.st_mode) ? "; one that comes through a pipe is read from /dev/stdin" : ""));
  }
  std::string text;
  char part[16'384];
  ssize_t got = 0;
  while (text.size() <= kWiringBytesMax && (got = read(fd.get(), part, sizeof part)) > 0)
    text.append(part, static_cast<size_t>(got));
  if (got < 0) return cannot(errno);
  if (text.size() > kWiringBytesMax)
    return absl::InvalidArgumentError(Text(file, ": larger than 1 MiB; is it a wiring file?"));
  return text;
}

absl::StatusOr<Wiring> ReadWiring(const std::string& file, std::span<const std::string> sets) {
  const absl::StatusOr<std::string> text = ReadWiringText(file);
  if (!text.ok()) return text.status();
  return ParseWiring(file, *text, sets);
}

}  // namespace jackfield
